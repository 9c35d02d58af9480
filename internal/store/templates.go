package store

import (
	"database/sql"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

const templateColumns = `id, account_id, widget_id, name, enabled, text, updated_at`

var templateSQL = struct{ save, of, remove query }{
	save: `INSERT INTO templates (account_id, widget_id, name, enabled, text, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (widget_id, name) DO UPDATE SET enabled = excluded.enabled, text = excluded.text,
			updated_at = excluded.updated_at
		RETURNING id`,
	of:     `SELECT ` + templateColumns + ` FROM templates WHERE account_id = $1 AND widget_id = $2 ORDER BY id`,
	remove: `DELETE FROM templates WHERE account_id = $1 AND widget_id = $2 AND name = $3`,
}

// SaveTemplate adds a template of a widget, or replaces the one of that name, and sets its ID.
func (tx *Tx) SaveTemplate(t *ringback.Template) error {
	orNow(&t.UpdatedAt)
	return tx.db.Insert(&t.ID, templateSQL.save, t.AccountID, t.WidgetID, string(t.Name), t.Enabled, t.Text, millis(t.UpdatedAt))
}

// Templates returns the templates that a widget has instead of the default ones.
func (tx *Tx) Templates(account, widget int64) ([]ringback.Template, error) {
	return sqldb.All(tx.db, scanTemplate, templateSQL.of, account, widget)
}

// DeleteTemplate gives a widget the default template back, if it has it not already.
func (tx *Tx) DeleteTemplate(account, widget int64, name ringback.TemplateName) error {
	_, err := tx.db.Exec(templateSQL.remove, account, widget, string(name))
	return err
}

func scanTemplate(r *sql.Rows) (t ringback.Template, err error) {
	err = r.Scan(&t.ID, &t.AccountID, &t.WidgetID, &t.Name, &t.Enabled, &t.Text, toTime{&t.UpdatedAt})
	return t, err
}
