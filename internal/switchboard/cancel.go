package switchboard

import (
	"errors"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store"
	"github.com/ringback-hq/ringback/internal/wire"
)

// CancelAll cancels, within a transaction of the caller's, the calls at a widget that wait for their first attempt. Those
// for which a telephone rings already go on. After the commit the caller has to say [Config.Told].
func (s *Switchboard) CancelAll(tx *store.Tx, w ringback.Widget) error {
	account, err := tx.Account(w.AccountID)
	if err != nil {
		return err
	}
	calls, err := tx.WaitingCalls(w.AccountID, w.ID)
	if err != nil {
		return err
	}
	for _, c := range calls {
		if err := cancel(tx, account, c, time.Now()); err != nil && !errors.Is(err, store.ErrLost) { // it is ringing by now
			return err
		}
	}
	return nil
}

// cancel ends a call before its first attempt, and tells so.
func cancel(tx *store.Tx, account ringback.Account, c ringback.Call, now time.Time) error {
	if err := c.Become(ringback.StatusCancelled); err != nil {
		return err
	}
	c.EndedAt = now
	if err := tx.Release(c); err != nil {
		return err
	}
	return tell(tx, ringback.EventCallCancelled, account, wire.Happening{Call: c})
}
