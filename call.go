package ringback

import (
	"fmt"
	"slices"
	"time"
)

// A Call is one visitor asking to be called, from the click to the end of the talk.
//
// On the wire it is a "call" in paths and events and a "call request" inside documents.
type Call struct {
	ID, AccountID, WidgetID int64
	To                      Number
	Wanted                  Wanted
	Status                  Status
	Outcome                 Outcome // of the last attempt, once there was one
	Type                    CallType
	IncomingID              int64  // the number of ours that was called; 0: none
	Ref                     string // the client's own name for it
	Visit                   Visit
	Attempts                int       // how many were begun
	Epoch                   int64     // rises with every claim; a writer with an older one has lost the call
	DueAt                   time.Time // when to ring next; meaningful until the call is final
	ScheduledAt             time.Time // the slot that was booked; zero: none
	TextBooking             bool      // the visitor is to get a text with that slot
	CreatedAt               time.Time
	EndedAt                 time.Time // zero until final
}

// A CallType says where a call came from. Its values are those of the wire.
type CallType int

// Every type of call.
const (
	CallFromWidget CallType = 1 // from a widget or the API
	CallIncoming   CallType = 2 // to a number of ours
	CallManual     CallType = 3 // by a manager, from the dashboard
)

// Status is where a [Call] stands. Its values are those of the wire.
type Status string

// Every status that a call can have.
const (
	StatusNew           Status = "new" // waits its turn
	StatusScheduled     Status = "scheduled"
	StatusRinging       Status = "ringing"     // an attempt is being made, or the next one is due
	StatusTalking       Status = "in-progress" // both have answered
	StatusCompleted     Status = "completed"
	StatusManagerFailed Status = "manager-failed"
	StatusVisitorFailed Status = "user-failed" // the wire says "user" for the visitor here
	StatusFailed        Status = "failed"
	StatusCancelled     Status = "cancelled"
)

// Statuses lists every status, in the order of the API document.
var Statuses = []Status{
	StatusNew, StatusScheduled, StatusTalking, StatusRinging, StatusCompleted,
	StatusManagerFailed, StatusVisitorFailed, StatusFailed, StatusCancelled,
}

// next lists the steps that a call may take.
var next = map[Status][]Status{
	StatusNew:       {StatusRinging, StatusManagerFailed, StatusFailed, StatusCancelled},
	StatusScheduled: {StatusRinging, StatusManagerFailed, StatusFailed, StatusCancelled},
	StatusRinging:   {StatusRinging, StatusTalking, StatusManagerFailed, StatusVisitorFailed, StatusFailed},
	StatusTalking:   {StatusCompleted, StatusFailed},
}

// Final reports whether nothing follows s.
func (s Status) Final() bool { return len(next[s]) == 0 }

// Missed reports whether s is the end of a call in which nobody talked, which its owner must hear of.
func (s Status) Missed() bool {
	return s == StatusManagerFailed || s == StatusVisitorFailed || s == StatusFailed
}

// Become moves c to the status s, or says why that cannot be.
func (c *Call) Become(s Status) error {
	if !slices.Contains(next[c.Status], s) {
		return fmt.Errorf("call %d cannot go from %s to %s", c.ID, c.Status, s)
	}
	c.Status = s
	return nil
}

// LongestWait is how long a call waits for a free manager before it is given up.
const LongestWait = 10 * time.Minute

// GivenUp reports whether c has waited for a free manager for too long.
func (c Call) GivenUp(now time.Time) bool {
	since := c.CreatedAt
	if c.ScheduledAt.After(since) {
		since = c.ScheduledAt
	}
	return now.Sub(since) > LongestWait
}
