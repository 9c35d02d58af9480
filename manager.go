package ringback

import (
	"slices"
	"time"
)

// A Manager is a [User] at a [Widget]: a person who answers its calls, with hours.
type Manager struct {
	ID, AccountID, WidgetID, UserID int64
	Enabled                         bool
	Hours                           Hours
	Departments                     []Department
	User                            User // who it is
}

// A Department is a named group of managers of one account.
type Department struct {
	ID   int64
	Name string
}

// Wanted says which managers a visitor asked for: those of a department, a single one, or anybody.
type Wanted struct {
	DepartmentID, ManagerID int64 // 0: any
}

// Matches reports whether m is one of those who are wanted.
func (w Wanted) Matches(m Manager) bool {
	if w.ManagerID != 0 && m.ID != w.ManagerID {
		return false
	}
	return w.DepartmentID == 0 || slices.ContainsFunc(m.Departments, func(d Department) bool { return d.ID == w.DepartmentID })
}

// OnDuty returns those of the managers who are wanted, enabled, have a telephone and are within their hours.
func OnDuty(managers []Manager, w Wanted, now time.Time) []Manager {
	var on []Manager
	for _, m := range managers {
		if w.servedBy(m, now) {
			on = append(on, m)
		}
	}
	return on
}

// Staffed reports whether anybody is on duty.
func Staffed(managers []Manager, w Wanted, now time.Time) bool {
	return slices.ContainsFunc(managers, func(m Manager) bool { return w.servedBy(m, now) })
}

func (w Wanted) servedBy(m Manager, now time.Time) bool {
	return m.Enabled && m.User.Tel.Valid() && w.Matches(m) && m.Hours.Open(now)
}

// NextSlot returns the first instant after now at which one of the wanted managers is on duty, or false where
// there is none within two weeks.
func NextSlot(managers []Manager, w Wanted, now time.Time) (time.Time, bool) {
	var first time.Time
	for _, m := range managers {
		if !m.Enabled || !m.User.Tel.Valid() || !w.Matches(m) {
			continue
		}
		if t, ok := m.Hours.Next(now); ok && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first, !first.IsZero()
}
