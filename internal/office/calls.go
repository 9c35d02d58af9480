package office

import (
	"context"
	"slices"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/dialplan"
	"github.com/ringback-hq/ringback/internal/store"
)

// A Query asks for a part of the history.
type Query struct {
	store.HistoryFilter
	Phone     string   // as written; empty: any
	PublicIDs []string // of widgets, besides WidgetIDs
	Order     string   // asc or desc; anything else: as the account has it (row C8)
}

// A Record is a call with all that is told of it.
type Record = store.CallRecord

// nobody is a filter value that matches no call.
const nobody = -1

// History returns calls of the actor's account, and how many there are on all pages together. A manager sees those that
// they answered.
func (o *Office) History(ctx context.Context, who ringback.Actor, q Query) (records []Record, count int, err error) {
	account, err := o.Account(ctx, who.AccountID)
	if err != nil {
		return nil, 0, err
	}
	if q.Phone != "" {
		q.Number = numberOrNone(q.Phone, account.Country)
	}
	q.Descending = q.Order == "desc" || q.Order != "asc" && account.NewestFirst
	if rules(who) != nil {
		q.UserIDs = ownOnly(q.UserIDs, who.UserID)
	}
	err = o.Store.Read(ctx, func(tx *store.Tx) error {
		filter := q.HistoryFilter
		for _, id := range q.PublicIDs {
			filter.WidgetIDs = append(slices.Clip(filter.WidgetIDs), widgetID(tx, who, id))
		}
		filter.WidgetIDs = within(who, filter.WidgetIDs)
		records, count, err = tx.History(who.AccountID, filter)
		return err
	})
	return records, count, err
}

// numberOrNone reads the number that is looked for. What is none was never called.
func numberOrNone(text, country string) ringback.Number {
	n, err := dialplan.Parse(text, country)
	if err != nil {
		return "none"
	}
	return n
}

// ownOnly narrows a filter for users down to one of them.
func ownOnly(asked []int64, own int64) []int64 {
	if len(asked) > 0 && !slices.Contains(asked, own) {
		return []int64{nobody}
	}
	return []int64{own}
}

func widgetID(tx *store.Tx, who ringback.Actor, publicID string) int64 {
	w, err := tx.WidgetByPublicID(who.AccountID, publicID)
	if err != nil {
		return nobody
	}
	return w.ID
}

// Call returns one call of the actor's account.
func (o *Office) Call(ctx context.Context, who ringback.Actor, id int64) (r Record, err error) {
	err = o.Store.Read(ctx, func(tx *store.Tx) error {
		r, err = tx.Record(who.AccountID, id)
		if err != nil {
			return known(err, "call")
		}
		return reachCall(tx, who, r.Call)
	})
	return r, err
}
