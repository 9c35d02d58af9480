package store

import (
	"database/sql"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

// webhookColumns are read by scanWebhook. The w is webhooks.
const webhookColumns = `w.id, w.account_id, w.widget_id, w.url, w.events, w.secret, w.disabled, w.created_at`

var webhookSQL = struct{ add, get, page, disable, remove, told query }{
	add: `INSERT INTO webhooks (account_id, widget_id, url, events, secret, disabled, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id`,
	get:     `SELECT ` + webhookColumns + ` FROM webhooks w WHERE w.account_id = $1 AND w.id = $2`,
	page:    `SELECT ` + webhookColumns + ` FROM webhooks w WHERE w.account_id = $1 AND w.id > $2 ORDER BY w.id LIMIT $3`,
	disable: `UPDATE webhooks SET disabled = TRUE WHERE account_id = $1 AND id = $2`,
	remove:  `DELETE FROM webhooks WHERE account_id = $1 AND id = $2`,
	told: `SELECT ` + webhookColumns + ` FROM webhooks w
		WHERE w.account_id = $1 AND (w.widget_id IS NULL OR w.widget_id = $2) AND NOT w.disabled ORDER BY w.id`,
}

// AddWebhook adds a webhook and sets its ID.
func (tx *Tx) AddWebhook(w *ringback.Webhook) error {
	events, err := document(w.Events)
	if err != nil {
		return err
	}
	orNow(&w.CreatedAt)
	return tx.db.Insert(&w.ID, webhookSQL.add, w.AccountID, ref(w.WidgetID), w.URL, events, w.Secret, w.Disabled, millis(w.CreatedAt))
}

// Webhook returns a webhook.
func (tx *Tx) Webhook(account, id int64) (ringback.Webhook, error) {
	return sqldb.One(tx.db, scanWebhook, webhookSQL.get, account, id)
}

// Webhooks returns up to limit webhooks of the account with ids above after, by id.
func (tx *Tx) Webhooks(account, after int64, limit int) ([]ringback.Webhook, error) {
	return sqldb.All(tx.db, scanWebhook, webhookSQL.page, account, after, limit)
}

// DisableWebhook stops a webhook. What is pending stays so, and goes on in order once it is enabled again.
func (tx *Tx) DisableWebhook(account, id int64) error {
	return tx.db.Change(ErrNotFound, webhookSQL.disable, account, id)
}

// DeleteWebhook deletes a webhook with all its deliveries.
func (tx *Tx) DeleteWebhook(account, id int64) error {
	return tx.db.Change(ErrNotFound, webhookSQL.remove, account, id)
}

func scanWebhook(r *sql.Rows) (w ringback.Webhook, err error) {
	err = r.Scan(&w.ID, &w.AccountID, toRef{&w.WidgetID}, &w.URL, toJSON{&w.Events}, &w.Secret, &w.Disabled,
		toTime{&w.CreatedAt})
	return w, err
}
