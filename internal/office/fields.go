package office

import (
	"context"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store"
)

// SetAnswer sets what was answered to a field of the call's widget. It tells no event (row C18).
func (o *Office) SetAnswer(ctx context.Context, who ringback.Actor, call, field int64, value string) error {
	return o.Store.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.Call(who.AccountID, call)
		if err != nil {
			return known(err, "call")
		}
		if err := reachCall(tx, who, c); err != nil {
			return err
		}
		return known(tx.SaveFieldAnswer(who.AccountID, call, field, value), "field")
	})
}

// reachCall says that the actor has nothing to do with a call: it is not there for a key of other widgets, and forbidden
// to a manager of others.
func reachCall(tx *store.Tx, who ringback.Actor, c ringback.Call) error {
	if !who.Reaches(c.WidgetID) {
		return ringback.NoSuch("call")
	}
	return reach(tx, who, c.WidgetID)
}
