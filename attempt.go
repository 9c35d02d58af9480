package ringback

import "time"

// An Attempt is one ring at the managers, all at once or in turn, and, if one answers, at the visitor.
type Attempt struct {
	ID, AccountID, CallID int64
	Number                int // 1 for the first attempt at its call
	VisitorFirst          bool
	ManagerID             int64   // who answered; 0: nobody
	Outcome               Outcome // empty while it lasts
	QueuedAt              time.Time
	TalkingAt             time.Time // both had answered; zero: they never did
	EndedAt               time.Time // zero while it lasts
	RecordingID           int64     // 0: none
	Legs                  []Leg
}

// A Leg is one telephone connection of an attempt. Its row is on disk before the telephone rings.
type Leg struct {
	ID, AccountID, CallID, AttemptID int64
	Party                            Party
	ManagerID                        int64 // 0 for the visitor
	Number                           Number
	Token                            string // names its dialog on the wire, so that another process can end it
	Dialog                           []byte // what is needed to hang up once it is answered
	Outcome                          Outcome
	DialedAt, AnsweredAt, EndedAt    time.Time // zero: not yet
}

// A Party is whose telephone a leg rings. On the wire a manager's fields end in _a and the visitor's in _b,
// whichever was dialled first.
type Party string

// Both parties.
const (
	PartyManager Party = "manager"
	PartyVisitor Party = "visitor"
)

// Leg returns the leg of the party who answered, or the zero Leg.
func (a Attempt) Leg(p Party) Leg {
	for _, l := range a.Legs {
		if l.Party == p && !l.AnsweredAt.IsZero() {
			return l
		}
	}
	return Leg{}
}

// BillingTime is how long the two were connected: from the later answer to the last hang-up.
func (a Attempt) BillingTime() time.Duration {
	if a.TalkingAt.IsZero() || a.EndedAt.IsZero() {
		return 0
	}
	end := a.EndedAt
	for _, l := range a.Legs {
		if l.EndedAt.After(end) {
			end = l.EndedAt
		}
	}
	return end.Truncate(time.Second).Sub(a.TalkingAt.Truncate(time.Second))
}
