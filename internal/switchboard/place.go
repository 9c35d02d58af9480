package switchboard

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/dialplan"
	"github.com/ringback-hq/ringback/internal/store"
	"github.com/ringback-hq/ringback/internal/wire"
)

// An Order asks for a call.
type Order struct {
	WidgetID    int64
	PublicID    string // of the widget; used where WidgetID is 0
	To          string // the visitor's number, as written
	Wanted      ringback.Wanted
	Ref         string
	Visit       ringback.Visit
	OrSchedule  bool             // where nobody is on duty it is booked whatever the widget's settings say, and the visitor gets a text
	Replies     []ringback.Reply // to the fields of the widget
	Idempotency *Idempotency     // nil: none
}

// Idempotency names a request that may be repeated: the same key and body get the same answer, for a day.
type Idempotency struct {
	Route, Key string
	BodyHash   []byte
}

// repeatWithin is how soon a second order for the same number at the same widget is taken for the first one again.
const repeatWithin = time.Minute

// Place puts an order on record and sets it ringing, or books the first free slot where nobody is on duty. When it
// returns nil the call is on disk.
func (s *Switchboard) Place(ctx context.Context, who ringback.Actor, o Order) (ringback.Call, error) {
	if o.Wanted.DepartmentID != 0 && o.Wanted.ManagerID != 0 {
		return ringback.Call{}, ringback.Invalidf("manager_id", "Ask for a department or for a manager, not for both.")
	}
	if s.draining.Load() {
		return ringback.Call{}, errDraining
	}
	var call ringback.Call
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		var err error
		call, err = place(tx, who, o)
		return err
	})
	if err != nil {
		return ringback.Call{}, err
	}
	s.Nudge()
	s.Told()
	return call, nil
}

func place(tx *store.Tx, who ringback.Actor, o Order) (ringback.Call, error) {
	if id, ok, err := answered(tx, who, o.Idempotency); ok || err != nil {
		return ringback.Call{ID: id}, err
	}
	w, err := wantedWidget(tx, who, o)
	if err != nil {
		return ringback.Call{}, err
	}
	to, account, err := allowedNumber(tx, who, o.To)
	if err != nil {
		return ringback.Call{}, err
	}
	call, live, err := liveCall(tx, w, to)
	if err != nil {
		return ringback.Call{}, err
	}
	if !live {
		if call, err = newCall(tx, w, account, o, to); err != nil {
			return ringback.Call{}, err
		}
	}
	return call, remember(tx, who, o.Idempotency, call.ID)
}

// wantedWidget finds the widget and whom the visitor wants there.
func wantedWidget(tx *store.Tx, who ringback.Actor, o Order) (ringback.Widget, error) {
	w, err := tx.Widget(who.AccountID, o.WidgetID)
	if o.WidgetID == 0 {
		w, err = tx.WidgetByPublicID(who.AccountID, o.PublicID)
	}
	if err != nil {
		return w, missing(err, "widget")
	}
	if !who.Reaches(w.ID) {
		return w, ringback.NoSuch("widget")
	}
	if o.Wanted.DepartmentID != 0 {
		if _, err := tx.Department(who.AccountID, o.Wanted.DepartmentID); err != nil {
			return w, missing(err, "department")
		}
	}
	if o.Wanted.ManagerID != 0 {
		m, err := tx.Manager(who.AccountID, o.Wanted.ManagerID)
		if err != nil {
			return w, missing(err, "manager")
		}
		if m.WidgetID != w.ID {
			return w, ringback.NoSuch("manager")
		}
	}
	if !w.Enabled {
		return w, refused("id", ringback.CodeDisabledWidget, "This widget is switched off.")
	}
	return w, nil
}

// allowedNumber reads the visitor's number and asks the dial plan and the limits.
func allowedNumber(tx *store.Tx, who ringback.Actor, text string) (ringback.Number, ringback.Account, error) {
	account, err := tx.Account(who.AccountID)
	if err != nil {
		return "", account, err
	}
	to, err := dialplan.Parse(text, account.Country)
	if err != nil {
		return "", account, err
	}
	if err := dialplan.Check(to, account.Country); err != nil {
		return "", account, err
	}
	if account.LimitsOff {
		return to, account, nil
	}
	for _, limit := range []ringback.Limit{ringback.LimitDialsAnHour, ringback.LimitDialsADay} {
		dials, err := tx.VisitorDials(account.ID, to, time.Now().Add(-limit.Per))
		if err != nil {
			return "", account, err
		}
		if dials >= limit.Count {
			return "", account, refused("tel", ringback.CodeTooManyCalls, "This number has been called too often lately.")
		}
	}
	return to, account, nil
}

