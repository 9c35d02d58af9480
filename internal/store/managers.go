package store

import (
	"database/sql"
	"slices"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

// managerColumns are read by managerFields. The m is managers.
const managerColumns = `m.id, m.account_id, m.widget_id, m.user_id, m.enabled, m.hours, ` + userColumns

var managerSQL = struct{ save, get, of, departments, departmentsOf, remove, removeAll, leave query }{
	save: `INSERT INTO managers (account_id, widget_id, user_id, enabled, hours) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (widget_id, user_id) DO UPDATE SET enabled = excluded.enabled, hours = excluded.hours, deleted_at = NULL
		WHERE managers.account_id = excluded.account_id RETURNING id`,
	get: `SELECT ` + managerColumns + ` FROM managers m JOIN users u ON u.account_id = m.account_id AND u.id = m.user_id
		WHERE m.account_id = $1 AND m.id = $2 AND m.deleted_at IS NULL AND u.deleted_at IS NULL`,
	of: `SELECT ` + managerColumns + ` FROM managers m JOIN users u ON u.account_id = m.account_id AND u.id = m.user_id
		WHERE m.account_id = $1 AND m.widget_id = $2 AND m.deleted_at IS NULL AND u.deleted_at IS NULL ORDER BY m.id`,
	departments: `SELECT md.manager_id, d.id, d.name FROM manager_departments md
		JOIN departments d ON d.account_id = md.account_id AND d.id = md.department_id
		WHERE md.account_id = $1 AND md.manager_id = $2 ORDER BY d.id`,
	departmentsOf: `SELECT md.manager_id, d.id, d.name FROM managers m
		JOIN manager_departments md ON md.account_id = m.account_id AND md.manager_id = m.id
		JOIN departments d ON d.account_id = md.account_id AND d.id = md.department_id
		WHERE m.account_id = $1 AND m.widget_id = $2 ORDER BY d.id`,
	remove: `UPDATE managers SET deleted_at = $4
		WHERE account_id = $1 AND user_id = $2 AND widget_id = $3 AND deleted_at IS NULL`,
	removeAll: `UPDATE managers SET deleted_at = $3 WHERE account_id = $1 AND user_id = $2 AND deleted_at IS NULL`,
	leave: `DELETE FROM manager_departments WHERE account_id = $1
		AND manager_id IN (SELECT id FROM managers WHERE account_id = $1 AND user_id = $2 AND deleted_at IS NOT NULL)`,
}

var departmentSQL = struct{ add, get, put query }{
	add: `INSERT INTO departments (account_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id`,
	get: `SELECT id, name FROM departments WHERE account_id = $1 AND id = $2`,
	put: `INSERT INTO manager_departments (account_id, manager_id, department_id)
		SELECT m.account_id, m.id, d.id FROM managers m JOIN departments d ON d.account_id = m.account_id
		WHERE m.account_id = $1 AND m.id = $2 AND d.id = $3 AND m.deleted_at IS NULL
		ON CONFLICT (manager_id, department_id) DO UPDATE SET account_id = excluded.account_id`,
}

// SaveManager makes the user a manager at the widget, or changes the manager that they are, or were, there already. It sets
// the ID, which stays the same. It leaves departments alone.
func (tx *Tx) SaveManager(m *ringback.Manager) error {
	hours, err := document(toShifts(m.Hours))
	if err != nil {
		return err
	}
	if err := tx.db.Insert(&m.ID, managerSQL.save, m.AccountID, m.WidgetID, m.UserID, m.Enabled, hours); err != nil {
		return err
	}
	return tx.staffChanged(m.AccountID)
}

// Managers returns the managers of a widget by their ids, each with who it is and in which departments. Users who
// were deleted are left out. Hours and departments are shared with other readers: do not change them.
func (tx *Tx) Managers(account, widget int64) ([]ringback.Manager, error) {
	mark, known, err := sqldb.Maybe(sqldb.One(tx.db, sqldb.Value[int64], staffSQL.mark, account, widget))
	if err != nil || !known {
		return nil, err
	}
	if managers, ok := tx.staff.get(widget, mark); ok {
		return managers, nil
	}
	managers, err := tx.readManagers(account, widget)
	if err == nil {
		tx.staff.put(widget, staff{mark, slices.Clone(managers)})
	}
	return managers, err
}

func (tx *Tx) readManagers(account, widget int64) ([]ringback.Manager, error) {
	managers, err := sqldb.All(tx.db, scanManager, managerSQL.of, account, widget)
	if err != nil {
		return nil, err
	}
	members, err := sqldb.All(tx.db, scanMember, managerSQL.departmentsOf, account, widget)
	for _, member := range members {
		for i := range managers {
			if managers[i].ID == member.manager {
				managers[i].Departments = append(managers[i].Departments, member.department)
			}
		}
	}
	return managers, err
}

// Manager returns one manager, with who it is and in which departments.
func (tx *Tx) Manager(account, id int64) (ringback.Manager, error) {
	m, err := sqldb.One(tx.db, scanManager, managerSQL.get, account, id)
	if err != nil {
		return m, err
	}
	members, err := sqldb.All(tx.db, scanMember, managerSQL.departments, account, id)
	for _, member := range members {
		m.Departments = append(m.Departments, member.department)
	}
	return m, err
}

// DeleteManager makes a user no longer a manager at a widget. The history still tells what they answered.
func (tx *Tx) DeleteManager(account, user, widget int64, at time.Time) error {
	if err := tx.db.Change(ErrNotFound, managerSQL.remove, account, user, widget, at.UnixMilli()); err != nil {
		return err
	}
	return tx.leaveDepartments(account, user)
}

// leaveDepartments takes what was a manager out of the departments: who comes back begins anew.
func (tx *Tx) leaveDepartments(account, user int64) error {
	if _, err := tx.db.Exec(managerSQL.leave, account, user); err != nil {
		return err
	}
	return tx.staffChanged(account)
}

// AddDepartment adds a department and sets its ID.
func (tx *Tx) AddDepartment(account int64, d *ringback.Department) error {
	return tx.db.Insert(&d.ID, departmentSQL.add, account, d.Name)
}

// Department returns a department.
func (tx *Tx) Department(account, id int64) (ringback.Department, error) {
	return sqldb.One(tx.db, scanDepartment, departmentSQL.get, account, id)
}

func scanDepartment(r *sql.Rows) (d ringback.Department, err error) {
	err = r.Scan(&d.ID, &d.Name)
	return d, err
}

// PutInDepartment makes a manager one of a department, if they are not.
func (tx *Tx) PutInDepartment(account, manager, department int64) error {
	if err := tx.db.Change(ErrNotFound, departmentSQL.put, account, manager, department); err != nil {
		return err
	}
	return tx.staffChanged(account)
}

func scanManager(r *sql.Rows) (m ringback.Manager, err error) {
	err = r.Scan(managerFields(&m)...)
	return m, err
}

func managerFields(m *ringback.Manager) []any {
	return append([]any{
		&m.ID, &m.AccountID, &m.WidgetID, &m.UserID, &m.Enabled, toHours{&m.Hours},
	}, userFields(&m.User)...)
}

// A member is one manager in one department.
type member struct {
	manager    int64
	department ringback.Department
}

func scanMember(r *sql.Rows) (m member, err error) {
	err = r.Scan(&m.manager, &m.department.ID, &m.department.Name)
	return m, err
}

// A shift is how one of the hours is stored.
type shift struct {
	Weekday int    `json:"weekday"`
	Enabled bool   `json:"enabled"`
	Start   int    `json:"start"` // seconds after midnight
	End     int    `json:"end"`
	Zone    string `json:"zone,omitempty"`
}

func toShifts(hours ringback.Hours) []shift {
	shifts := make([]shift, len(hours))
	for i, s := range hours {
		shifts[i] = shift{int(s.Weekday), s.Enabled, int(s.Start), int(s.End), s.Zone}
	}
	return shifts
}

// toHours scans stored shifts.
type toHours struct{ hours *ringback.Hours }

// Scan reads stored shifts.
func (c toHours) Scan(v any) error {
	var shifts []shift
	if err := (toJSON{&shifts}).Scan(v); err != nil {
		return err
	}
	for _, s := range shifts {
		*c.hours = append(*c.hours, ringback.Shift{
			Weekday: time.Weekday(s.Weekday), Enabled: s.Enabled,
			Start: ringback.Clock(s.Start), End: ringback.Clock(s.End), Zone: s.Zone,
		})
	}
	return nil
}
