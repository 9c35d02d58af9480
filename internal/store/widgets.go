package store

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

const widgetColumns = `id, account_id, public_id, url, description, locale, enabled, sms_name, settings,
	installed_at, created_at, updated_at, deleted_at`

// widgetSQL.mine and the like are pieces of a list.
var widgetSQL = struct{ add, get, any, byPublicID, anywhere, save, seen, list, count, mine, those, calls, waiting, managers, departments query }{
	add: `INSERT INTO widgets (account_id, public_id, url, site, description, locale, enabled, sms_name, settings,
			installed_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING RETURNING id`,
	get:        `SELECT ` + widgetColumns + ` FROM widgets WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL`,
	any:        `SELECT ` + widgetColumns + ` FROM widgets WHERE account_id = $1 AND id = $2`,
	byPublicID: `SELECT ` + widgetColumns + ` FROM widgets WHERE account_id = $1 AND public_id = $2 AND deleted_at IS NULL`,
	anywhere:   `SELECT ` + widgetColumns + ` FROM widgets WHERE public_id = $1 AND deleted_at IS NULL`,
	save: `UPDATE widgets SET url = $3, site = $4, description = $5, locale = $6, enabled = $7, sms_name = $8, settings = $9,
			updated_at = $10, deleted_at = $11 WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL`,
	seen:  `UPDATE widgets SET installed_at = $3 WHERE account_id = $1 AND id = $2 AND installed_at IS NULL`,
	list:  `SELECT ` + widgetColumns + ` FROM widgets w WHERE w.account_id = $1 AND w.deleted_at IS NULL`,
	count: `SELECT count(*) FROM widgets w WHERE w.account_id = $1 AND w.deleted_at IS NULL`,
	mine: `w.id IN (SELECT m.widget_id FROM managers m WHERE m.account_id = $1 AND m.user_id = %s
		AND m.deleted_at IS NULL)`,
	those: `w.id IN %s`,
	calls: `SELECT n.widget_id, sum(n.calls) FROM (
			SELECT widget_id, calls FROM call_tallies WHERE account_id = $1 UNION ALL
			SELECT widget_id, 1 FROM calls WHERE account_id = $1 AND ended_at IS NULL
		) n WHERE n.widget_id IN `,
	waiting: `SELECT ` + callColumns + ` FROM calls c WHERE c.account_id = $1 AND c.widget_id = $2 AND ` + callWaits + `
		AND status IN ('new', 'scheduled') ORDER BY c.due_at, c.id`,
	managers: `SELECT ` + managerColumns + ` FROM managers m JOIN users u ON u.account_id = m.account_id AND u.id = m.user_id
		WHERE m.account_id = $1 AND m.deleted_at IS NULL AND u.deleted_at IS NULL AND m.widget_id IN `,
	departments: `SELECT md.manager_id, d.id, d.name FROM managers m
		JOIN manager_departments md ON md.account_id = m.account_id AND md.manager_id = m.id
		JOIN departments d ON d.account_id = md.account_id AND d.id = md.department_id
		WHERE m.account_id = $1 AND m.widget_id IN `,
}

// A WidgetFilter says which widgets of an account are wanted. The zero value wants all of them, a hundred at a time.
type WidgetFilter struct {
	UserID        int64   // who is a manager there; 0: anybody
	IDs           []int64 // nil: all
	Limit, Offset int     // a Limit of 0 is 100
}

// AddWidget adds a widget and sets its ID. A public id that exists is ErrTaken.
func (tx *Tx) AddWidget(w *ringback.Widget) error {
	settings, err := document(w.Settings)
	if err != nil {
		return err
	}
	orNow(&w.CreatedAt)
	orNow(&w.UpdatedAt)
	return tx.db.Insert(&w.ID, widgetSQL.add, w.AccountID, w.PublicID, w.URL, site(w.URL), w.Description, w.Locale, w.Enabled,
		w.SMSName, settings, millis(w.InstalledAt), millis(w.CreatedAt), millis(w.UpdatedAt))
}

// Widget returns a widget that is not deleted.
func (tx *Tx) Widget(account, id int64) (ringback.Widget, error) {
	return sqldb.One(tx.db, scanWidget, widgetSQL.get, account, id)
}

// AnyWidget returns a widget, deleted or not: calls may outlive theirs.
func (tx *Tx) AnyWidget(account, id int64) (ringback.Widget, error) {
	return sqldb.One(tx.db, scanWidget, widgetSQL.any, account, id)
}

// WidgetByPublicID returns the widget with the id that is in the install snippet.
func (tx *Tx) WidgetByPublicID(account int64, publicID string) (ringback.Widget, error) {
	return sqldb.One(tx.db, scanWidget, widgetSQL.byPublicID, account, publicID)
}

// WidgetAnywhere returns the widget with the id that is in the install snippet, of whatever account: the id is unique
// in the installation.
func (tx *Tx) WidgetAnywhere(publicID string) (ringback.Widget, error) {
	return sqldb.One(tx.db, scanWidget, widgetSQL.anywhere, publicID)
}

