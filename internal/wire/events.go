package wire

import (
	"fmt"
	"strconv"
	"time"

	"github.com/ringback-hq/ringback"
)

// A Happening is what an event tells of: a call and, where there is one, its last attempt.
type Happening struct {
	Call         ringback.Call
	Attempt      *ringback.Attempt // with its legs
	Manager      *ringback.Manager // who answered; nil: nobody
	RecordingURL string            // empty: there is no recording
	Answers      []ringback.Answer // to the fields of the widget

	// Of a message, and of what a visitor left after a call.
	Message  *ringback.Message
	Feedback *ringback.Feedback
	Number   string // the visitor's, in international spelling
	UserID   int64  // the owner of the account
	Link     string // to the call in the dashboard
}

// happened is an event that tells only of the call: call.new and call.scheduled.
type happened struct {
	about
	Fields []FieldTold `json:"fields"` // null until there is a value (row H6)
}

// ended is an event that tells how often it was tried: call.missed.
type ended struct {
	about
	CallAttemptsCount int         `json:"call_attempts_count"`
	Fields            []FieldTold `json:"fields"`
}

// talked is an event that tells of a talk: call.completed.
type talked struct {
	about
	Call              *talk       `json:"call"`
	CallAttempt       answerer    `json:"call_attempt"` // there even without a manager (row C22)
	CallAttemptsCount int         `json:"call_attempts_count"`
	Fields            []FieldTold `json:"fields"`
}

// added is an event that tells what the visitor left after a talk: data.added. Its address stands in the middle.
type added struct {
	Event ringback.EventKind `json:"event"`
	who
	Email *string `json:"email"`
	where
	Call              *talk       `json:"call"`
	CallAttempt       answerer    `json:"call_attempt"`
	CallAttemptsCount int         `json:"call_attempts_count"`
	Fields            []FieldTold `json:"fields"`
}

// written is the event of a message: new.message. Numbers are texts, and its event is ours (row H1).
type written struct {
	Email       *string            `json:"email"`
	Message     string             `json:"message_from_client"`
	CallRequest []callRequest      `json:"call_request"` // one (row H2)
	Number      string             `json:"number"`
	Widget      string             `json:"widget"`
	User        string             `json:"user"`
	URL         *string            `json:"url"`
	Link        string             `json:"link"`
	Event       ringback.EventKind `json:"event"`
}

// callRequest is a call within the event of a message.
type callRequest struct {
	who
	where
	Fields []FieldTold `json:"fields"`
}

// about is what every event says of its call.
type about struct {
	Event ringback.EventKind `json:"event"`
	who
	where
}

type who struct {
	ID     int64           `json:"id"`
	Status ringback.Status `json:"status"`
	RefID  *string         `json:"ref_id"`
	To     ringback.Number `json:"to"`
}

type where struct {
	WidgetID    int64    `json:"widget_id"`
	CreatedAt   *string  `json:"created_at"`
	ScheduledAt *string  `json:"scheduled_at"`
	Request     *Request `json:"request"` // null where a program asked for the call (row H5)
}

// FieldTold is a question with the visitor's answer, in an event: the value stands only in field_value (row C17).
type FieldTold struct {
	ID          int64   `json:"id"`
	Label       string  `json:"label"`
	Placeholder *string `json:"placeholder"`
	Hint        *string `json:"hint"`
	Value       *string `json:"value"`
	Slug        string  `json:"slug"`
	FieldValue  string  `json:"field_value"`
}

// talk is the attempt in which two people talked. _a is the manager and _b the visitor, whoever was dialled first;
// numbers are texts (row C23).
type talk struct {
	Direction     string  `json:"direction"`
	QueuedAt      *string `json:"queued_at"`
	StartedAt     *string `json:"started_at"`
	DialedAtA     *string `json:"dialed_at_a"`
	DialedAtB     *string `json:"dialed_at_b"`
	AnsweredAtA   *string `json:"answered_at_a"`
	AnsweredAtB   *string `json:"answered_at_b"`
	EndedAtA      *string `json:"ended_at_a"`
	EndedAtB      *string `json:"ended_at_b"`
	DialedTimeA   *string `json:"dialed_time_a"`
	AnsweredTimeA *string `json:"answered_time_a"`
	DialedTimeB   *string `json:"dialed_time_b"`
	AnsweredTimeB *string `json:"answered_time_b"`
	BillingTime   string  `json:"billing_time"`
	Recording     *string `json:"recording"`
}

type answerer struct {
	Manager *whoAnswered `json:"manager"`
}

type whoAnswered struct {
	ID    int64           `json:"id"`
	Name  string          `json:"name"`
	Tel   ringback.Number `json:"tel"`
	Email *string         `json:"email"`
}