// liveCall finds the call that is on its way to the number. Two are never made at a time: a repeat within the
// minute is the same order again, a later one must wait.
func liveCall(tx *store.Tx, w ringback.Widget, to ringback.Number) (ringback.Call, bool, error) {
	call, live, err := tx.LiveCallTo(w.AccountID, to)
	if err != nil || !live {
		return call, false, err
	}
	if call.WidgetID == w.ID && time.Since(call.CreatedAt) < repeatWithin {
		return call, true, nil
	}
	return call, false, refused("tel", ringback.CodeCallInProgress, "There is a call to this number already.")
}

// newCall writes a call that is due now, or at the first slot where nobody is on duty, and tells its first event.
func newCall(tx *store.Tx, w ringback.Widget, account ringback.Account, o Order, to ringback.Number) (ringback.Call, error) {
	managers, err := tx.Managers(w.AccountID, w.ID)
	if err != nil {
		return ringback.Call{}, err
	}
	managers = otherThan(to, managers)
	now := time.Now()
	call := ringback.Call{
		AccountID: w.AccountID, WidgetID: w.ID, To: to, Wanted: o.Wanted, Ref: o.Ref, Visit: o.Visit,
		Status: ringback.StatusNew, Type: ringback.CallFromWidget, DueAt: now, CreatedAt: now,
	}
	kind := ringback.EventCallNew
	if !ringback.Staffed(managers, o.Wanted, now) {
		slot, ok := ringback.NextSlot(managers, o.Wanted, now)
		if !ok || !o.OrSchedule && w.Settings.Text(ringback.SettingUnavailable) == "error" {
			return call, refused("id", ringback.CodeNoManagers, "No manager is available.")
		}
		call.Status, call.ScheduledAt, call.DueAt = ringback.StatusScheduled, slot, slot
		call.TextBooking, kind = o.OrSchedule, ringback.EventCallScheduled
	}
	if err := tx.AddCall(&call); err != nil {
		return call, err
	}
	answers, err := reply(tx, call, o.Replies)
	if err != nil {
		return call, err
	}
	return call, tell(tx, kind, account, wire.Happening{Call: call, Answers: answers})
}

// reply keeps what was answered to the fields of the widget.
func reply(tx *store.Tx, c ringback.Call, replies []ringback.Reply) ([]ringback.Answer, error) {
	if len(replies) == 0 {
		return nil, nil
	}
	fields, err := tx.Fields(c.AccountID, c.WidgetID)
	if err != nil {
		return nil, err
	}
	answers, err := ringback.Answers(fields, replies)
	if err != nil {
		return nil, err
	}
	return answers, tx.SaveFieldAnswers(c, answers)
}

// otherThan leaves out the managers whose own telephone the visitor's is: nobody is rung to talk with himself.
func otherThan(visitor ringback.Number, managers []ringback.Manager) []ringback.Manager {
	same := func(m ringback.Manager) bool { return m.User.Tel == visitor }
	if !slices.ContainsFunc(managers, same) {
		return managers
	}
	return slices.DeleteFunc(slices.Clone(managers), same)
}

// tell writes an event and its deliveries.
func tell(tx *store.Tx, kind ringback.EventKind, account ringback.Account, h wire.Happening) error {
	var err error
	if h.Answers == nil && kind != ringback.EventCallNew && kind != ringback.EventCallScheduled {
		if h.Answers, err = tx.FieldAnswers(h.Call.AccountID, h.Call.ID); err != nil {
			return err
		}
	}
	body, err := wire.EventBody(kind, h, location(account.Zone))
	if err != nil {
		return err
	}
	return tx.Tell(ringback.Event{
		ID: "evt_" + rand.Text(), AccountID: h.Call.AccountID, WidgetID: h.Call.WidgetID, CallID: h.Call.ID, Kind: kind, Body: body,
	})
}

func location(zone string) *time.Location {
	if loc, err := time.LoadLocation(zone); err == nil {
		return loc
	}
	return time.UTC
}

// answered finds the call that the same request made before.
func answered(tx *store.Tx, who ringback.Actor, i *Idempotency) (int64, bool, error) {
	if i == nil {
		return 0, false, nil
	}
	a, ok, err := tx.Answer(who.AccountID, i.Route, i.Key)
	if err != nil || !ok {
		return 0, false, err
	}
	if !bytes.Equal(a.BodyHash, i.BodyHash) {
		return 0, false, refused("", ringback.CodeKeyReused, "This Idempotency-Key was used for another request.")
	}
	var id int64
	return id, true, json.Unmarshal(a.Body, &id)
}

func remember(tx *store.Tx, who ringback.Actor, i *Idempotency, id int64) error {
	if i == nil {
		return nil
	}
	body, err := json.Marshal(id)
	if err != nil {
		return err
	}
	return tx.SaveAnswer(who.AccountID, i.Route, i.Key, store.Answer{BodyHash: i.BodyHash, Body: body, At: time.Now()})
}

func refused(field, code, detail string) *ringback.Error {
	return &ringback.Error{Kind: ringback.Refused, Code: code, Field: field, Detail: detail}
}

func missing(err error, thing string) error {
	if errors.Is(err, store.ErrNotFound) {
		return ringback.NoSuch(thing)
	}
	return err
}