// LockWidget makes others who change the widget wait until this transaction ends. What is read afterwards is what they
// left.
func (tx *Tx) LockWidget(id int64) error { return tx.db.Lock(fmt.Sprintf("widget %d", id)) }

// SaveWidget writes what may change about a widget. With DeletedAt it is gone: ErrNotFound ever after.
func (tx *Tx) SaveWidget(w ringback.Widget) error {
	settings, err := document(w.Settings)
	if err != nil {
		return err
	}
	return tx.db.Change(ErrNotFound, widgetSQL.save, w.AccountID, w.ID, w.URL, site(w.URL), w.Description, w.Locale, w.Enabled,
		w.SMSName, settings, millis(w.UpdatedAt), millis(w.DeletedAt))
}

// SeeWidget notes when a widget was first seen on its site. Later sights change nothing.
func (tx *Tx) SeeWidget(account, id int64, at time.Time) error {
	_, err := tx.db.Exec(widgetSQL.seen, account, id, millis(at))
	return err
}

// Widgets returns the widgets that the filter wants, by id, and how many there are on all pages together.
func (tx *Tx) Widgets(account int64, f WidgetFilter) ([]ringback.Widget, int, error) {
	count := f.statement(widgetSQL.count, account)
	n, err := sqldb.One(tx.db, sqldb.Value[int], query(count.text.String()), count.args...)
	if err != nil {
		return nil, 0, err
	}
	if f.Limit <= 0 {
		f.Limit = 100
	}
	page := f.statement(widgetSQL.list, account)
	page.text.WriteString(" ORDER BY w.id LIMIT " + page.arg(f.Limit) + " OFFSET " + page.arg(f.Offset))
	widgets, err := sqldb.All(tx.db, scanWidget, query(page.text.String()), page.args...)
	return widgets, n, err
}

func (f WidgetFilter) statement(start query, account int64) *statement {
	s := &statement{args: []any{account}}
	s.text.WriteString(string(start))
	if f.UserID != 0 {
		s.and(widgetSQL.mine, s.arg(f.UserID))
	}
	if len(f.IDs) > 0 {
		s.and(widgetSQL.those, list(s, f.IDs))
	}
	return s
}

// CallCounts returns how many calls each of the widgets ever had; those without are left out.
func (tx *Tx) CallCounts(account int64, widgets []int64) (map[int64]int, error) {
	if len(widgets) == 0 {
		return nil, nil
	}
	s := &statement{args: []any{account}}
	s.text.WriteString(string(widgetSQL.calls))
	s.text.WriteString(list(s, widgets) + " GROUP BY n.widget_id")
	counts := map[int64]int{}
	_, err := sqldb.All(tx.db, func(r *sql.Rows) (n int, err error) {
		var widget int64
		err = r.Scan(&widget, &n)
		counts[widget] = n
		return n, err
	}, query(s.text.String()), s.args...)
	return counts, err
}

// ManagersAt returns the managers of several widgets by their ids, each as Managers does.
func (tx *Tx) ManagersAt(account int64, widgets []int64) (map[int64][]ringback.Manager, error) {
	managers, err := withIDs(tx, scanManager, widgetSQL.managers, account, widgets)
	if err != nil {
		return nil, err
	}
	members, err := withIDs(tx, scanMember, widgetSQL.departments, account, widgets)
	slices.SortFunc(members, func(a, b member) int { return int(a.department.ID - b.department.ID) })
	departments := map[int64][]ringback.Department{}
	for _, m := range members {
		departments[m.manager] = append(departments[m.manager], m.department)
	}
	slices.SortFunc(managers, func(a, b ringback.Manager) int { return int(a.ID - b.ID) })
	at := map[int64][]ringback.Manager{}
	for _, m := range managers {
		m.Departments = departments[m.ID]
		at[m.WidgetID] = append(at[m.WidgetID], m)
	}
	return at, err
}

// WaitingCalls returns the calls at a widget that wait for their first attempt, booked or due.
func (tx *Tx) WaitingCalls(account, widget int64) ([]ringback.Call, error) {
	return sqldb.All(tx.db, scanCall, widgetSQL.waiting, account, widget)
}

// site is the part of an address by which widgets are found: host and path, without scheme, www, query and the last
// slash.
func site(url string) string {
	s := strings.TrimSpace(url)
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	}
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		s = s[:i]
	}
	host, path, _ := strings.Cut(strings.Trim(s, "/"), "/")
	host = strings.TrimPrefix(strings.ToLower(host), "www.")
	return strings.TrimSuffix(host+"/"+path, "/")
}

func scanWidget(r *sql.Rows) (w ringback.Widget, err error) {
	err = r.Scan(&w.ID, &w.AccountID, &w.PublicID, &w.URL, &w.Description, &w.Locale, &w.Enabled, &w.SMSName,
		toJSON{&w.Settings}, toTime{&w.InstalledAt}, toTime{&w.CreatedAt}, toTime{&w.UpdatedAt}, toTime{&w.DeletedAt})
	return w, err
}
