package store

import (
	"database/sql"
	"slices"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

// A Queue is the calls of one widget that are due and that nobody leads.
type Queue struct {
	AccountID, WidgetID int64
	Waiting             int
	Oldest              time.Time // since when the first of them is due
}

// A Cursor is a place in the order of due calls. The zero value is before all of them.
type Cursor struct {
	DueAt time.Time
	ID    int64
}

// callWaits is the condition of the indexes of waiting calls, to the letter: SQLite only sees that an index serves
// when it does.
const callWaits = `node = '' AND status IN ('new', 'scheduled', 'ringing')`

var queueSQL = struct{ queues, due, next query }{
	queues: `SELECT account_id, widget_id, count(*), min(due_at) FROM calls
		WHERE ` + callWaits + ` AND due_at <= $1 GROUP BY account_id, widget_id`,
	due: `SELECT ` + callColumns + ` FROM calls c
		WHERE c.account_id = $1 AND c.widget_id = $2 AND c.due_at <= $3 AND (c.due_at, c.id) > ($4, $5) AND ` + callWaits + `
		ORDER BY c.due_at, c.id LIMIT $6`,
	next: `SELECT due_at FROM calls WHERE ` + callWaits + ` AND due_at > $1 ORDER BY due_at LIMIT 1`,
}

// Queues returns, of all accounts, the widgets with calls that are due and led by nobody, those first that wait
// longest.
func (tx *Tx) Queues(now time.Time) ([]Queue, error) {
	queues, err := sqldb.All(tx.db, func(r *sql.Rows) (q Queue, err error) {
		err = r.Scan(&q.AccountID, &q.WidgetID, &q.Waiting, toDue{&q.Oldest})
		return q, err
	}, queueSQL.queues, now.UnixMilli())
	slices.SortStableFunc(queues, func(a, b Queue) int { return a.Oldest.Compare(b.Oldest) })
	return queues, err
}

// DueCalls returns up to limit calls of a queue behind the cursor, in the order in which they became due.
func (tx *Tx) DueCalls(q Queue, now time.Time, after Cursor, limit int) ([]ringback.Call, error) {
	from, id := dueAt(after.DueAt), after.ID
	if after == (Cursor{}) {
		from = -1
	}
	return sqldb.All(tx.db, scanCall, queueSQL.due, q.AccountID, q.WidgetID, now.UnixMilli(), from, id, limit)
}

// NextDue returns when the next call will be due that is not yet; false where none will be.
func (tx *Tx) NextDue(now time.Time) (time.Time, bool, error) {
	return sqldb.Maybe(sqldb.One(tx.db, scanDueAt, queueSQL.next, now.UnixMilli()))
}

func scanDueAt(r *sql.Rows) (t time.Time, err error) {
	err = r.Scan(toDue{&t})
	return t, err
}