// EventBody returns the document that webhooks get of an event (API document, "Webhooks"), with its times in a zone.
func EventBody(kind ringback.EventKind, h Happening, zone *time.Location) ([]byte, error) {
	var doc any
	fields := told(h.Answers)
	switch kind {
	case ringback.EventCallNew, ringback.EventCallScheduled, ringback.EventCallCancelled:
		doc = happened{about: aboutCall(kind, h.Call, zone), Fields: fields}
	case ringback.EventCallMissed, ringback.EventCallFailed:
		doc = ended{about: aboutCall(kind, h.Call, zone), CallAttemptsCount: h.Call.Attempts, Fields: fields}
	case ringback.EventCallCompleted, ringback.EventRecordingReady:
		doc = talked{
			about: aboutCall(kind, h.Call, zone), Call: talkOf(h, zone), CallAttempt: answererOf(h.Manager),
			CallAttemptsCount: h.Call.Attempts, Fields: fields,
		}
	case ringback.EventDataAdded:
		doc = addedTo(h, zone)
	case ringback.EventMessageNew:
		doc = writtenBy(h, zone)
	default:
		return nil, fmt.Errorf("the event %q has no document", kind)
	}
	return Encode(struct {
		Data any `json:"data"`
	}{doc}, false)
}

func aboutCall(kind ringback.EventKind, c ringback.Call, zone *time.Location) about {
	return about{kind, whoAsks(c), whereFrom(c, zone)}
}

func whoAsks(c ringback.Call) who {
	return who{ID: c.ID, Status: c.Status, RefID: filled(c.Ref), To: c.To}
}

func whereFrom(c ringback.Call, zone *time.Location) where {
	return where{
		WidgetID: c.WidgetID, CreatedAt: stamp(c.CreatedAt, zone), ScheduledAt: stamp(c.ScheduledAt, zone), Request: visit(c),
	}
}

func addedTo(h Happening, zone *time.Location) added {
	doc := added{
		Event: ringback.EventDataAdded, who: whoAsks(h.Call), where: whereFrom(h.Call, zone), Call: talkOf(h, zone),
		CallAttempt: answererOf(h.Manager), CallAttemptsCount: h.Call.Attempts, Fields: told(h.Answers),
	}
	if h.Feedback != nil {
		doc.Email = filled(h.Feedback.Email)
	}
	return doc
}

func writtenBy(h Happening, zone *time.Location) written {
	doc := written{
		CallRequest: []callRequest{{whoAsks(h.Call), whereFrom(h.Call, zone), told(h.Answers)}},
		Number:      h.Number, Widget: strconv.FormatInt(h.Call.WidgetID, 10), User: strconv.FormatInt(h.UserID, 10),
		URL: filled(h.Call.Visit.URL), Link: h.Link, Event: ringback.EventMessageNew,
	}
	if h.Message != nil {
		doc.Email, doc.Message = filled(h.Message.Email), h.Message.Text
	}
	return doc
}

// told writes answers as events do; none are null (row H6).
func told(answers []ringback.Answer) []FieldTold {
	var fields []FieldTold
	for _, a := range answers {
		fields = append(fields, FieldTold{
			ID: a.Field.ID, Label: a.Field.Label, Placeholder: filled(a.Field.Placeholder), Hint: filled(a.Field.Hint),
			Slug: a.Field.Slug, FieldValue: a.Value,
		})
	}
	return fields
}

func talkOf(h Happening, zone *time.Location) *talk {
	a := h.Attempt
	if a == nil {
		return nil
	}
	manager, visitor := a.Leg(ringback.PartyManager), a.Leg(ringback.PartyVisitor)
	return &talk{
		Direction: direction(a.VisitorFirst), QueuedAt: stamp(a.QueuedAt, zone), StartedAt: stamp(a.TalkingAt, zone),
		DialedAtA: stamp(manager.DialedAt, zone), DialedAtB: stamp(visitor.DialedAt, zone),
		AnsweredAtA: stamp(manager.AnsweredAt, zone), AnsweredAtB: stamp(visitor.AnsweredAt, zone),
		EndedAtA: stamp(manager.EndedAt, zone), EndedAtB: stamp(visitor.EndedAt, zone),
		DialedTimeA: between(a.QueuedAt, manager.DialedAt), AnsweredTimeA: between(manager.DialedAt, manager.AnsweredAt),
		DialedTimeB: between(a.QueuedAt, visitor.DialedAt), AnsweredTimeB: between(visitor.DialedAt, visitor.AnsweredAt),
		BillingTime: strconv.Itoa(seconds(a.BillingTime())), Recording: filled(h.RecordingURL),
	}
}

func direction(visitorFirst bool) string {
	if visitorFirst {
		return "ba"
	}
	return "ab"
}

// between is how many seconds lie between two instants as they are written, so that the document agrees with itself
// (row H7).
func between(from, to time.Time) *string {
	if from.IsZero() || to.IsZero() {
		return nil
	}
	return filled(strconv.FormatInt(to.Unix()-from.Unix(), 10))
}

func answererOf(m *ringback.Manager) answerer {
	if m == nil {
		return answerer{}
	}
	return answerer{&whoAnswered{ID: m.ID, Name: m.User.Name, Tel: m.User.Tel, Email: filled(m.User.Email)}}
}
