package sip

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// Invite is a leg to ring.
type Invite struct {
	// Token is at least 32 random characters, on disk before Invite is called and never used twice. Call-ID, From tag and Via branch
	// of every INVITE of this leg follow from it, so another process can cancel them: see Ticket.
	Token    string
	To       string // E.164
	From     string // our number; empty is the trunk's
	Display  string
	HideFrom bool
	Offer    []byte                                        // SDP
	OnOffer  func(offer []byte) (answer []byte, err error) // answers offers inside the dialog; offer is empty if the peer wants one from us; nil refuses all
	OnAnswer func(answer []byte) error                     // hears the answer to an offer that the peer had asked for; nil ignores it
	// OnAnswered keeps the dialog where another process finds it, before the answer is acknowledged; an error hangs up. nil keeps nothing.
	OnAnswered func(Snapshot) error
	Headers    map[string]string // X-Ringback-*, sent to sandbox trunks only
	Trunks     []*Trunk          // in order of preference; those that are down come last
	SendBy     time.Time         // no INVITE is sent after it, not even to another trunk; zero is never
}

// What Invite refuses; these are mistakes of the caller, except ErrStale and ErrClosed.
var (
	ErrStale    = errors.New("sip: too late to send an INVITE")
	ErrNoTrunk  = errors.New("sip: no trunk")
	ErrToken    = errors.New("sip: the token is too short or was used before")
	ErrNoNumber = errors.New("sip: no number to ring")
)

// Event is what happens to a leg: Ringing, Answered or Ended.
type Event interface{ event() }

// Ringing is a provisional answer other than 100; SDP is early media, empty for none. A repetition is not an event.
type Ringing struct {
	Code int
	SDP  []byte
}

// Answered is the first 2xx; it has been acknowledged.
type Answered struct{ SDP []byte }

// Ended is the last event of every leg, and there is exactly one.
type Ended struct{ Cause Cause }

func (Ringing) event()  {}
func (Answered) event() {}
func (Ended) event()    {}

// Reason tells the other side why we hang up (RFC 3326); empty tells nothing.
type Reason string

// ElsewhereReason keeps a telephone from showing a missed call: another one answered.
const ElsewhereReason Reason = `SIP;cause=200;text="Call completed elsewhere"`

// Error makes a Reason the cause of a cancelled context.
func (r Reason) Error() string { return "hung up: " + string(r) }

// Leg is one telephone that we ring or talk to. One goroutine owns it until it has ended.
type Leg struct {
	ua     *UA
	invite Invite
	ctx    context.Context // ends when we hang up
	hangup context.CancelCauseFunc
	events chan Event
	done   chan struct{}
	dialog atomic.Pointer[dialog] // the answered one
}

// eventRoom is the buffer of a leg's events; nobody who stops reading can hold up a leg.
const eventRoom = 16

// Invite rings a telephone and returns at once; the leg's events say what comes of it. When ctx ends, the leg hangs up.
func (u *UA) Invite(ctx context.Context, i Invite) (*Leg, error) {
	if err := i.check(); err != nil {
		return nil, err
	}
	l := &Leg{ua: u, invite: i, events: make(chan Event, eventRoom), done: make(chan struct{})}
	l.ctx, l.hangup = context.WithCancelCause(ctx)
	stop := context.AfterFunc(u.ctx, func() { l.Hangup("") })
	u.live.Add(1)
	if !u.spawn(func() { defer stop(); l.run() }) {
		u.live.Add(-1)
		stop()
		l.hangup(nil)
		return nil, ErrClosed
	}
	return l, nil
}

func (i Invite) check() error {
	switch {
	case len(i.Token) < minToken:
		return ErrToken
	case i.To == "":
		return ErrNoNumber
	case len(i.Trunks) == 0:
		return ErrNoTrunk
	case i.stale():
		return ErrStale
	}
	return nil
}

func (i Invite) stale() bool { return !i.SendBy.IsZero() && time.Now().After(i.SendBy) }

// Events delivers what happens, in order; it is closed after Ended.
func (l *Leg) Events() <-chan Event { return l.events }

// Done is closed when the leg has ended.
func (l *Leg) Done() <-chan struct{} { return l.done }

// Hangup ends the leg in whatever state it is: with CANCEL, or BYE, or both if an answer crosses the CANCEL.
// It never blocks, and only the first call counts.
func (l *Leg) Hangup(r Reason) { l.hangup(r) }

// reason is what the first Hangup gave.
func (l *Leg) reason() Reason {
	var r Reason
	_ = errors.As(context.Cause(l.ctx), &r)
	return r
}

// ringing reports a provisional answer unless the reader is far behind; the room of Answered and Ended is never taken.
func (l *Leg) ringing(e Ringing) {
	if len(l.events) < eventRoom-2 {
		l.events <- e
	}
}

// end reports how the leg ended. Only run calls it, once.
func (l *Leg) end(c Cause) {
	l.ua.live.Add(-1)
	l.hangup(nil) // frees the context; the reason of an earlier Hangup stays
	l.events <- Ended{Cause: c}
	close(l.events)
	close(l.done)
}

// run is the life of the leg.
func (l *Leg) run() {
	v := l.ring()
	if v.dialog == nil {
		l.end(v.cause)
		return
	}
	l.dialog.Store(v.dialog)
	l.events <- Answered{SDP: v.sdp}
	l.talk(v.dialog)
}

// talk waits for either side to hang up.
func (l *Leg) talk(d *dialog) {
	defer d.ua.forget(d)
	for {
		select {
		case <-l.ctx.Done():
			reason := l.reason()
			l.end(Cause{Kind: Local, Reason: clean(string(reason))})
			close(d.gone)
			d.hangUp(reason)
			return
		case tag := <-d.byes:
			if tag != d.tagOfPeer() {
				continue // a fork that we released says the same
			}
			close(d.gone)
			l.end(Cause{Kind: HungUp})
			return
		}
	}
}
