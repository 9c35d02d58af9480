package switchboard

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/phone"
	"github.com/ringback-hq/ringback/internal/store"
)

// An attempt is being made by one goroutine, which alone writes its fields.
type attempt struct {
	s *Switchboard
	desk
	call   ringback.Call
	row    ringback.Attempt
	chosen []ringback.Manager // rung at first; their telephones are engaged
	others []ringback.Manager // all who could be rung
	lines  map[ringback.Party]phone.Line
	rec    *ringback.Recording
	once   sync.Once // of joined
}

// errNobody says that nobody of a party answered; the legs know why.
var errNobody = errors.New("nobody answered")

// make connects the call and writes how it ended.
func (a *attempt) make(ctx context.Context) {
	a.lines = map[ringback.Party]phone.Line{}
	outcome, err := a.connect(ctx)
	for _, line := range a.lines {
		line.Hangup()
	}
	if errors.Is(err, store.ErrLost) {
		a.log().WarnContext(ctx, "another process took the call over")
		return
	}
	if err != nil {
		a.log().ErrorContext(ctx, "the call could not go on", "err", err)
	}
	a.finish(ctx, outcome)
}

// connect rings one party, then the other, and lets them talk. It returns how the attempt ended; an error says that
// the store failed and the attempt was broken off.
func (a *attempt) connect(ctx context.Context) (ringback.Outcome, error) {
	first, second := a.managers1st, a.visitor2nd
	if a.row.VisitorFirst {
		first, second = a.visitor1st, a.managers2nd
	}
	if outcome, err := first(ctx); outcome != "" || err != nil {
		return broken(outcome, err)
	}
	if outcome, err := second(ctx); outcome != "" || err != nil {
		return broken(outcome, err)
	}
	return a.talk(ctx)
}

// broken makes sure that an attempt that the store broke off has an outcome.
func broken(outcome ringback.Outcome, err error) (ringback.Outcome, error) {
	if outcome == "" {
		outcome = ringback.OutcomeInterrupted
	}
	return outcome, err
}

// managers1st rings the managers; the visitor's telephone is silent until one of them has answered.
func (a *attempt) managers1st(ctx context.Context) (ringback.Outcome, error) {
	err := a.ringManagers(ctx)
	if errors.Is(err, errNobody) {
		return a.nobodyReached(ctx), nil
	}
	if err != nil {
		return "", err
	}
	return "", a.write(ctx, func(tx *store.Tx) error { return a.intend(tx, a.visitorLeg()) })
}

// visitor2nd rings the visitor while the manager waits on the line.
func (a *attempt) visitor2nd(ctx context.Context) (ringback.Outcome, error) {
	manager := a.lines[ringback.PartyManager]
	manager.Wait(a.prompt(ringback.PromptManagerCall))
	ctx, stop := whileUp(ctx, manager)
	defer stop()
	err := a.ringOne(ctx, len(a.row.Legs)-1, ringVisitor, manager)
	switch {
	case err == nil && a.greet(ctx):
		return "", nil
	case down(manager):
		a.ended(ringback.PartyManager, ringback.OutcomeHungUp)
		return ringback.OutcomeHungUp, nil
	case cutShort(ctx):
		return ringback.OutcomeShutdown, nil
	}
	a.say(ctx, manager, ringback.PromptUnreachable)
	if err == nil {
		a.ended(ringback.PartyVisitor, ringback.OutcomeHungUp)
		return ringback.OutcomeVisitorHungUp, nil
	}
	return a.row.Legs[len(a.row.Legs)-1].Outcome.OfVisitor(), nil
}

// greet plays the greeting to a visitor who has answered while the manager waits, where the widget's owner wants one:
// it may say what the visitor must hear before the talk, so it is not cut short. It reports whether both are still there;
// ctx ends with the manager's line.
func (a *attempt) greet(ctx context.Context) bool {
	prompt := a.prompt(ringback.PromptVisitorCall)
	if prompt == nil {
		return true
	}
	visitor := a.lines[ringback.PartyVisitor]
	if err := visitor.Play(ctx, prompt); err != nil {
		a.log().DebugContext(ctx, "the greeting was not heard to its end", "err", err)
	}
	return ctx.Err() == nil && !down(visitor)
}

