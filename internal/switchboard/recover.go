package switchboard

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/phone/media"
	"github.com/ringback-hq/ringback/internal/store"
)

// How a call goes on after the process that led it has died.
const (
	redialYoungerThan = 10 * time.Minute // managers may be rung again at once for a call that is no older
	redialVisitorIn   = 2 * time.Minute  // a visitor whose telephone may have rung is left alone for a while
	talkCounts        = 10 * time.Second // a talk that was at least so long is completed
)

// recover ends the legs that a dead process left behind and settles its attempts.
func (s *Switchboard) recover(ctx context.Context) {
	var orphans []ringback.Attempt
	err := s.Store.Read(ctx, func(tx *store.Tx) error {
		var err error
		orphans, err = tx.Orphans(s.node)
		return err
	})
	if err != nil {
		s.Log.ErrorContext(ctx, "interrupted calls could not be read", "err", err)
		return
	}
	if len(orphans) == 0 {
		return
	}
	s.Log.InfoContext(ctx, "settling interrupted calls", "attempts", len(orphans))
	var settling sync.WaitGroup
	slots := make(chan struct{}, 32)
	for _, o := range orphans {
		slots <- struct{}{}
		settling.Go(func() {
			defer func() { <-slots }()
			s.settleOrphan(ctx, o)
		})
	}
	settling.Wait()
	s.Nudge()
	s.Told()
}

func (s *Switchboard) settleOrphan(ctx context.Context, o ringback.Attempt) {
	log := s.Log.With("call_id", o.CallID, "attempt_id", o.ID, "account_id", o.AccountID)
	s.releaseLegs(ctx, o)
	var outcome ringback.Outcome
	err := s.Store.Write(ctx, func(tx *store.Tx) (err error) {
		outcome, err = s.settleLost(tx, o)
		return err
	})
	switch {
	case errors.Is(err, store.ErrLost):
		log.InfoContext(ctx, "another process settled the interrupted call")
	case err != nil:
		log.ErrorContext(ctx, "an interrupted call could not be settled", "err", err)
	default:
		log.InfoContext(ctx, "an interrupted call was settled", "outcome", outcome)
	}
}

// releaseLegs hangs up every telephone that the dead process may have left ringing or talking.
func (s *Switchboard) releaseLegs(ctx context.Context, o ringback.Attempt) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var releasing sync.WaitGroup
	for _, l := range o.Legs {
		if !l.EndedAt.IsZero() {
			continue
		}
		releasing.Go(func() {
			if err := s.Phone.Release(ctx, l); err != nil {
				s.Log.WarnContext(ctx, "a telephone could not be released", "call_id", l.CallID, "number", l.Number.Masked(), "err", err)
			}
		})
	}
	releasing.Wait()
}

// settleLost writes the end of an interrupted attempt and what becomes of its call.
func (s *Switchboard) settleLost(tx *store.Tx, o ringback.Attempt) (ringback.Outcome, error) {
	call, err := tx.Call(o.AccountID, o.CallID)
	if err != nil {
		return "", err
	}
	if err := tx.Claim(&call, s.node); err != nil { // fences the dead process, should it only have slept
		return "", err
	}
	d, err := openDesk(tx, o.AccountID, call.WidgetID)
	if err != nil {
		return "", err
	}
	a := &attempt{s: s, desk: d, call: call, row: o, others: otherThan(call.To, d.onDuty(call.Wanted, time.Now()))}
	err = a.settleInterrupted(tx, time.Now())
	return a.row.Outcome, err
}

func (a *attempt) settleInterrupted(tx *store.Tx, now time.Time) error {
	if err := a.mendRecording(tx, now); err != nil {
		return err
	}
	outcome, due := a.lost(now)
	a.row.Outcome = outcome
	if a.row.EndedAt.IsZero() {
		a.row.EndedAt = now
	}
	for i, l := range a.row.Legs {
		if l.EndedAt.IsZero() {
			a.row.Legs[i].Outcome, a.row.Legs[i].EndedAt = ringback.OutcomeNodeLost, a.row.EndedAt
		}
		if err := tx.SaveLeg(a.row.Legs[i]); err != nil {
			return err
		}
	}
	if due.IsZero() {
		return a.settle(tx, now)
	}
	return a.settleAgain(tx, due)
}

// settleAgain ends the attempt and lets the call be tried again.
func (a *attempt) settleAgain(tx *store.Tx, due time.Time) error {
	if err := tx.SaveAttempt(a.row); err != nil {
		return err
	}
	if err := tx.Disengage(a.call.ID); err != nil {
		return err
	}
	a.call.Outcome, a.call.DueAt = a.row.Outcome, due
	return tx.Release(a.call)
}

// lost says how an interrupted attempt ended and, where the call goes on, when. A zero time: the call is over.
func (a *attempt) lost(now time.Time) (ringback.Outcome, time.Time) {
	switch {
	case !a.row.TalkingAt.IsZero() && a.row.EndedAt.Sub(a.row.TalkingAt) >= talkCounts:
		return ringback.OutcomeCompleted, time.Time{}
	case !a.row.TalkingAt.IsZero():
		return ringback.OutcomeInterrupted, time.Time{}
	case !a.visitorIntended():
		if now.Sub(a.call.CreatedAt) < redialYoungerThan {
			return ringback.OutcomeNodeLost, now
		}
		return ringback.OutcomeNodeLost, time.Time{}
	case a.call.Outcome == ringback.OutcomeVisitorLost:
		return ringback.OutcomeVisitorLost, time.Time{} // it has happened before
	default:
		return ringback.OutcomeVisitorLost, now.Add(redialVisitorIn)
	}
}

func (a *attempt) visitorIntended() bool {
	for _, l := range a.row.Legs {
		if l.Party == ringback.PartyVisitor {
			return true
		}
	}
	return false
}

// mendRecording makes an interrupted recording playable. Its length tells when the talk broke off.
func (a *attempt) mendRecording(tx *store.Tx, now time.Time) error {
	if !a.row.TalkingAt.IsZero() {
		a.row.EndedAt = now
	}
	if a.row.RecordingID == 0 || a.s.Files == nil {
		return nil
	}
	rec, err := tx.Recording(a.row.RecordingID)
	if err != nil {
		return err
	}
	path, err := a.s.Files.Path(rec.Name)
	if err != nil {
		return err
	}
	length, err := media.Repair(path)
	if err != nil {
		a.log().Error("an interrupted recording could not be mended", "err", err)
		return nil // the call must end even so
	}
	rec.Duration = length
	a.rec = &rec
	a.row.EndedAt = a.row.TalkingAt.Add(length)
	return nil
}
