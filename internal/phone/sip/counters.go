package sip

import "sync/atomic"

// Counters says how often the rarer things happened since Listen.
type Counters struct {
	Fork2xx      int64 `json:"fork_2xx"`       // a second telephone answered the same INVITE and was released
	CancelCross  int64 `json:"cancel_cross"`   // an answer crossed our CANCEL and was released
	ReAck        int64 `json:"re_ack"`         // an answer came again, so its ACK was lost or late
	ByeBefore2xx int64 `json:"bye_before_2xx"` // a BYE overtook the answer that it follows
	UnmatchedBye int64 `json:"unmatched_bye"`  // a BYE for a dialog that we do not know
	Stray2xx     int64 `json:"stray_2xx"`      // an answer to an INVITE that nobody waits for, released
	ReInvite     int64 `json:"re_invite"`      // a new offer inside a dialog
	LostAck      int64 `json:"lost_ack"`       // our answer to a re-INVITE was never acknowledged
	Malformed    int64 `json:"malformed"`      // a message that our validator refused or ignored
	Stranger     int64 `json:"stranger"`       // a packet or connection from an address that is no trunk's
}

// tally is Counters while they count.
type tally struct {
	fork2xx, cancelCross, reAck, byeBefore2xx, unmatchedBye atomic.Int64
	stray2xx, reInvite, lostAck, malformed, stranger        atomic.Int64
}

// Counters reads the counters.
func (u *UA) Counters() Counters {
	t := &u.tally
	return Counters{
		Fork2xx: t.fork2xx.Load(), CancelCross: t.cancelCross.Load(), ReAck: t.reAck.Load(), ByeBefore2xx: t.byeBefore2xx.Load(), UnmatchedBye: t.unmatchedBye.Load(),
		Stray2xx: t.stray2xx.Load(), ReInvite: t.reInvite.Load(), LostAck: t.lostAck.Load(), Malformed: t.malformed.Load(), Stranger: t.stranger.Load(),
	}
}
