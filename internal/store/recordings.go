package store

import (
	"database/sql"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

// recordingColumns are read by scanRecording. The r is recordings.
const recordingColumns = `r.id, r.account_id, r.call_id, r.name, r.duration_ms, r.created_at`

var recordingSQL = struct{ add, get, save query }{
	add: `INSERT INTO recordings (account_id, call_id, name, duration_ms, created_at)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING id`,
	get:  `SELECT ` + recordingColumns + ` FROM recordings r WHERE r.id = $1`,
	save: `UPDATE recordings SET name = $3, duration_ms = $4 WHERE account_id = $1 AND id = $2`,
}

// AddRecording adds a recording and sets its ID.
func (tx *Tx) AddRecording(r *ringback.Recording) error {
	orNow(&r.CreatedAt)
	return tx.db.Insert(&r.ID, recordingSQL.add, r.AccountID, r.CallID, r.Name, r.Duration.Milliseconds(), millis(r.CreatedAt))
}

// Recording returns a recording. It takes no account: who asks holds a signed address.
func (tx *Tx) Recording(id int64) (ringback.Recording, error) {
	return sqldb.One(tx.db, scanRecording, recordingSQL.get, id)
}

// SaveRecording writes what may change about a recording: Name and Duration, which is kept in milliseconds.
func (tx *Tx) SaveRecording(r ringback.Recording) error {
	return tx.db.Change(ErrNotFound, recordingSQL.save, r.AccountID, r.ID, r.Name, r.Duration.Milliseconds())
}

func scanRecording(rows *sql.Rows) (r ringback.Recording, err error) {
	err = rows.Scan(&r.ID, &r.AccountID, &r.CallID, &r.Name, toDuration{&r.Duration}, toTime{&r.CreatedAt})
	return r, err
}

// toDuration scans milliseconds.
type toDuration struct{ d *time.Duration }

// Scan reads milliseconds or NULL.
func (c toDuration) Scan(v any) error {
	var n int64
	if err := (toRef{&n}).Scan(v); err != nil {
		return err
	}
	*c.d = time.Duration(n) * time.Millisecond
	return nil
}
