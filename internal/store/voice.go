package store

import (
	"database/sql"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

const promptColumns = `id, account_id, widget_id, name, enabled, file, built_in, updated_at`

var promptSQL = struct{ save, of, remove query }{
	save: `INSERT INTO prompts (account_id, widget_id, name, enabled, file, built_in, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (widget_id, name) DO UPDATE SET enabled = excluded.enabled, file = excluded.file,
			built_in = excluded.built_in, updated_at = excluded.updated_at
		RETURNING id`,
	of:     `SELECT ` + promptColumns + ` FROM prompts WHERE account_id = $1 AND widget_id = $2 ORDER BY id`,
	remove: `DELETE FROM prompts WHERE account_id = $1 AND widget_id = $2 AND name = $3`,
}

// SavePrompt adds a prompt of a widget, or replaces the one of that name, and sets its ID.
func (tx *Tx) SavePrompt(p *ringback.Prompt) error {
	orNow(&p.UpdatedAt)
	return tx.db.Insert(&p.ID, promptSQL.save, p.AccountID, p.WidgetID, string(p.Name), p.Enabled, p.File, p.BuiltIn, millis(p.UpdatedAt))
}

// Prompts returns the prompts that a widget has instead of the default ones.
func (tx *Tx) Prompts(account, widget int64) ([]ringback.Prompt, error) {
	return sqldb.All(tx.db, scanPrompt, promptSQL.of, account, widget)
}

// DeletePrompt gives a widget the default prompt back, if it has it not already.
func (tx *Tx) DeletePrompt(account, widget int64, name ringback.PromptName) error {
	_, err := tx.db.Exec(promptSQL.remove, account, widget, string(name))
	return err
}

func scanPrompt(r *sql.Rows) (p ringback.Prompt, err error) {
	err = r.Scan(&p.ID, &p.AccountID, &p.WidgetID, &p.Name, &p.Enabled, &p.File, &p.BuiltIn, toTime{&p.UpdatedAt})
	return p, err
}
