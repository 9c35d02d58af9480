package switchboard

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store"
)

// errShutdown is the cause with which attempts are cut short when the time to drain is over.
var errShutdown = errors.New("the process must stop")

// Run settles what a dead process left behind and takes due calls until ctx ends. Then it takes no more, waits up to
// drain for the attempts that are being made, cuts short what is left, and returns.
func (s *Switchboard) Run(ctx context.Context, drain time.Duration) {
	calls, cut := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cut(nil)
	s.calls.Go(func() { s.recover(calls) })
	s.calls.Go(func() { s.tidy(ctx) })
	for ctx.Err() == nil {
		next, err := s.take(calls)
		if err != nil {
			s.Log.ErrorContext(ctx, "taking due calls failed", "err", err)
			next = time.Now().Add(time.Second)
		}
		s.sleep(ctx, next)
	}
	s.draining.Store(true)
	limit := time.AfterFunc(drain, func() { cut(errShutdown) })
	defer limit.Stop()
	s.calls.Wait()
}

// How long the answers to requests with an Idempotency-Key are kept, and how often old ones are looked for.
const (
	answersLast = 24 * time.Hour
	tidyEvery   = time.Hour
)

// tidy forgets, until ctx ends, what nobody may ask for any more.
func (s *Switchboard) tidy(ctx context.Context) {
	for {
		err := s.Store.Write(ctx, func(tx *store.Tx) error { return tx.ForgetAnswers(time.Now().Add(-answersLast)) })
		if err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "old answers could not be forgotten", "err", err)
		}
		if !pauseFor(ctx, tidyEvery) {
			return
		}
	}
}

// longestSleep bounds how long a change of the clock, or a call of another process, goes unnoticed.
const longestSleep = 10 * time.Second

// sleep waits for the next due time, a nudge or the end.
func (s *Switchboard) sleep(ctx context.Context, until time.Time) {
	wait := longestSleep
	if !until.IsZero() {
		wait = min(wait, time.Until(until))
	}
	t := time.NewTimer(max(wait, 0))
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-s.nudge:
	case <-t.C:
	}
}

// take claims the due calls for which a manager is free and sets them ringing. It returns when the next one is due.
func (s *Switchboard) take(ctx context.Context) (time.Time, error) {
	var p pass
	var next time.Time
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		p = pass{
			s: s, tx: tx, now: time.Now(), lines: s.Phone.Room() - int(s.unjoined.Load()),
			engaged: map[int64]map[ringback.Number]int64{},
		}
		queues, err := tx.Queues(p.now)
		if err != nil {
			return err
		}
		for _, q := range queues {
			if err := p.takeFrom(q); err != nil {
				return err
			}
		}
		next, _, err = tx.NextDue(p.now)
		return err
	})
	if err != nil {
		return time.Time{}, err
	}
	for _, a := range p.taken {
		s.begin(ctx, a)
	}
	if p.given {
		s.Told()
	}
	if len(p.taken) == mostAtOnce { // there may be more
		s.Nudge()
	}
	if soon := p.now.Add(roomAgainIn); p.full && (next.IsZero() || next.After(soon)) {
		next = soon
	}
	return next, nil
}

// roomAgainIn is when to look again after there was no room for more telephones.
const roomAgainIn = 200 * time.Millisecond

// mostAtOnce bounds one transaction, and how many telephones begin to ring in the same instant.
const mostAtOnce = 64

// begin makes an attempt in a goroutine of its own.
func (s *Switchboard) begin(ctx context.Context, a *attempt) {
	s.live.Add(1)
	s.unjoined.Add(1)
	s.calls.Go(func() {
		defer s.live.Add(-1)
		a.make(ctx)
		a.joined()
		s.Nudge() // managers are free again
	})
}

