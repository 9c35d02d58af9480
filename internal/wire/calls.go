package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/ringback-hq/ringback"
)

// TimeLayout is how the documents write an instant, in the time zone of the account (row C10).
const TimeLayout = "2006-01-02 15:04:05"

// A Record is a call with all that its document tells.
type Record struct {
	ringback.Call
	WidgetDescription string
	Attempt           *ringback.Attempt    // the last one; nil: none was made
	Manager           *ringback.Manager    // who answered in it, with the user; nil: nobody
	Department        *ringback.Department // that the visitor wanted; nil: any
	RecordingURL      string               // empty: there is none
	Message           *ringback.Message    // that the visitor wrote instead; nil: none
	Feedback          *ringback.Feedback   // nil: none
	Answers           []ringback.Answer
	Tags              []ringback.Tag
	Notes             []ringback.Note
}

// A Style says how an account's documents write instants and numbers.
type Style struct {
	Zone          *time.Location
	International func(ringback.Number) string
	National      func(ringback.Number) string // in version 1 (row C11)
}

// HistoryRow is one call in the history.
type HistoryRow = row[HistoryCall]

// SingleRow is one call that was asked for by its id.
type SingleRow = row[SingleCall]

type row[Call any] struct {
	Data CallRequest[Call] `json:"data"`
	ID   int64             `json:"id"`
}

// CallRequest is the document of a call.
type CallRequest[Call any] struct {
	ID                  int64             `json:"id"`
	To                  ringback.Number   `json:"to"`
	UTM                 Box[UTM]          `json:"utm"`
	Call                Box[Call]         `json:"call"`
	Tags                Crate[Tag]        `json:"tags"`
	Notes               Crate[Note]       `json:"notes"`
	Referer             Box[Referer]      `json:"referer"`
	Request             Box[Request]      `json:"request"`
	Feedback            Box[Feedback]     `json:"feedback"`
	Extension           Box[Extension]    `json:"extension"`
	CreatedAt           string            `json:"created_at"`
	CreatedAtISO        string            `json:"created_at_iso"` // ours (row C10)
	Department          Box[Department]   `json:"department"`
	LeadableID          int64             `json:"leadable_id"`
	Traceroutes         Crate[Page]       `json:"traceroutes"`
	CancelledAt         *string           `json:"cancelled_at"`
	HumanStatus         ringback.Status   `json:"human_status"`
	ScheduledAt         *string           `json:"scheduled_at"`
	ToFormatted         string            `json:"to_formatted"`
	LeadableType        string            `json:"leadable_type"`
	ScheduledSuccess    bool              `json:"scheduled_success"`
	CallRequestFields   Crate[FieldValue] `json:"call_request_fields"`
	LeadableDescription string            `json:"leadable_description"`
}

// HistoryCall is the last attempt at a call, in the history.
type HistoryCall struct {
	ID          int64             `json:"id"`
	Type        ringback.CallType `json:"type"`
	Rating      Box[Rating]       `json:"rating"`
	BillingTime int               `json:"billing_time"` // seconds, an int (row C23)
	CallAttempt Box[CallAttempt]  `json:"call_attempt"`
}

// SingleCall is the last attempt at a call that was asked for by its id: it tells more than the history (row C13).
type SingleCall struct {
	ID          int64             `json:"id"`
	SID         string            `json:"sid"`
	Type        ringback.CallType `json:"type"`
	Rating      Box[Rating]       `json:"rating"`
	Transcribed bool              `json:"transcribed"`
	BillingTime int               `json:"billing_time"`
	CallAttempt Box[CallAttempt]  `json:"call_attempt"`
	Recording   *string           `json:"recording"` // ours: where it can be fetched
}

// CallAttempt says who answered.
type CallAttempt struct {
	ID      int64        `json:"id"`
	Manager Box[Manager] `json:"manager"`
}

// Manager is a manager in the document of a call.
type Manager struct {
	ID   int64     `json:"id"`
	User Box[User] `json:"user"`
}

// User is a user in the document of a call.
type User struct {
	ID           int64           `json:"id"`
	Tel          ringback.Number `json:"tel"`
	Name         string          `json:"name"`
	Email        *string         `json:"email"`
	Avatar       *string         `json:"avatar"`
	CallerID     Box[CallerID]   `json:"caller_id"`
	TelFormatted string          `json:"tel_formatted"` // international here (row C11)
}