// visitor1st rings the visitor.
func (a *attempt) visitor1st(ctx context.Context) (ringback.Outcome, error) {
	if a.ringOne(ctx, 0, ringVisitor, nil) != nil {
		if cutShort(ctx) {
			return ringback.OutcomeShutdown, nil
		}
		return a.row.Legs[0].Outcome.OfVisitor(), nil
	}
	return "", a.write(ctx, func(tx *store.Tx) error { return a.intend(tx, a.managerLegs(a.chosen)...) })
}

// managers2nd rings the managers while the visitor waits on the line.
func (a *attempt) managers2nd(ctx context.Context) (ringback.Outcome, error) {
	visitor := a.lines[ringback.PartyVisitor]
	visitor.Wait(a.prompt(ringback.PromptVisitorCall))
	waiting, stop := whileUp(ctx, visitor)
	defer stop()
	limited, cancel := context.WithTimeout(waiting, visitorWaits)
	defer cancel()
	err := a.ringManagers(limited)
	switch {
	case err == nil:
		return "", nil
	case !errors.Is(err, errNobody):
		return "", err
	case down(visitor):
		a.ended(ringback.PartyVisitor, ringback.OutcomeHungUp)
		return ringback.OutcomeVisitorHungUp, nil
	}
	a.say(ctx, visitor, ringback.PromptApology)
	return a.nobodyReached(ctx), nil
}

// joined notes that the attempt needs no more telephones.
func (a *attempt) joined() { a.once.Do(func() { a.s.unjoined.Add(-1) }) }

// talk lets the two talk and records them.
func (a *attempt) talk(ctx context.Context) (ringback.Outcome, error) {
	a.joined()
	file := a.openRecording(ctx)
	a.row.TalkingAt = time.Now()
	err := a.write(ctx, func(tx *store.Tx) error { return a.beginTalk(tx) })
	if err != nil {
		return ringback.OutcomeInterrupted, errors.Join(err, closeFile(file))
	}
	a.log().InfoContext(ctx, "both have answered")
	end := a.s.Phone.Join(ctx, phone.Talk{
		Manager: a.lines[ringback.PartyManager], Visitor: a.lines[ringback.PartyVisitor],
		Recording: file, Longest: longestTalk,
	})
	for _, p := range []ringback.Party{ringback.PartyManager, ringback.PartyVisitor} {
		outcome := ringback.OutcomeReleased
		if p == end.By {
			outcome = ringback.OutcomeHungUp
		}
		a.ended(p, outcome)
	}
	return end.Outcome, nil
}

// nobodyReached sums up why no manager answered: the most human reason counts.
func (a *attempt) nobodyReached(ctx context.Context) ringback.Outcome {
	if cutShort(ctx) {
		return ringback.OutcomeShutdown
	}
	for _, o := range []ringback.Outcome{
		ringback.OutcomeNoAnswer, ringback.OutcomeBusy, ringback.OutcomeDeclined, ringback.OutcomeHungUp, ringback.OutcomeStale,
		ringback.OutcomeTrunkDown, ringback.OutcomeForbidden, ringback.OutcomeUnreachable,
	} {
		for _, l := range a.row.Legs {
			if l.Party == ringback.PartyManager && l.Outcome == o {
				return o
			}
		}
	}
	return ringback.OutcomeNoAnswer
}

// say plays a prompt to its end, or as much of it as is bearable.
func (a *attempt) say(ctx context.Context, line phone.Line, name ringback.PromptName) {
	prompt := a.prompt(name)
	if prompt == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sayAtMost)
	defer cancel()
	if err := line.Play(ctx, prompt); err != nil {
		a.log().DebugContext(ctx, "the prompt was not heard to its end", "prompt", name, "err", err)
	}
}

// whileUp returns a context that ends when the line does.
func whileUp(ctx context.Context, line phone.Line) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-line.Done():
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// cutShort reports whether the process must stop.
func cutShort(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errShutdown) }

func down(line phone.Line) bool {
	select {
	case <-line.Done():
		return true
	default:
		return false
	}
}