// A pass is one look at all that is due, in one transaction.
type pass struct {
	s       *Switchboard
	tx      *store.Tx
	now     time.Time
	engaged map[int64]map[ringback.Number]int64 // telephones that ring or talk, by account
	lines   int                                 // how many more telephones may ring
	full    bool                                // a call waits only because there was no room
	taken   []*attempt
	given   bool // some call was given up
}

// A desk is a widget with those who answer there.
type desk struct {
	account  ringback.Account
	widget   ringback.Widget
	managers []ringback.Manager
	said     []ringback.Prompt                      // the widget's own
	duty     map[ringback.Wanted][]ringback.Manager // of those who were asked for, in this pass
}

// onDuty returns the managers who are on duty now. Nobody may change what it returns.
func (d desk) onDuty(w ringback.Wanted, now time.Time) []ringback.Manager {
	on, ok := d.duty[w]
	if !ok {
		on = ringback.OnDuty(d.managers, w, now)
		d.duty[w] = on
	}
	return on
}

// takeFrom takes what it can from one widget's queue: oldest first, never more calls than free managers.
func (p *pass) takeFrom(q store.Queue) error {
	d, err := openDesk(p.tx, q.AccountID, q.WidgetID)
	if err != nil {
		return err
	}
	room, err := p.room(d.account)
	if err != nil {
		return err
	}
	waiting := q.Waiting
	for after := (store.Cursor{}); ; {
		calls, err := p.tx.DueCalls(q, p.now, after, 64)
		if err != nil || len(calls) == 0 {
			return err
		}
		for _, c := range calls {
			after = store.Cursor{DueAt: c.DueAt, ID: c.ID}
			if len(p.taken) == mostAtOnce {
				return nil
			}
			took, err := p.takeCall(d, c, waiting, room > 0)
			if err != nil {
				return err
			}
			waiting--
			if took {
				room--
			}
		}
		free, err := p.notEngaged(d.account.ID, d.onDuty(ringback.Wanted{}, p.now), 1)
		stuck := len(free) == 0 || room <= 0 || p.full
		if err != nil || stuck && !p.anyGivenUp(q) {
			return err
		}
	}
}

// anyGivenUp reports whether the oldest call of a queue has waited so long that the rest must be looked at even
// though nobody is free.
func (p *pass) anyGivenUp(q store.Queue) bool { return p.now.Sub(q.Oldest) > ringback.LongestWait }

// room returns how many more calls the account may have at a time.
func (p *pass) room(a ringback.Account) (int, error) {
	if a.LimitsOff {
		return mostAtOnce, nil
	}
	live, err := p.tx.LiveCalls(a.ID)
	return ringback.LimitLiveCalls.Count - live, err
}

// takeCall claims one call if somebody is free for it; it gives the call up if nobody will be.
func (p *pass) takeCall(d desk, c ringback.Call, waiting int, room bool) (bool, error) {
	onDuty, err := p.callable(d, c)
	if err != nil {
		return false, err
	}
	if len(onDuty) == 0 || c.GivenUp(p.now) {
		p.given = true
		return false, giveUp(p.tx, d, c, p.now)
	}
	free, err := p.notEngaged(d.account.ID, onDuty, mostRung(d.widget))
	if err != nil || len(free) == 0 || !room {
		return false, err
	}
	if p.lines < 2 {
		p.full = true
		return false, nil
	}
	chosen := share(d.widget, free, waiting)
	chosen = chosen[:min(len(chosen), p.lines-1)] // one is the visitor's
	p.lines -= len(chosen) + 1
	a, err := p.claim(d, c, chosen)
	if err != nil {
		return false, err
	}
	a.others = onDuty
	p.taken = append(p.taken, a)
	return true, nil
}

// callable returns the managers on duty who have not hung up on this call before.
func (p *pass) callable(d desk, c ringback.Call) ([]ringback.Manager, error) {
	onDuty := otherThan(c.To, d.onDuty(c.Wanted, p.now))
	if c.Attempts == 0 {
		return onDuty, nil
	}
	attempts, err := p.tx.Attempts(c.AccountID, c.ID)
	return willing(onDuty, attempts), err
}