// CallerID says whether a user's number may be shown to visitors (row C12: version 3).
type CallerID struct {
	ID           int64           `json:"id"`
	Tel          ringback.Number `json:"tel"`
	ActivatedAt  *string         `json:"activated_at"`
	TelFormatted string          `json:"tel_formatted"`
}

// UTM says which campaign brought the visitor.
type UTM struct {
	Medium   *string `json:"utm_medium"`
	Source   *string `json:"utm_source"`
	Content  *string `json:"utm_content"`
	Campaign *string `json:"utm_campaign"`
}

// Referer says which site brought the visitor.
type Referer struct {
	Medium *string `json:"medium"`
	Source *string `json:"source"`
}

// Request says where the visitor was.
type Request struct {
	ID                  int64   `json:"id"`
	IP                  *string `json:"ip"`
	URL                 *string `json:"url"`
	Locale              *string `json:"locale"`
	GeoLoc              *string `json:"geo_loc"`
	GeoOrg              *string `json:"geo_org"`
	GeoCity             *string `json:"geo_city"`
	GeoFull             *string `json:"geo_full"`
	GeoPostal           *string `json:"geo_postal"`
	GeoRegion           *string `json:"geo_region"`
	GeoCountryCode      *string `json:"geo_country_code"`
	GeoCountryName      *string `json:"geo_country_name"`
	UserAgentDevice     *string `json:"user_agent_device"`
	GeoContinentCode    *string `json:"geo_continent_code"`
	GeoContinentName    *string `json:"geo_continent_name"`
	UserAgentDeviceType *string `json:"user_agent_device_type"`
}

// Page is a page that the visitor has seen.
type Page struct {
	URL   string  `json:"url"`
	Count int     `json:"count"`
	Title *string `json:"title"`
}

// Extension is what a visitor wrote instead of calling (row C16).
type Extension struct {
	Email   string `json:"email"`
	Message string `json:"message"`
}

// Feedback is what a visitor wrote after a call (row C15).
type Feedback struct {
	Email   *string `json:"email"`
	Message *string `json:"message"`
}

// Rating is how a visitor liked a call (row C15).
type Rating struct {
	Rate   int      `json:"rate"`
	Issues []string `json:"issues"`
}

// Tag is a label on a call (row C15).
type Tag struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// Note is what the staff wrote about a call (row C15).
type Note struct {
	ID        int64  `json:"id"`
	Text      string `json:"text"`
	CreatedAt string `json:"created_at"`
}

// Department is a group of managers (row C15).
type Department struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// FieldValue is a question with the visitor's answer, in version 3 (row C17).
type FieldValue struct {
	ID          int64   `json:"id"`
	Hint        *string `json:"hint"`
	Slug        string  `json:"slug"`
	Label       string  `json:"label"`
	Value       *string `json:"value"`
	FieldValue  *string `json:"field_value"`
	Placeholder *string `json:"placeholder"`
}

// History returns the document of a call in the history.
func History(r Record, s Style) HistoryRow {
	doc := requestOf[HistoryCall](r, s)
	if a := r.Attempt; a != nil {
		doc.Call = Boxed(HistoryCall{
			ID: a.ID, Type: r.Type, Rating: boxedOr(ratingOf(r)), BillingTime: seconds(a.BillingTime()), CallAttempt: attemptOf(r, s),
		})
	}
	return HistoryRow{doc, r.ID}
}

// Single returns the document of a call that was asked for by its id.
func Single(r Record, s Style) SingleRow {
	doc := requestOf[SingleCall](r, s)
	if a := r.Attempt; a != nil {
		doc.Call = Boxed(SingleCall{
			ID: a.ID, SID: sid(a), Type: r.Type, Rating: boxedOr(ratingOf(r)), BillingTime: seconds(a.BillingTime()), CallAttempt: attemptOf(r, s),
			Recording: filled(r.RecordingURL),
		})
	}
	return SingleRow{doc, r.ID}
}

