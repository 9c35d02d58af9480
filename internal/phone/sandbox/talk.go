package sandbox

import (
	"context"
	"errors"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"github.com/ringback-hq/ringback"
)

// talk is the life of a telephone from its answer on.
func (t *telephone) talk() {
	c := t.carrier
	c.meet(t)
	if !t.carrier.cfg.NoAudio {
		t.port.Loop(c.sounds.clip(t.does.sound, t.party)) // until the port closes
	}
	why := t.wait()
	c.part(t)
	switch why {
	case released:
		c.tally.released.Add(1)
		t.note(Entry{Event: EventBye, By: ByCaller})
		t.port.Close()
		return
	case hangsUp:
		c.tally.hungUp.Add(1)
		t.note(Entry{Event: EventBye, By: ByTelephone})
	case forgotten:
		t.giveUp()
	}
	t.hangUp()
}

// ending is why a talk is over.
type ending int

const (
	released  ending = iota // the caller hung up
	hangsUp                 // the telephone hangs up
	forgotten               // nobody cares for the telephone any more
)

// wait returns when the talk is over. Before the ACK a telephone must not hang up (RFC 3261 section 15).
func (t *telephone) wait() ending {
	var (
		timing = t.carrier.cfg.timing
		acked  = t.acked
		again  = newRepeat(timing)
		stay   = time.After(timing.stay)
		both   = t.leavesAfter()
		cue    = t.cue()
		over   <-chan time.Time
		leaves bool
	)
	if t.does.leaves {
		over = time.After(0)
	}
	defer again.stop()
	for {
		select {
		case <-t.ctx.Done():
			return t.ended()
		case <-acked:
			acked = nil
			again.stop()
			if leaves {
				return hangsUp
			}
		case ack := <-t.tx.Acks(): // of a caller who takes the INVITE's branch for it, as RFC 2543 did
			t.carrier.acknowledge(ack)
		case <-again.C:
			if !again.next() {
				return forgotten
			}
			_ = t.tx.Respond(t.okay)
		case <-both:
			both, over = nil, time.After(t.carrier.cfg.Talk)
		case <-over:
			if over, leaves = nil, true; acked == nil {
				return hangsUp
			}
		case <-stay:
			return forgotten
		case <-cue:
			cue = nil
			t.perform()
		}
	}
}

// ended says who ended the talk: the caller, or the carrier that closes.
func (t *telephone) ended() ending {
	if errors.Is(context.Cause(t.ctx), errReleased) {
		return released
	}
	return hangsUp
}

// leavesAfter is closed when the talk begins that the telephone will end; never for a manager's.
func (t *telephone) leavesAfter() <-chan struct{} {
	if t.party != ringback.PartyVisitor || t.does.leaves {
		return nil
	}
	return t.both
}

// cue is when perform is due, if ever.
func (t *telephone) cue() <-chan time.Time {
	switch {
	case t.does.press != 0:
		return time.After(t.carrier.cfg.timing.press)
	case t.does.sound == voicemail && !t.carrier.cfg.NoAudio:
		return time.After(greetingFor + beepFor + tail/2)
	}
	return nil
}

// perform is what a telephone does in the middle of the talk.
func (t *telephone) perform() {
	if t.does.press == 0 {
		t.port.Loop(t.carrier.sounds.silence)
		return
	}
	if err := t.port.SendDigit(t.ctx, t.does.press); err != nil {
		t.carrier.cfg.Log.Debug("sandbox telephone could not press its key", "number", t.number.Masked(), "error", err)
	}
}

// repeat is when a 2xx is sent again: after T1, then at doubled intervals up to T2, for 64*T1 (RFC 3261 section 13.3.1.4).
type repeat struct {
	C      <-chan time.Time // nil once stopped
	timer  *time.Timer
	timing timing
	wait   time.Duration
	until  time.Time
}

func newRepeat(t timing) *repeat {
	timer := time.NewTimer(t.retransmit)
	return &repeat{C: timer.C, timer: timer, timing: t, wait: t.retransmit, until: time.Now().Add(t.unacked)}
}

// next reports whether there is another time; false means that the ACK will not come.
func (r *repeat) next() bool {
	if time.Now().After(r.until) {
		return false
	}
	r.wait = min(2*r.wait, r.timing.retransmax)
	r.timer.Reset(r.wait)
	return true
}

func (r *repeat) stop() {
	r.timer.Stop()
	r.C = nil
}

// hangUp sends BYE, stops the sound and waits until the caller has answered, or cannot be there any more.
func (t *telephone) hangUp() {
	tx, err := t.carrier.txl.Request(t.carrier.hard, t.within(gosip.BYE))
	t.port.Close()
	if err != nil {
		t.carrier.cfg.Log.Debug("sandbox telephone could not hang up", "number", t.number.Masked(), "error", err)
		return
	}
	defer tx.Terminate()
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() {
				return
			}
		case <-tx.Done():
			return
		case <-t.carrier.hard.Done():
			return
		}
	}
}
