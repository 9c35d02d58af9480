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

// ringManagers rings the managers as the widget wants it, until one answers.
func (a *attempt) ringManagers(ctx context.Context) error {
	if a.widget.Settings.RingInTurn() {
		return a.ringInTurn(ctx)
	}
	return a.ringAll(ctx)
}

// A ring is what came of one telephone.
type ring struct {
	leg  int
	row  ringback.Leg
	line phone.Line
	err  error
}

// ringAll rings every manager's telephone at once. The first to answer wins; the others stop ringing, and whoever
// answers in the same moment is let go.
func (a *attempt) ringAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, ringAllFor)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)

	rings := make(chan ring)
	var ringing sync.WaitGroup
	for i, leg := range a.row.Legs {
		if leg.Party == ringback.PartyManager {
			ringing.Go(func() {
				row, line, err := a.dial(ctx, leg, nil)
				rings <- ring{i, row, line, err}
			})
		}
	}
	go func() {
		ringing.Wait()
		close(rings)
	}()

	won := false
	for r := range rings {
		a.row.Legs[r.leg] = r.row
		switch {
		case r.err != nil:
			a.failed(r.leg, r.err)
		case won:
			a.answered(r.leg, r.line)
			r.line.Hangup()
			a.end(r.leg, ringback.OutcomeElsewhere)
		default:
			won = true
			stop(phone.ErrElsewhere)
			a.answered(r.leg, r.line)
			a.row.ManagerID = a.row.Legs[r.leg].ManagerID
			a.lines[ringback.PartyManager] = r.line
		}
	}
	if !won {
		return errNobody
	}
	return nil
}

// ringInTurn rings one manager after the other, each time the next one who is free.
func (a *attempt) ringInTurn(ctx context.Context) error {
	for {
		i := len(a.row.Legs) - 1
		err := a.ringOne(ctx, i, ringEachFor, nil)
		if err == nil {
			a.row.ManagerID = a.row.Legs[i].ManagerID
			return nil
		}
		if ctx.Err() != nil {
			return errNobody
		}
		more := false
		if err := a.write(ctx, func(tx *store.Tx) error { more, err = a.nextInTurn(tx); return err }); err != nil {
			return err
		}
		if !more {
			return errNobody
		}
	}
}

// nextInTurn writes down the next manager to ring; false if nobody is left who is free.
func (a *attempt) nextInTurn(tx *store.Tx) (bool, error) {
	if err := tx.Disengage(a.call.ID); err != nil {
		return false, err
	}
	engaged, err := tx.Engaged(a.call.AccountID)
	if err != nil {
		return false, err
	}
	for _, l := range a.row.Legs {
		engaged[l.Number] = a.call.ID // has been rung in this attempt
	}
	free := idle(a.others, engaged, 1)
	if len(free) == 0 {
		return false, nil
	}
	if err := tx.Engage(a.call.AccountID, a.call.ID, numbers(free)); err != nil {
		return false, err
	}
	return true, a.intend(tx, a.managerLegs(free)...)
}

// ringOne rings the telephone of one leg. early hears what its network says before the answer.
func (a *attempt) ringOne(ctx context.Context, leg int, limit time.Duration, early phone.Line) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	row, line, err := a.dial(ctx, a.row.Legs[leg], early)
	a.row.Legs[leg] = row
	if err != nil {
		a.failed(leg, err)
		return errNobody
	}
	a.answered(leg, line)
	a.lines[a.row.Legs[leg].Party] = line
	return nil
}

// dial rings the telephone of a leg. Where the disk was so slow that the intent was stale before it could be acted on,
// nobody has been rung, and the intent is written anew. It returns the leg as it was dialled.
func (a *attempt) dial(ctx context.Context, leg ringback.Leg, early phone.Line) (ringback.Leg, phone.Line, error) {
	epoch := a.call.Epoch
	for try := 1; ; try++ {
		line, err := a.s.Phone.Dial(ctx, phone.Dial{
			Token: leg.Token, To: leg.Number, Party: leg.Party, CallID: leg.CallID, AttemptID: leg.AttemptID,
			HideFrom: leg.Party == ringback.PartyVisitor && !a.widget.Settings.Bool(ringback.SettingShowNumber),
			SendBy:   leg.DialedAt.Add(intentIsFresh), Early: early, Keep: a.keeper(ctx, leg, epoch),
		})
		if err == nil || try == freshIntents || phone.OutcomeOf(err) != ringback.OutcomeStale {
			return leg, line, err
		}
		leg.Token, leg.DialedAt = a.s.Phone.Token(), time.Now()
		err = a.s.Store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.RenewLeg(leg, epoch) })
		if err != nil {
			return leg, nil, err
		}
	}
}

// keeper returns what puts the dialog of a leg on disk when it is answered. It may be called after the attempt has gone
// on without the leg, so it touches nothing else.
func (a *attempt) keeper(ctx context.Context, leg ringback.Leg, epoch int64) func([]byte) error {
	return func(dialog []byte) error {
		leg.Dialog, leg.AnsweredAt = dialog, time.Now()
		return a.s.Store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.KeepDialog(leg, epoch) })
	}
}

// visitorLeg is the intent to ring the visitor.
func (a *attempt) visitorLeg() ringback.Leg {
	return a.leg(ringback.PartyVisitor, 0, a.call.To)
}

// managerLegs are the intents to ring managers.
func (a *attempt) managerLegs(managers []ringback.Manager) []ringback.Leg {
	legs := make([]ringback.Leg, len(managers))
	for i, m := range managers {
		legs[i] = a.leg(ringback.PartyManager, m.ID, m.User.Tel)
	}
	return legs
}

func (a *attempt) leg(p ringback.Party, manager int64, n ringback.Number) ringback.Leg {
	return ringback.Leg{
		AccountID: a.call.AccountID, CallID: a.call.ID, AttemptID: a.row.ID,
		Party: p, ManagerID: manager, Number: n, Token: a.s.Phone.Token(), DialedAt: time.Now(),
	}
}

func (a *attempt) answered(leg int, line phone.Line) {
	a.row.Legs[leg].AnsweredAt = time.Now()
	a.row.Legs[leg].Dialog = line.Dialog()
}

func (a *attempt) failed(leg int, err error) {
	outcome := phone.OutcomeOf(err)
	a.end(leg, outcome)
	if f, ok := errors.AsType[*phone.Failure](err); ok && outcome == ringback.OutcomeTrunkDown {
		a.log().Warn("no trunk took the call", "number", a.row.Legs[leg].Number.Masked(), "sip_status", f.Code, "reason", f.Reason)
	}
}

func (a *attempt) end(leg int, outcome ringback.Outcome) {
	a.row.Legs[leg].Outcome, a.row.Legs[leg].EndedAt = outcome, time.Now()
}

// ended notes the end of the answered leg of a party.
func (a *attempt) ended(p ringback.Party, outcome ringback.Outcome) {
	for i, l := range a.row.Legs {
		if l.Party == p && !l.AnsweredAt.IsZero() && l.EndedAt.IsZero() {
			a.end(i, outcome)
		}
	}
}
