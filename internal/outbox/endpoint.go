package outbox

import "time"

const (
	opensCircuit  = 10               // failures in a row; from then on the webhook gets a single try now and then
	firstProbe    = 30 * time.Second // after the circuit opened; every failure doubles it
	longestProbe  = 10 * time.Minute
	dead          = 120 * time.Hour // of failures and no success; then the webhook is disabled
	forgetAfter   = 30 * time.Hour  // without a try; longer than any wait between two
	reservedShare = 64              // see takes
)

// An endpoint is how one webhook fares.
type endpoint struct {
	busy     int           // tries under way
	window   int           // how many may be: 1 after a failure, then doubled by each success
	failures int           // since the last success
	failing  time.Time     // the first of them
	only     int64         // the only call whose events failed since the last success; 0: several, or none did
	pause    time.Duration // between tries while the circuit is open; 0: it is closed
	opens    time.Time     // no try begins before
	ended    time.Time     // the last try
}

// takes reports whether one more try may begin when free more are possible in all. As these get scarce a webhook may
// hold fewer, and the last ones go to webhooks that have none, so that slow webhooks cannot keep out the others.
func (e *endpoint) takes(now time.Time, free int) bool {
	return free > 0 && !now.Before(e.opens) && e.busy < min(e.window, 1+free/reservedShare)
}

func (e *endpoint) succeed(now time.Time) {
	e.ended = now
	e.failures = 0
	e.pause = 0
	e.window = min(2*e.window, mostPerWebhook)
}

// fail reports whether the circuit opens with this failure, and whether the webhook counts as dead by now.
func (e *endpoint) fail(now time.Time, call int64, a answer) (opened, died bool) {
	e.ended = now
	e.blame(now, call)
	e.window = e.narrowed(a.verdict)
	opened = e.trip(now)
	if at := now.Add(a.after); at.After(e.opens) {
		e.opens = at
	}
	if now.Sub(e.failing) < dead {
		return opened, false
	}
	e.failures = 0 // somebody who enables it again gives it as long again
	return opened, true
}

func (e *endpoint) blame(now time.Time, call int64) {
	switch {
	case e.failures == 0:
		e.failing, e.only = now, call
	case e.only != call:
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

// trip shuts an endpoint that fails too often for longer and longer. Tries that were under way when that happened tell
// nothing new.
func (e *endpoint) trip(now time.Time) bool {
	if e.failures < opensCircuit {
		return false
	}
	e.window = 1
	closed := e.pause == 0
	if !closed && now.Before(e.opens) {
		return false
	}
	e.pause = min(max(2*e.pause, firstProbe), longestProbe)
	e.opens = now.Add(e.pause)
	return closed
}

// forgettable reports whether e is as good as one that nothing is known of.
func (e *endpoint) forgettable(now time.Time) bool {
	if e.busy > 0 || now.Before(e.opens) {
		return false
	}
	return e.failures == 0 && e.window == mostPerWebhook || now.Sub(e.ended) > forgetAfter
}
