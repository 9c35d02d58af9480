package store

import (
	"database/sql"
	"strings"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

const widgetColumns = `id, account_id, public_id, url, description, locale, enabled, sms_name, settings,
	installed_at, created_at, updated_at`

var widgetSQL = struct{ add, get, byPublicID query }{
	add: `INSERT INTO widgets (account_id, public_id, url, site, description, locale, enabled, sms_name, settings,
			installed_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING RETURNING id`,
	get:        `SELECT ` + widgetColumns + ` FROM widgets WHERE account_id = $1 AND id = $2`,
	byPublicID: `SELECT ` + widgetColumns + ` FROM widgets WHERE account_id = $1 AND public_id = $2`,
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

// Widget returns a widget.
func (tx *Tx) Widget(account, id int64) (ringback.Widget, error) {
	return sqldb.One(tx.db, scanWidget, widgetSQL.get, account, id)
}

// WidgetByPublicID returns the widget with the id that is in the install snippet.
func (tx *Tx) WidgetByPublicID(account int64, publicID string) (ringback.Widget, error) {
	return sqldb.One(tx.db, scanWidget, widgetSQL.byPublicID, account, publicID)
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
		toJSON{&w.Settings}, toTime{&w.InstalledAt}, toTime{&w.CreatedAt}, toTime{&w.UpdatedAt})
	return w, err
}
