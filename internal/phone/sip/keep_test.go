package sip

import (
	"errors"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// An answer is acknowledged once its dialog is in safety and not before, however often it comes.
func TestAnAnswerIsAcknowledgedOnceItsDialogIsKept(t *testing.T) {
	t.Parallel()
	p := newPuppet(t)
	ua := listen(t)
	kept, keeping := make(chan struct{}), make(chan Snapshot, 1)
	leg := ringWith(t, ua, Invite{Trunks: []*Trunk{ua.AddTrunk(p.trunk())}, OnAnswered: func(s Snapshot) error {
		keeping <- s
		<-kept
		return nil
	}})
	eventually(p.invited)
	p.answer(200, "a")
	s := <-keeping
	if s.RemoteTag != "a" || s.CallID == "" || s.Addr == "" {
		t.Errorf("what is kept is %+v", s)
	}
	for range 3 {
		p.answer(200, "a")
	}
	time.Sleep(50 * time.Millisecond) // for what must not come
	if p.count(gosip.ACK) > 0 {
		t.Error("the answer was acknowledged before its dialog was kept")
	}
	close(kept)
	leg.answers()
	leg.Hangup("")
	leg.ends(Local, 0)
	if !eventually(p.settled) {
		t.Errorf("answers acknowledged %v, hung up %v", p.answers, p.over)
	}
}

// A dialog that cannot be kept is hung up: nobody could release it later.
func TestAnAnswerThatCannotBeKeptIsHungUp(t *testing.T) {
	t.Parallel()
	p := newPuppet(t)
	ua := listen(t)
	leg := ringWith(t, ua, Invite{Trunks: []*Trunk{ua.AddTrunk(p.trunk())}, OnAnswered: func(Snapshot) error {
		return errors.New("the disk is full")
	}})
	eventually(p.invited)
	p.answer(200, "a")
	if c := leg.ends(Failed, 0); c.Reason != "the disk is full" {
		t.Errorf("it ended because %q", c.Reason)
	}
	if !eventually(p.settled) {
		t.Errorf("answers acknowledged %v, hung up %v", p.answers, p.over)
	}
}
