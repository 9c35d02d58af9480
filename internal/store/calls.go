package store

import (
	"database/sql"
	"fmt"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

// callColumns are read by callFields. The c is calls.
const callColumns = `c.id, c.account_id, c.widget_id, c.number, c.wanted_department_id, c.wanted_manager_id, c.status,
	c.outcome, c.type, c.ref, c.visit, c.attempts, c.epoch, c.due_at, c.scheduled_at, c.created_at, c.ended_at, c.text_booking, c.incoming_id`

// callIsLed is the end of the statements that change a call. An epoch that moved on means that another process took it.
const callIsLed = ` WHERE account_id = $1 AND id = $2 AND epoch = $3`

// callSaves are the columns that change, from $4 on.
const callSaves = ` status = $4, outcome = $5, attempts = $6, due_at = $7, scheduled_at = $8, ended_at = $9`

var callSQL = struct{ add, get, save, claim, release, hide, liveTo, live, dials query }{
	add: `INSERT INTO calls (account_id, widget_id, number, wanted_department_id, wanted_manager_id, status, outcome, type,
			ref, visit, attempts, epoch, due_at, scheduled_at, created_at, ended_at, text_booking, incoming_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT DO NOTHING RETURNING id`,
	get:     `SELECT ` + callColumns + ` FROM calls c WHERE c.account_id = $1 AND c.id = $2`,
	save:    `UPDATE calls SET` + callSaves + callIsLed,
	claim:   `UPDATE calls SET` + callSaves + `, node = $10, epoch = epoch + 1` + callIsLed,
	release: `UPDATE calls SET` + callSaves + `, node = ''` + callIsLed,
	hide:    `UPDATE calls SET hidden = $3 WHERE account_id = $1 AND id = $2`,
	liveTo: `SELECT ` + callColumns + ` FROM calls c
		WHERE c.account_id = $1 AND c.number = $2 AND c.status IN ('new', 'ringing', 'in-progress') AND c.ended_at IS NULL
		ORDER BY c.created_at DESC, c.id DESC LIMIT 1`,
	live:  `SELECT count(*) FROM calls WHERE account_id = $1 AND node <> ''`,
	dials: `SELECT count(*) FROM legs WHERE account_id = $1 AND number = $2 AND party = 'visitor' AND dialed_at >= $3`,
}

// AddCall adds a call and sets its ID.
func (tx *Tx) AddCall(c *ringback.Call) error {
	visit, err := document(c.Visit)
	if err != nil {
		return err
	}
	orNow(&c.CreatedAt)
	return tx.db.Insert(&c.ID, callSQL.add, c.AccountID, c.WidgetID, string(c.To), ref(c.Wanted.DepartmentID),
		ref(c.Wanted.ManagerID), string(c.Status), string(c.Outcome), int(c.Type), c.Ref, visit, c.Attempts, c.Epoch,
		dueAt(c.DueAt), millis(c.ScheduledAt), millis(c.CreatedAt), millis(c.EndedAt), c.TextBooking, ref(c.IncomingID))
}

// Call returns a call.
func (tx *Tx) Call(account, id int64) (ringback.Call, error) {
	return sqldb.One(tx.db, scanCall, callSQL.get, account, id)
}

// SaveCall writes what may change about a call: Status, Outcome, Attempts, DueAt, ScheduledAt and EndedAt. It fails
// with ErrLost where another process has claimed the call since c was read.
func (tx *Tx) SaveCall(c ringback.Call) error {
	return tx.db.Change(ErrLost, callSQL.save, callState(c)...)
}

// Claim is SaveCall and makes the node the leader of the call. Whoever read it before loses it: its epoch rises.
func (tx *Tx) Claim(c *ringback.Call, node string) error {
	if err := tx.db.Change(ErrLost, callSQL.claim, append(callState(*c), node)...); err != nil {
		return err
	}
	c.Epoch++
	return nil
}

// Release is SaveCall and leaves the call without a leader: it is over, or waits to be due again.
func (tx *Tx) Release(c ringback.Call) error {
	return tx.db.Change(ErrLost, callSQL.release, callState(c)...)
}

// HideCall leaves a call out of the history where hidden ones are not wanted, or shows it again.
func (tx *Tx) HideCall(account, id int64, hidden bool) error {
	return tx.db.Change(ErrNotFound, callSQL.hide, account, id, hidden)
}

// LiveCallTo returns the newest call to a number that is neither over nor booked for later. Two transactions that ask
// for the same number run one after the other.
func (tx *Tx) LiveCallTo(account int64, to ringback.Number) (ringback.Call, bool, error) {
	if err := tx.db.Lock(fmt.Sprintf("number %d %s", account, to)); err != nil {
		return ringback.Call{}, false, err
	}
	return sqldb.Maybe(sqldb.One(tx.db, scanCall, callSQL.liveTo, account, string(to)))
}

// LiveCalls returns how many calls of the account somebody leads.
func (tx *Tx) LiveCalls(account int64) (int, error) {
	return sqldb.One(tx.db, sqldb.Value[int], callSQL.live, account)
}

// VisitorDials returns how often the number was dialled as a visitor's since a moment.
func (tx *Tx) VisitorDials(account int64, to ringback.Number, since time.Time) (int, error) {
	return sqldb.One(tx.db, sqldb.Value[int], callSQL.dials, account, string(to), since.UnixMilli())
}

func callState(c ringback.Call) []any {
	return []any{
		c.AccountID, c.ID, c.Epoch,
		string(c.Status), string(c.Outcome), c.Attempts, dueAt(c.DueAt), millis(c.ScheduledAt), millis(c.EndedAt),
	}
}

// dueAt is a time as it is compared with now. The zero time has long been due.
func dueAt(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// toDue scans what dueAt stored.
type toDue struct{ t *time.Time }

// Scan reads milliseconds; 0 is the zero time.
func (c toDue) Scan(v any) error {
	if v == int64(0) {
		v = nil
	}
	return toTime(c).Scan(v)
}

func scanCall(r *sql.Rows) (c ringback.Call, err error) {
	err = r.Scan(callFields(&c)...)
	return c, err
}

func callFields(c *ringback.Call) []any {
	return []any{
		&c.ID, &c.AccountID, &c.WidgetID, &c.To,
		toRef{&c.Wanted.DepartmentID},
		toRef{&c.Wanted.ManagerID},
		&c.Status,
		&c.Outcome, &c.Type, &c.Ref,
		toJSON{&c.Visit},
		&c.Attempts, &c.Epoch,
		toDue{&c.DueAt},
		toTime{&c.ScheduledAt},
		toTime{&c.CreatedAt},
		toTime{&c.EndedAt},
		&c.TextBooking,
		toRef{&c.IncomingID},
	}
}
