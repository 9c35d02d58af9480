package switchboard

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/blob"
	"github.com/ringback-hq/ringback/internal/store"
	"github.com/ringback-hq/ringback/internal/wire"
)

// write saves all that has happened to the attempt's legs so far, and what f adds, in one transaction.
func (a *attempt) write(ctx context.Context, f func(*store.Tx) error) error {
	legs := len(a.row.Legs)
	freed := false
	err := a.s.Store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		a.row.Legs = a.row.Legs[:legs] // a transaction may be run again
		for _, l := range a.row.Legs {
			if err := tx.SaveLeg(l); err != nil {
				return err
			}
		}
		if err := tx.SaveCall(a.call); err != nil {
			return err
		}
		var err error
		if freed, err = a.freeLosers(tx); err != nil {
			return err
		}
		return f(tx)
	})
	if freed {
		a.s.Nudge() // they can take another call
	}
	return err
}

// freeLosers disengages the telephones of managers whose legs have ended, if there are any.
func (a *attempt) freeLosers(tx *store.Tx) (bool, error) {
	var free []ringback.Number
	for _, l := range a.row.Legs {
		if l.Party == ringback.PartyManager && !l.EndedAt.IsZero() {
			free = append(free, l.Number)
		}
	}
	if len(free) == 0 {
		return false, nil
	}
	return true, tx.Disengage(a.call.ID, free...)
}

// intend adds legs to the attempt. Once they are on disk their telephones may ring.
func (a *attempt) intend(tx *store.Tx, legs ...ringback.Leg) error {
	if err := tx.AddLegs(legs); err != nil {
		return err
	}
	a.row.Legs = append(a.row.Legs, legs...)
	return tx.SaveAttempt(a.row)
}

// beginTalk writes that both have answered.
func (a *attempt) beginTalk(tx *store.Tx) error {
	call := a.call
	if err := call.Become(ringback.StatusTalking); err != nil {
		return err
	}
	if a.rec != nil {
		if err := tx.AddRecording(a.rec); err != nil {
			return err
		}
		a.row.RecordingID = a.rec.ID
	}
	if err := tx.SaveAttempt(a.row); err != nil {
		return err
	}
	if err := tx.SaveCall(call); err != nil {
		return err
	}
	a.call = call
	return nil
}

// finish writes how the attempt ended, again and again until it is written: a call must end.
func (a *attempt) finish(ctx context.Context, outcome ringback.Outcome) {
	now := time.Now()
	for i, l := range a.row.Legs {
		if l.EndedAt.IsZero() {
			a.end(i, ringback.OutcomeReleased)
		}
	}
	a.row.Outcome, a.row.EndedAt = outcome, now
	a.measureRecording()
	for pause := time.Second; ; pause = min(2*pause, 30*time.Second) {
		err := a.write(ctx, func(tx *store.Tx) error { return a.settle(tx, now) })
		if err == nil {
			break
		}
		a.log().ErrorContext(ctx, "the end of an attempt could not be written", "err", err)
		if errors.Is(err, store.ErrLost) || !pauseFor(ctx, pause) {
			return
		}
	}
	a.log().InfoContext(ctx, "an attempt ended", "outcome", outcome, "status", a.call.Status)
	a.s.Told()
}

// settle ends the attempt, and the call with it unless it is to be tried again.
func (a *attempt) settle(tx *store.Tx, now time.Time) error {
	if err := tx.SaveAttempt(a.row); err != nil {
		return err
	}
	if a.rec != nil && a.rec.ID != 0 {
		if err := tx.SaveRecording(*a.rec); err != nil {
			return err
		}
	}
	if err := tx.Disengage(a.call.ID); err != nil {
		return err
	}
	call, again, err := a.verdict(tx, now)
	if err != nil {
		return err
	}
	if err := tx.Release(call); err != nil {
		return err
	}
	a.call = call
	if again {
		return nil
	}
	return tellEnd(tx, a.desk, call, &a.row, a.recordingURL())
}

