package sip

import (
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// A verdict is what came of ringing.
type verdict struct {
	dialog *dialog // nil: nobody answered
	sdp    []byte
	cause  Cause // why nobody answered
	next   bool  // nothing can have rung, so another route may be tried
}

// failed is a verdict of nobody.
func failed(k Kind, reason string) verdict { return verdict{cause: Cause{Kind: k, Reason: reason}} }

// ring tries one route after the other, as long as nobody's telephone has rung: 100 Trying says only that the trunk has
// the INVITE, any other provisional answer that it got further.
func (l *Leg) ring() verdict {
	v := failed(TrunkDown, errNoAddress.Error())
	fresh := newFreshness(l.invite.SendBy)
	tried := map[string]bool{}
	for _, t := range byHealth(l.invite.Trunks) {
		t.wait(l.ctx)
		for _, r := range t.routes() {
			if tried[r.name()] {
				continue // two trunks share it
			}
			tried[r.name()] = true
			if v = l.try(r, fresh); !v.next {
				return v
			}
			l.ua.log.Info("trying the next way", "trunk", t.cfg.String(), "to", r.hop.addr.String(), "cause", v.cause.String())
		}
	}
	return v
}

// freshness says until when INVITEs may leave. A process that was stopped for a while must not ring anybody afterwards:
// by then another one may have taken over. Each further route gets as much time after the waits that lead to it.
type freshness struct {
	slack time.Duration
	until time.Time // zero: for ever
}

func newFreshness(sendBy time.Time) *freshness {
	return &freshness{slack: time.Until(sendBy), until: sendBy}
}

func (f freshness) over() bool { return !f.until.IsZero() && time.Now().After(f.until) }

// after allows for a wait that begins now.
func (f freshness) after(wait time.Duration) freshness {
	if !f.until.IsZero() {
		f.until = time.Now().Add(wait + f.slack)
	}
	return f
}

// An attempt is the INVITE of a leg on one route, as its goroutine sees it.
type attempt struct {
	leg      *Leg
	dialog   *dialog
	fresh    *freshness
	tx       *gosip.ClientTx
	logins   int  // INVITEs with credentials
	tried    bool // a provisional answer came: CANCEL may be sent (RFC 3261 section 9.1)
	rang     bool // one other than 100 came
	giveUp   bool // CANCEL was sent because it did not get on
	last     Ringing
	patience *time.Timer
}

// try rings over one route.
func (l *Leg) try(r route, fresh *freshness) verdict {
	d := l.ua.newDialog(l.invite, r)
	if !l.ua.keep(d) {
		return failed(Failed, ErrToken.Error())
	}
	a := &attempt{leg: l, dialog: d, fresh: fresh, patience: time.NewTimer(l.ua.cfg.timing.provisional)}
	defer a.patience.Stop()
	v := a.run()
	if v.dialog == nil {
		close(d.gone)
	}
	return v
}

func (a *attempt) run() verdict {
	if v, ok := a.send(); !ok {
		a.leg.ua.forget(a.dialog)
		return v
	}
	for {
		select {
		case res := <-a.tx.Responses():
			if v, over := a.hear(res); over {
				return v
			}
		case <-a.tx.Done():
			a.leg.ua.forget(a.dialog)
			return a.unheard("the trunk did not answer")
		case <-a.patience.C:
			if v, over := a.impatient(); over {
				return v
			}
		case <-a.leg.ctx.Done():
			a.abandon(a.leg.reason())
			return failed(Cancelled, clean(string(a.leg.reason())))
		}
	}
}

// send sends the INVITE, the first one or one with credentials.
func (a *attempt) send() (verdict, bool) {
	u := a.leg.ua
	req := a.dialog.compose(a.leg.invite)
	next := a.fresh.after(u.cfg.timing.dial)
	tx, err := u.txl.NewClientTransaction(u.hard, req) // opens the connection, if need be
	if err != nil {
		*a.fresh = next
		return a.unheard(err.Error()), false
	}
	switch {
	case a.leg.ctx.Err() != nil:
		tx.Terminate()
		return failed(Cancelled, ""), false
	case a.fresh.over():
		tx.Terminate()
		return failed(Stale, ErrStale.Error()), false
	}
	tx.OnRetransmission(a.dialog.again)
	if err := tx.Init(); err != nil {
		tx.Terminate()
		return a.unheard(err.Error()), false
	}
	*a.fresh = a.fresh.after(u.cfg.timing.provisional)
	a.tx = tx
	return verdict{}, true
}

// unheard is the verdict on a trunk that said nothing of use.
func (a *attempt) unheard(reason string) verdict {
	v := failed(TrunkDown, clean(reason))
	v.next = !a.rang
	return v
}

// hear handles an answer of the trunk; over says that it was the last one to wait for.
func (a *attempt) hear(res *gosip.Response) (v verdict, over bool) {
	if !sound(res) {
		a.leg.ua.tally.malformed.Add(1)
		return v, false
	}
	switch {
	case res.IsProvisional():
		a.progress(res)
		return v, false
	case res.IsSuccess():
		return a.take(res), true
	case challenged(res) && a.login(res):
		return a.resend()
	}
	a.tx.Terminate() // what comes again is a stray
	a.leg.ua.forget(a.dialog)
	return a.refused(res), true
}

// take takes the first 2xx. It is not acknowledged before its dialog is in safety: should this process die until then,
// the answer comes again, and whoever gets it releases the telephone.
func (a *attempt) take(res *gosip.Response) verdict {
	a.dialog.trunk.alive()
	a.dialog.answered(res)
	var err error
	if keep := a.leg.invite.OnAnswered; keep != nil && a.leg.ctx.Err() == nil {
		err = keep(a.dialog.snapshot())
	}
	a.dialog.confirm()
	if err != nil {
		a.dialog.hangUp("")
		a.leg.ua.forget(a.dialog)
		return failed(Failed, clean(err.Error()))
	}
	return verdict{dialog: a.dialog, sdp: res.Body()}
}

// progress handles a provisional answer.
func (a *attempt) progress(res *gosip.Response) {
	timing := a.leg.ua.cfg.timing
	if !a.tried {
		a.tried = true
		a.dialog.trunk.alive()
		a.wait(timing.ringing)
	}
	if res.StatusCode == gosip.StatusTrying {
		return
	}
	first := !a.rang
	a.rang = true
	if a.giveUp { // it crossed our CANCEL
		return
	}
	if first {
		a.wait(timing.ringMax)
	}
	e := Ringing{Code: res.StatusCode, SDP: res.Body()}
	if e.Code != a.last.Code || string(e.SDP) != string(a.last.SDP) {
		a.last = e
		a.leg.ringing(e)
	}
}

func (a *attempt) wait(d time.Duration) {
	a.patience.Reset(d)
	*a.fresh = a.fresh.after(d)
}

// maxLogins is how many INVITEs with credentials are sent: a nonce may be too old once.
const maxLogins = 2

// login prepares another INVITE with an answer to the trunk's challenge.
func (a *attempt) login(res *gosip.Response) bool {
	if a.giveUp || a.logins >= maxLogins || a.logins > 0 && !stale(res) {
		return false
	}
	a.logins++
	err := a.dialog.answerChallenge(res)
	if err != nil {
		a.leg.ua.log.Warn("the trunk wants credentials", "trunk", a.dialog.trunk.cfg.String(), "err", err)
	}
	return err == nil
}

// resend sends the INVITE with credentials.
func (a *attempt) resend() (v verdict, over bool) {
	a.tried = false
	a.tx.Terminate()
	v, ok := a.send()
	if !ok {
		a.leg.ua.forget(a.dialog)
		return v, true
	}
	a.wait(a.leg.ua.cfg.timing.provisional)
	return v, false
}

// refused reads a final refusal.
func (a *attempt) refused(res *gosip.Response) verdict {
	v := verdict{cause: causeOf(res.StatusCode, res.Reason, a.rang)}
	if v.cause.Kind != TrunkDown {
		a.dialog.trunk.alive()
	}
	if a.giveUp {
		v.cause = Cause{Kind: when(a.rang, NoAnswer, TrunkDown), Code: res.StatusCode, Reason: v.cause.Reason}
	}
	v.next = v.cause.Kind == TrunkDown && !a.rang
	return v
}

// impatient handles a trunk that does not get on: one that said nothing at all is left, one that tries is cancelled first,
// so that two telephones never ring for the same leg.
func (a *attempt) impatient() (v verdict, over bool) {
	switch {
	case !a.tried:
		a.abandon("")
		return a.unheard("the trunk did not answer"), true
	case a.giveUp: // it does not even answer our CANCEL
		a.abandon("")
		return verdict{cause: Cause{Kind: when(a.rang, NoAnswer, TrunkDown), Reason: "it did not get on"}, next: !a.rang}, true
	}
	a.giveUp = true
	a.dialog.cancel("")
	a.wait(a.leg.ua.cfg.timing.provisional)
	return v, false
}

// abandon leaves the INVITE to a goroutine that cancels it, and releases an answer that crosses the CANCEL.
func (a *attempt) abandon(r Reason) {
	cancel := a.tried && !a.giveUp
	a.leg.ua.conclude(func() { a.watch(r, cancel) })
}

// watch follows an INVITE that nobody waits for any more, until its final answer. CANCEL must not be sent before the
// first provisional one (RFC 3261 section 9.1).
func (a *attempt) watch(r Reason, cancel bool) {
	u := a.leg.ua
	defer u.forget(a.dialog)
	defer a.tx.Terminate()
	if cancel {
		a.dialog.cancel(r)
	}
	cancelled := cancel || a.giveUp
	limit := time.NewTimer(u.cfg.timing.cancelled)
	defer limit.Stop()
	for {
		select {
		case res := <-a.tx.Responses():
			switch {
			case !sound(res):
			case res.IsProvisional() && !cancelled:
				cancelled = true
				a.dialog.cancel(r)
			case res.IsProvisional():
			case res.IsSuccess():
				u.tally.cancelCross.Add(1)
				u.release(u.dialogOf(res, a.dialog))
				return
			default:
				return
			}
		case <-limit.C:
			return
		case <-a.tx.Done():
			return
		case <-u.hard.Done():
			return
		}
	}
}
