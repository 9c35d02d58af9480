package office

import (
	"context"
	"slices"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store"
)

// An Addition is a user who is to be a manager, with the hours of some or all days; no hours at all: as they are, or
// the default ones for a new manager.
type Addition struct {
	UserID int64
	Hours  ringback.Hours
}

// AddUsers makes users managers of a widget. Who is one already stays the same manager (row M1). It adds all of them or
// none and returns them in the order of the additions (row W18).
func (o *Office) AddUsers(ctx context.Context, who ringback.Actor, ref Ref, additions []Addition) ([]ringback.Manager, error) {
	if err := rules(who); err != nil {
		return nil, err
	}
	var added []ringback.Manager
	err := o.Store.Write(ctx, func(tx *store.Tx) error {
		added = nil
		w, err := widget(tx, who, ref)
		if err != nil {
			return err
		}
		managers, err := tx.Managers(who.AccountID, w.ID)
		if err != nil {
			return err
		}
		for _, a := range additions {
			m, err := addUser(tx, w, managers, a)
			if err != nil {
				return err
			}
			added, managers = append(added, m), append(managers, m)
		}
		return nil
	})
	return added, err
}

func addUser(tx *store.Tx, w ringback.Widget, managers []ringback.Manager, a Addition) (ringback.Manager, error) {
	if _, err := tx.User(w.AccountID, a.UserID); err != nil {
		return ringback.Manager{}, known(err, "user")
	}
	m := ringback.Manager{
		AccountID: w.AccountID, WidgetID: w.ID, UserID: a.UserID, Enabled: true, Hours: ringback.DefaultHours(ringback.DefaultZone),
	}
	for _, each := range managers { // the last counts: a user may be added twice at once
		if each.UserID == a.UserID {
			m = each
		}
	}
	m.Hours = replaceDays(m.Hours, a.Hours)
	return m, tx.SaveManager(&m)
}

// replaceDays puts new days in the place of the same weekdays in old and leaves the other days as they are (row M3).
func replaceDays(old, days ringback.Hours) ringback.Hours {
	week := slices.Clone(days)
	for _, s := range old {
		if !slices.ContainsFunc(days, func(d ringback.Shift) bool { return d.Weekday == s.Weekday }) {
			week = append(week, s)
		}
	}
	slices.SortStableFunc(week, func(a, b ringback.Shift) int { return int(a.Weekday - b.Weekday) })
	return week
}