// verdict says what becomes of the call: another attempt, or its end.
func (a *attempt) verdict(tx *store.Tx, now time.Time) (call ringback.Call, again bool, err error) {
	call = a.call
	call.Outcome = a.row.Outcome
	attempts, err := tx.Attempts(call.AccountID, call.ID)
	if err != nil {
		return call, false, err
	}
	if due, ok := a.retryAt(attempts, now); ok {
		call.DueAt = due
		return call, true, nil
	}
	call.EndedAt = now
	return call, false, call.Become(a.row.Outcome.Status())
}

// retryAt says when to try again, if it may help. A visitor who has been on the line knows and is left in peace;
// attempts that our own death ended do not count.
func (a *attempt) retryAt(attempts []ringback.Attempt, now time.Time) (time.Time, bool) {
	visitorKnows := !a.row.Leg(ringback.PartyVisitor).AnsweredAt.IsZero()
	if visitorKnows || !a.row.Outcome.Retry() || len(willing(a.others, attempts)) == 0 {
		return time.Time{}, false
	}
	if a.row.Outcome == ringback.OutcomeShutdown {
		return a.afterShutdown(now), true
	}
	made := 0
	for _, past := range attempts {
		if past.Outcome != ringback.OutcomeNodeLost && past.Outcome != ringback.OutcomeShutdown {
			made++
		}
	}
	return now.Add(retryAfter(made)), made < maxAttempts
}

// afterShutdown is when a call goes on that the end of the process cut short.
func (a *attempt) afterShutdown(now time.Time) time.Time {
	if a.visitorIntended() {
		return now.Add(redialVisitorIn)
	}
	return now
}

// tellEnd tells the event of a call that has become final.
func tellEnd(tx *store.Tx, d desk, c ringback.Call, last *ringback.Attempt, recordingURL string) error {
	h := wire.Happening{Call: c, Attempt: last, RecordingURL: recordingURL}
	if last != nil {
		if i := slices.IndexFunc(d.managers, func(m ringback.Manager) bool { return m.ID == last.ManagerID }); i >= 0 {
			h.Manager = &d.managers[i]
		}
	}
	if !c.Status.Missed() {
		return tell(tx, ringback.EventCallCompleted, d.account, h)
	}
	if err := tell(tx, ringback.EventCallMissed, d.account, h); err != nil {
		return err
	}
	if c.Status == ringback.StatusFailed {
		return tell(tx, ringback.EventCallFailed, d.account, h)
	}
	return nil
}

// giveUp ends a waiting call for which no manager became free.
func giveUp(tx *store.Tx, d desk, c ringback.Call, now time.Time) error {
	if c.Outcome == "" {
		c.Outcome = ringback.OutcomeNobodyFree
	}
	c.EndedAt = now
	if err := c.Become(ringback.StatusManagerFailed); err != nil {
		return err
	}
	if err := tx.SaveCall(c); err != nil {
		return err
	}
	return tellEnd(tx, d, c, nil, "")
}

// openRecording makes the file for the talk. A talk that cannot be recorded goes on all the same.
func (a *attempt) openRecording(ctx context.Context) *os.File {
	if a.s.Files == nil || !a.widget.Settings.Bool(ringback.SettingRecording) {
		return nil
	}
	name := blob.NewName()
	f, err := a.s.Files.Create(name)
	if err != nil {
		a.log().ErrorContext(ctx, "the talk is not recorded", "err", err)
		return nil
	}
	a.rec = &ringback.Recording{AccountID: a.call.AccountID, CallID: a.call.ID, Name: name, CreatedAt: time.Now()}
	return f
}

func (a *attempt) measureRecording() {
	if a.rec == nil {
		return
	}
	a.rec.Duration = a.row.EndedAt.Sub(a.row.TalkingAt)
}

func (a *attempt) recordingURL() string {
	if a.rec == nil || a.rec.ID == 0 {
		return ""
	}
	return a.s.Links.URL(a.rec.Name, time.Now().Add(blob.LinkLife))
}

func (a *attempt) log() *slog.Logger {
	return a.s.Log.With("call_id", a.call.ID, "attempt_id", a.row.ID, "account_id", a.call.AccountID)
}

func closeFile(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

// pauseFor waits, or returns false when ctx ends first.
func pauseFor(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