// requestOf returns the document of a call without the attempt.
func requestOf[Call any](r Record, s Style) CallRequest[Call] {
	doc := CallRequest[Call]{
		ID: r.ID, To: r.To, UTM: Boxed(UTM{}), Referer: Boxed(Referer{}), Request: boxedOr(visit(r.Call)),
		CreatedAt: r.CreatedAt.In(s.Zone).Format(TimeLayout), CreatedAtISO: r.CreatedAt.In(s.Zone).Format(time.RFC3339),
		LeadableID: r.WidgetID, LeadableType: "Widget", LeadableDescription: r.WidgetDescription, // row C19
		HumanStatus: r.Status, ScheduledAt: stamp(r.ScheduledAt, s.Zone), ToFormatted: s.International(r.To),
		ScheduledSuccess: !r.ScheduledAt.IsZero() && r.Status == ringback.StatusCompleted, // row C20
	}
	if r.Status == ringback.StatusCancelled {
		doc.CancelledAt = stamp(r.EndedAt, s.Zone)
	}
	if r.Department != nil {
		doc.Department = Boxed(Department(*r.Department))
	}
	if r.Visit.URL != "" {
		doc.Traceroutes.Data = []Page{{URL: r.Visit.URL, Count: 1}}
	}
	doc.Extension, doc.Feedback = boxedOr(extensionOf(r)), boxedOr(feedbackOf(r))
	doc.CallRequestFields.Data = valuesOf(r.Answers)
	for _, t := range r.Tags {
		doc.Tags.Data = append(doc.Tags.Data, Tag{t.ID, t.Name})
	}
	for _, n := range r.Notes {
		doc.Notes.Data = append(doc.Notes.Data, Note{n.ID, n.Text, n.CreatedAt.In(s.Zone).Format(TimeLayout)})
	}
	return doc
}

func extensionOf(r Record) *Extension {
	if r.Message == nil {
		return nil
	}
	return &Extension{r.Message.Email, r.Message.Text}
}

func feedbackOf(r Record) *Feedback {
	if r.Feedback == nil || r.Feedback.Email+r.Feedback.Text == "" {
		return nil
	}
	return &Feedback{filled(r.Feedback.Email), filled(r.Feedback.Text)}
}

func ratingOf(r Record) *Rating {
	if r.Feedback == nil || r.Feedback.Rate == 0 {
		return nil
	}
	return &Rating{r.Feedback.Rate, append([]string{}, r.Feedback.Issues...)}
}

// valuesOf writes answers as version 3 does: the value stands in two places (row C17).
func valuesOf(answers []ringback.Answer) []FieldValue {
	var values []FieldValue
	for _, a := range answers {
		values = append(values, FieldValue{
			ID: a.Field.ID, Hint: filled(a.Field.Hint), Slug: a.Field.Slug, Label: a.Field.Label, Value: &a.Value,
			FieldValue: &a.Value, Placeholder: filled(a.Field.Placeholder),
		})
	}
	return values
}

func attemptOf(r Record, s Style) Box[CallAttempt] {
	doc := CallAttempt{ID: r.Attempt.ID}
	if m := r.Manager; m != nil {
		doc.Manager = Boxed(Manager{ID: m.ID, User: Boxed(userOf(m.User, s))})
	}
	return Boxed(doc)
}

func userOf(u ringback.User, s Style) User {
	tel := s.International(u.Tel)
	return User{
		ID: u.ID, Tel: u.Tel, Name: u.Name, Email: filled(u.Email), TelFormatted: tel,
		CallerID: Boxed(CallerID{ID: u.ID, Tel: u.Tel, TelFormatted: tel}),
	}
}

// visit returns where the visitor was, or nil where a program asked for the call.
func visit(c ringback.Call) *Request {
	if c.Visit == (ringback.Visit{}) {
		return nil
	}
	return &Request{ID: c.ID, IP: filled(c.Visit.IP), URL: filled(c.Visit.URL), Locale: filled(c.Visit.Locale)}
}

func boxedOr[T any](v *T) Box[T] { return Box[T]{v} }

// sid names an attempt in forty hexadecimal digits, as clients of the document expect.
func sid(a *ringback.Attempt) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "ringback attempt %d", a.ID))
	return hex.EncodeToString(sum[:20])
}

// stamp writes an instant, or nothing where there is none.
func stamp(t time.Time, zone *time.Location) *string {
	if t.IsZero() {
		return nil
	}
	return filled(t.In(zone).Format(TimeLayout))
}

// filled returns s, or nil where it is empty.
func filled(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func seconds(d time.Duration) int { return int(d / time.Second) }
