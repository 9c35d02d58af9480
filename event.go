package ringback

import "slices"

// An EventKind is something that can happen to a call. Its values are those of the wire.
type EventKind string

// Every event; the first six are those of the API document.
const (
	EventCallScheduled  EventKind = "call.scheduled"
	EventCallNew        EventKind = "call.new"
	EventCallMissed     EventKind = "call.missed"
	EventCallCompleted  EventKind = "call.completed"
	EventDataAdded      EventKind = "data.added"
	EventMessageNew     EventKind = "new.message"
	EventRecordingReady EventKind = "recording.ready"
	EventCallCancelled  EventKind = "call.cancelled"
	EventCallFailed     EventKind = "call.failed"
)

// An EventRow is one line of the event table.
type EventRow struct {
	Kind       EventKind
	Documented bool // in the API document; a webhook that names no events gets exactly these
	When       string
}

// Events lists every event, when it happens and who is told unasked. A new event is a new row.
var Events = []EventRow{
	{EventCallScheduled, true, "a call was booked for later"},
	{EventCallNew, true, "a call was ordered for now"},
	{EventCallMissed, true, "a call ended without a talk, after the last attempt"},
	{EventCallCompleted, true, "a call ended after a talk"},
	{EventDataAdded, true, "the visitor left data or feedback after a call"},
	{EventMessageNew, true, "the visitor wrote a message"},
	{EventRecordingReady, false, "the recording of a call can be fetched"},
	{EventCallCancelled, false, "a booked call was cancelled"},
	{EventCallFailed, false, "a call ended as failed: nobody could be rung"},
}

// DocumentedEvents are the events that a webhook gets which names none.
func DocumentedEvents() []EventKind {
	var kinds []EventKind
	for _, row := range Events {
		if row.Documented {
			kinds = append(kinds, row.Kind)
		}
	}
	return kinds
}

// Known reports whether k is in the event table.
func (k EventKind) Known() bool {
	return slices.ContainsFunc(Events, func(row EventRow) bool { return row.Kind == k })
}

// An Event is one thing that happened to one call. It is written in the transaction of the change itself.
type Event struct {
	ID                          string // "evt_" and 26 characters; the same in every try of every delivery
	AccountID, WidgetID, CallID int64
	Kind                        EventKind
	Body                        []byte // the document that webhooks get, frozen
}
