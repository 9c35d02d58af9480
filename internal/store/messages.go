package store

import (
	"database/sql"

	"github.com/ringback-hq/ringback"
)

// messageSQL.of and feedbackSQL.of end where the list of wanted calls follows.
var (
	messageSQL = struct{ add, of query }{
		add: `INSERT INTO messages (account_id, call_id, email, text)
			SELECT c.account_id, c.id, $3, $4 FROM calls c WHERE c.account_id = $1 AND c.id = $2`,
		of: `SELECT m.account_id, m.call_id, m.email, m.text FROM messages m WHERE m.account_id = $1 AND m.call_id IN `,
	}
	feedbackSQL = struct{ save, of query }{
		save: `INSERT INTO feedback (account_id, call_id, email, text, rate, issues)
			SELECT c.account_id, c.id, $3, $4, $5, $6 FROM calls c WHERE c.account_id = $1 AND c.id = $2
			ON CONFLICT (call_id) DO UPDATE SET email = excluded.email, text = excluded.text, rate = excluded.rate, issues = excluded.issues`,
		of: `SELECT b.account_id, b.call_id, b.email, b.text, b.rate, b.issues FROM feedback b
			WHERE b.account_id = $1 AND b.call_id IN `,
	}
)

// AddMessage adds what a visitor wrote to the call that stands for it.
func (tx *Tx) AddMessage(m ringback.Message) error {
	return tx.db.Change(ErrNotFound, messageSQL.add, m.AccountID, m.CallID, m.Email, m.Text)
}

// SaveFeedback sets what a visitor left after a call.
func (tx *Tx) SaveFeedback(f ringback.Feedback) error {
	issues, err := document(append([]string{}, f.Issues...))
	if err != nil {
		return err
	}
	return tx.db.Change(ErrNotFound, feedbackSQL.save, f.AccountID, f.CallID, f.Email, f.Text, f.Rate, issues)
}

func scanMessage(r *sql.Rows) (m ringback.Message, err error) {
	err = r.Scan(&m.AccountID, &m.CallID, &m.Email, &m.Text)
	return m, err
}

func scanFeedback(r *sql.Rows) (f ringback.Feedback, err error) {
	err = r.Scan(&f.AccountID, &f.CallID, &f.Email, &f.Text, &f.Rate, toJSON{&f.Issues})
	return f, err
}
