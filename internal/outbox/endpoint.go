package outbox

import "time"

const (
	opensCircuit  = 10               // failures in a row; from then on the webhook gets a single try now and then
	firstProbe    = 30 * time.Second // after the circuit opened; every failure doubles it
	longestProbe  = 10 * time.Minute
	forgetAfter   = time.Hour // without a try
	reservedShare = 64        // see takes
)

// An endpoint is how one webhook fares.
type endpoint struct {
	busy     int       // tries under way
	window   int       // how many may be: 1 after a failure, then doubled by each success
	failures int       // since the last success
	only     int64     // the only call whose events failed since the last success; 0: several, or none did
	opens    time.Time // no try begins before
	ended    time.Time // the last try
}

// takes reports whether one more try may begin when free more are possible in all. As these get scarce a webhook may
// hold fewer, and the last ones go to webhooks that have none, so that slow webhooks cannot keep out the others.
func (e *endpoint) takes(now time.Time, free int) bool {
	return free > 0 && !now.Before(e.opens) && e.busy < min(e.window, 1+free/reservedShare)
}

func (e *endpoint) succeed(now time.Time) {
	e.ended = now
	e.failures = 0
	e.only = 0
	e.window = min(2*e.window, mostPerWebhook)
}

// fail reports whether the circuit opens with this failure.
func (e *endpoint) fail(now time.Time, call int64, a answer) bool {
	e.ended = now
	e.blame(call)
	e.window = e.narrowed(a.verdict)
	if at := now.Add(a.after); a.after > 0 && at.After(e.opens) {
		e.opens = at
	}
	return e.trip(now)
}

func (e *endpoint) blame(call int64) {
	if e.failures == 0 {
		e.only = call
	} else if e.only != call {
		e.only = 0
	}
	e.failures++
}

func (e *endpoint) narrowed(v verdict) int {
	switch v {
	case throttled:
		return max(1, e.window/2)
	case broken, gone:
		return 1
	default:
		return e.window // it answers well enough
	}
}

// trip shuts an endpoint that failed too often for longer and longer. Tries that were under way when that happened
// tell nothing new.
func (e *endpoint) trip(now time.Time) bool {
	if e.failures < opensCircuit {
		return false
	}
	e.window = 1
	if now.Before(e.opens) {
		return false
	}
	doublings := min(e.failures-opensCircuit, 10)
	e.opens = now.Add(min(firstProbe<<doublings, longestProbe))
	return e.failures == opensCircuit
}

// forgettable reports whether e is as good as one that nothing is known of.
func (e *endpoint) forgettable(now time.Time) bool {
	if e.busy > 0 || now.Before(e.opens) {
		return false
	}
	return e.failures == 0 && e.window == mostPerWebhook || now.Sub(e.ended) > forgetAfter
}