// willing leaves out the managers who hung up on a call before its visitor answered.
func willing(managers []ringback.Manager, attempts []ringback.Attempt) []ringback.Manager {
	gone := map[int64]bool{}
	for _, a := range attempts {
		for _, l := range a.Legs {
			if l.Party == ringback.PartyManager && l.Outcome == ringback.OutcomeHungUp {
				gone[l.ManagerID] = true
			}
		}
	}
	var left []ringback.Manager
	for _, m := range managers {
		if !gone[m.ID] {
			left = append(left, m)
		}
	}
	return left
}

// mostRung is how many managers of a widget a call may ring at a time.
func mostRung(w ringback.Widget) int {
	if w.Settings.RingInTurn() {
		return 1
	}
	return math.MaxInt
}

// notEngaged returns the first few managers whose telephone neither rings nor talks, each telephone once.
func (p *pass) notEngaged(account int64, managers []ringback.Manager, most int) ([]ringback.Manager, error) {
	engaged, ok := p.engaged[account]
	if !ok {
		var err error
		if engaged, err = p.tx.Engaged(account); err != nil {
			return nil, err
		}
		p.engaged[account] = engaged
	}
	return idle(managers, engaged, most), nil
}

func idle(managers []ringback.Manager, engaged map[ringback.Number]int64, most int) []ringback.Manager {
	var free []ringback.Manager
	seen := map[ringback.Number]bool{}
	for _, m := range managers {
		if len(free) == most {
			break
		}
		if _, busy := engaged[m.User.Tel]; !busy && !seen[m.User.Tel] {
			seen[m.User.Tel] = true
			free = append(free, m)
		}
	}
	return free
}

// share returns the managers whom one call rings at first: the next one in turn, or an equal share of all who are
// free, so that as many calls ring at a time as there are managers.
func share(w ringback.Widget, free []ringback.Manager, waiting int) []ringback.Manager {
	return free[:max(1, min(mostRung(w), len(free)/max(1, waiting)))]
}

// claim writes an attempt and what it will dial first, and engages the managers' telephones.
func (p *pass) claim(d desk, c ringback.Call, managers []ringback.Manager) (*attempt, error) {
	if err := c.Become(ringback.StatusRinging); err != nil {
		return nil, err
	}
	c.Attempts++
	if err := p.tx.Claim(&c, p.s.node); err != nil {
		return nil, err
	}
	a := &attempt{s: p.s, desk: d, call: c}
	a.row = ringback.Attempt{
		AccountID: c.AccountID, CallID: c.ID, Number: c.Attempts,
		VisitorFirst: d.widget.Settings.VisitorFirst(), QueuedAt: p.now,
	}
	if a.row.VisitorFirst {
		a.row.Legs = []ringback.Leg{a.visitorLeg()}
	} else {
		a.row.Legs = a.managerLegs(managers)
	}
	a.chosen = managers
	if err := p.tx.AddAttempt(&a.row); err != nil {
		return nil, err
	}
	for _, m := range managers {
		p.engaged[c.AccountID][m.User.Tel] = c.ID
	}
	return a, p.tx.Engage(c.AccountID, c.ID, numbers(managers))
}

func numbers(managers []ringback.Manager) []ringback.Number {
	out := make([]ringback.Number, len(managers))
	for i, m := range managers {
		out[i] = m.User.Tel
	}
	return out
}

func openDesk(tx *store.Tx, account, widget int64) (d desk, err error) {
	d.duty = map[ringback.Wanted][]ringback.Manager{}
	if d.account, err = tx.Account(account); err != nil {
		return d, err
	}
	if d.widget, err = tx.AnyWidget(account, widget); err != nil {
		return d, err
	}
	if d.said, err = tx.Prompts(account, widget); err != nil {
		return d, err
	}
	d.managers, err = tx.Managers(account, widget)
	return d, err
}
