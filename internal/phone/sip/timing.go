package sip

import "time"

// timing holds every wait of the package, so that tests can shorten them.
type timing struct {
	provisional time.Duration // INVITE to the first provisional answer, else the next trunk
	ringing     time.Duration // 100 to the first other provisional answer, else CANCEL and the next trunk
	ringMax     time.Duration // ringing to an answer; a caller gives up long before
	cancelled   time.Duration // CANCEL to the final answer (64*T1, RFC 3261 section 9.1)
	request     time.Duration // any other request to its final answer (64*T1)
	linger      time.Duration // how long an ended leg still answers retransmissions (64*T1)
	retransmit  time.Duration // T1: between a 2xx of ours and its first repetition
	retransmax  time.Duration // T2: the longest interval between repetitions
	farewell    time.Duration // how long Close waits for answers
	dial        time.Duration // opening a TCP connection, or one DNS question

	pingUp, pingProbe, pingAnswer time.Duration // between OPTIONS while up, between them while not, for their answer
	registerMin                   time.Duration // the shortest wait between two REGISTERs that succeed
	backoffMin, backoffMax        time.Duration // between two REGISTERs that fail
	resolve                       time.Duration // between DNS questions for the same trunk
}

func (t timing) orDefault() timing {
	for _, w := range []struct {
		wait  *time.Duration
		usual time.Duration
	}{
		{&t.provisional, 4 * time.Second},
		{&t.ringing, 10 * time.Second},
		{&t.ringMax, 3 * time.Minute},
		{&t.cancelled, 32 * time.Second},
		{&t.request, 32 * time.Second},
		{&t.linger, 32 * time.Second},
		{&t.retransmit, 500 * time.Millisecond},
		{&t.retransmax, 4 * time.Second},
		{&t.farewell, 2 * time.Second},
		{&t.dial, 4 * time.Second},
		{&t.pingUp, 30 * time.Second},
		{&t.pingProbe, 5 * time.Second},
		{&t.pingAnswer, 4 * time.Second},
		{&t.registerMin, 30 * time.Second},
		{&t.backoffMin, time.Second},
		{&t.backoffMax, time.Minute},
		{&t.resolve, 5 * time.Minute},
	} {
		if *w.wait == 0 {
			*w.wait = w.usual
		}
	}
	return t
}
