package office

import (
	"context"
	"slices"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store"
)

// An Addition is a user who is to be a manager, with the hours of some or all days; no hours at all: as they are, or
// the default ones for a new manager.
type Addition struct {
	UserID  int64
	Enabled *bool // nil: as it is, or true for a new manager (row M8)
	Hours   ringback.Hours
}

// A ManagerRef names a manager by the widget and the user (API document, "Managers").
type ManagerRef struct {
	Widget Ref
	User   UserRef
}

// A ManagerChange says what is to change about a manager. Days that are not in the hours stay as they are (row M3).
type ManagerChange struct {
	Enabled *bool // nil: as it is
	Hours   ringback.Hours
}

// AddUsers makes users managers of a widget. Who is one already stays the same manager (row M1). It adds all of them or
// none and returns them in the order of the additions (row W18).
func (o *Office) AddUsers(ctx context.Context, who ringback.Actor, ref Ref, additions []Addition) ([]ringback.Manager, error) {
	if err := rules(who); err != nil {
		return nil, err
	}
	var added []ringback.Manager
	err := o.Store.Write(ctx, func(tx *store.Tx) (err error) {
		added, err = addUsers(tx, who, ref, additions)
		return err
	})
	return added, err
}

func addUsers(tx *store.Tx, who ringback.Actor, ref Ref, additions []Addition) ([]ringback.Manager, error) {
	if err := tx.LockStaff(who.AccountID); err != nil {
		return nil, err
	}
	w, err := widget(tx, who, ref)
	if err != nil {
		return nil, err
	}
	managers, err := tx.Managers(who.AccountID, w.ID)
	if err != nil {
		return nil, err
	}
	var added []ringback.Manager
	for _, a := range additions {
		m, err := addUser(tx, w, managers, a)
		if err != nil {
			return nil, err
		}
		added, managers = append(added, m), append(managers, m)
	}
	return added, nil
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
	ManagerChange{a.Enabled, a.Hours}.apply(&m)
	return m, tx.SaveManager(&m)
}

// CreateManager makes one user a manager of a widget, or changes the manager that they are there (row M1), and returns
// the manager's id.
func (o *Office) CreateManager(ctx context.Context, who ringback.Actor, ref ManagerRef, c ManagerChange, once Once) (int64, error) {
	if err := rules(who); err != nil {
		return 0, err
	}
	return o.once(ctx, who, once, func(tx *store.Tx) (int64, error) {
		u, err := managerUser(tx, who, ref.User)
		if err != nil {
			return 0, err
		}
		added, err := addUsers(tx, who, ref.Widget, []Addition{{u.ID, c.Enabled, c.Hours}})
		if err != nil {
			return 0, err
		}
		return added[0].ID, nil
	})
}

// Managers returns managers of a widget by their ids, at most limit after the first offset, and how many there are.
func (o *Office) Managers(ctx context.Context, who ringback.Actor, ref Ref, limit, offset int) (page []ringback.Manager, count int, err error) {
	err = o.Store.Read(ctx, func(tx *store.Tx) error {
		managers, err := managersAt(tx, who, ref)
		count = len(managers)
		page = managers[min(offset, count):min(offset+limit, count)]
		return err
	})
	return page, count, err
}

// Manager returns one manager.
func (o *Office) Manager(ctx context.Context, who ringback.Actor, ref ManagerRef) (m ringback.Manager, err error) {
	err = o.Store.Read(ctx, func(tx *store.Tx) (err error) {
		m, err = manager(tx, who, ref)
		return err
	})
	return m, err
}

// UpdateManager changes a manager and returns their id.
func (o *Office) UpdateManager(ctx context.Context, who ringback.Actor, ref ManagerRef, c ManagerChange) (int64, error) {
	var id int64
	err := o.changeManager(ctx, who, ref, func(tx *store.Tx, m ringback.Manager) error {
		c.apply(&m)
		id = m.ID
		return tx.SaveManager(&m)
	})
	return id, err
}

// DeleteManager makes a user no longer a manager of a widget.
func (o *Office) DeleteManager(ctx context.Context, who ringback.Actor, ref ManagerRef) error {
	return o.changeManager(ctx, who, ref, func(tx *store.Tx, m ringback.Manager) error {
		return known(tx.DeleteManager(m.AccountID, m.UserID, m.WidgetID, time.Now()), "manager")
	})
}

// changeManager does something with a manager whom nobody else changes meanwhile.
func (o *Office) changeManager(ctx context.Context, who ringback.Actor, ref ManagerRef, do func(*store.Tx, ringback.Manager) error) error {
	if err := rules(who); err != nil {
		return err
	}
	return o.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.LockStaff(who.AccountID); err != nil {
			return err
		}
		m, err := manager(tx, who, ref)
		if err != nil {
			return err
		}
		return do(tx, m)
	})
}

// manager finds a manager of a widget that the actor reaches.
func manager(tx *store.Tx, who ringback.Actor, ref ManagerRef) (ringback.Manager, error) {
	managers, err := managersAt(tx, who, ref.Widget)
	if err != nil {
		return ringback.Manager{}, err
	}
	u, err := managerUser(tx, who, ref.User)
	if err != nil {
		return ringback.Manager{}, err
	}
	i := slices.IndexFunc(managers, func(m ringback.Manager) bool { return m.UserID == u.ID })
	if i < 0 {
		return ringback.Manager{}, ringback.NoSuch("manager")
	}
	return managers[i], nil
}

// managerUser finds the user who is named by a [ManagerRef].
func managerUser(tx *store.Tx, who ringback.Actor, ref UserRef) (ringback.User, error) {
	if ref == (UserRef{}) {
		return ringback.User{}, ringback.Invalidf("user_id", "The user_id field is required.")
	}
	return user(tx, who, ref)
}

func managersAt(tx *store.Tx, who ringback.Actor, ref Ref) ([]ringback.Manager, error) {
	w, err := widget(tx, who, ref)
	if err != nil {
		return nil, err
	}
	if err := reach(tx, who, w.ID); err != nil {
		return nil, err
	}
	return tx.Managers(who.AccountID, w.ID)
}

func (c ManagerChange) apply(m *ringback.Manager) {
	if c.Enabled != nil {
		m.Enabled = *c.Enabled
	}
	m.Hours = replaceDays(m.Hours, c.Hours)
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
