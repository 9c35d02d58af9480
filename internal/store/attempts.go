package store

import (
	"database/sql"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

// attemptColumns are read by attemptFields. The a is attempts.
const attemptColumns = `a.id, a.account_id, a.call_id, a.number, a.visitor_first, a.manager_id, a.outcome, a.queued_at,
	a.talking_at, a.ended_at, a.recording_id`

// legColumns are read by scanLeg. The l is legs.
const legColumns = `l.id, l.account_id, l.call_id, l.attempt_id, l.party, l.manager_id, l.number, l.token, l.dialog,
	l.outcome, l.dialed_at, l.answered_at, l.ended_at`

var attemptSQL = struct{ add, save, of, orphans query }{
	add: `INSERT INTO attempts (account_id, call_id, number, visitor_first, manager_id, outcome, queued_at, talking_at,
			ended_at, recording_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id`,
	save: `UPDATE attempts SET manager_id = $3, outcome = $4, talking_at = $5, ended_at = $6, recording_id = $7
		WHERE account_id = $1 AND id = $2`,
	of: `SELECT ` + attemptColumns + ` FROM attempts a WHERE a.account_id = $1 AND a.call_id = $2 ORDER BY a.number`,
	orphans: `SELECT ` + attemptColumns + ` FROM attempts a JOIN calls c ON c.id = a.call_id
		WHERE a.ended_at IS NULL AND c.node <> '' AND c.node <> $1 ORDER BY a.id`,
}

var legSQL = struct{ add, save, keep, renew, of query }{
	add: `INSERT INTO legs (account_id, call_id, attempt_id, party, manager_id, number, token, dialog, outcome,
			dialed_at, answered_at, ended_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING RETURNING id`,
	save: `UPDATE legs SET token = $3, dialog = $4, outcome = $5, dialed_at = $6, answered_at = $7, ended_at = $8
		WHERE account_id = $1 AND id = $2`,
	keep: `UPDATE legs SET dialog = $4, answered_at = $5 WHERE account_id = $1 AND id = $2 AND ended_at IS NULL
		AND EXISTS (SELECT 1 FROM calls c WHERE c.id = legs.call_id AND c.epoch = $3)`,
	renew: `UPDATE legs SET token = $4, dialed_at = $5 WHERE account_id = $1 AND id = $2 AND ended_at IS NULL
		AND EXISTS (SELECT 1 FROM calls c WHERE c.id = legs.call_id AND c.epoch = $3)`,
	of: `SELECT ` + legColumns + ` FROM legs l WHERE l.account_id = $1 AND l.attempt_id = $2 ORDER BY l.id`,
}

// AddAttempt adds an attempt with its legs and sets the ids of all. A number that the call has had is ErrTaken.
func (tx *Tx) AddAttempt(a *ringback.Attempt) error {
	err := tx.db.Insert(&a.ID, attemptSQL.add, a.AccountID, a.CallID, a.Number, a.VisitorFirst, ref(a.ManagerID),
		string(a.Outcome), millis(a.QueuedAt), millis(a.TalkingAt), millis(a.EndedAt), ref(a.RecordingID))
	if err != nil {
		return err
	}
	for i := range a.Legs {
		a.Legs[i].AccountID, a.Legs[i].CallID, a.Legs[i].AttemptID = a.AccountID, a.CallID, a.ID
	}
	return tx.AddLegs(a.Legs)
}

// AddLegs adds legs and sets their ids. A telephone is rung once in an attempt: the second leg to it is ErrTaken.
func (tx *Tx) AddLegs(legs []ringback.Leg) error {
	for i := range legs {
		l := &legs[i]
		err := tx.db.Insert(&l.ID, legSQL.add, l.AccountID, l.CallID, l.AttemptID, string(l.Party), ref(l.ManagerID),
			string(l.Number), l.Token, l.Dialog, string(l.Outcome), millis(l.DialedAt), millis(l.AnsweredAt), millis(l.EndedAt))
		if err != nil {
			return err
		}
	}
	return nil
}

// SaveLeg writes what may change about a leg: Token, Dialog, Outcome and its times.
func (tx *Tx) SaveLeg(l ringback.Leg) error {
	return tx.db.Change(ErrNotFound, legSQL.save, l.AccountID, l.ID, l.Token, l.Dialog, string(l.Outcome),
		millis(l.DialedAt), millis(l.AnsweredAt), millis(l.EndedAt))
}

// KeepDialog writes Dialog and AnsweredAt of a leg that has just been answered. ErrLost: it has ended meanwhile, or
// another process leads the call, whose epoch was given.
func (tx *Tx) KeepDialog(l ringback.Leg, epoch int64) error {
	return tx.db.Change(ErrLost, legSQL.keep, l.AccountID, l.ID, epoch, l.Dialog, millis(l.AnsweredAt))
}

// RenewLeg writes Token and DialedAt of a leg that has not been dialled after all. Its errors are those of KeepDialog.
func (tx *Tx) RenewLeg(l ringback.Leg, epoch int64) error {
	return tx.db.Change(ErrLost, legSQL.renew, l.AccountID, l.ID, epoch, l.Token, millis(l.DialedAt))
}

// SaveAttempt writes what may change about an attempt: ManagerID, Outcome, TalkingAt, EndedAt and RecordingID. Its
// legs are not looked at.
func (tx *Tx) SaveAttempt(a ringback.Attempt) error {
	return tx.db.Change(ErrNotFound, attemptSQL.save, a.AccountID, a.ID, ref(a.ManagerID), string(a.Outcome),
		millis(a.TalkingAt), millis(a.EndedAt), ref(a.RecordingID))
}

// Attempts returns the attempts at a call, the first one first, with their legs.
func (tx *Tx) Attempts(account, call int64) ([]ringback.Attempt, error) {
	attempts, err := sqldb.All(tx.db, scanAttempt, attemptSQL.of, account, call)
	if err != nil {
		return nil, err
	}
	return attempts, tx.addLegs(attempts)
}

// Orphans returns, of all accounts, the attempts that have not ended and whose call another node than this one leads:
// that process has died. Each comes with its legs.
func (tx *Tx) Orphans(node string) ([]ringback.Attempt, error) {
	attempts, err := sqldb.All(tx.db, scanAttempt, attemptSQL.orphans, node)
	if err != nil {
		return nil, err
	}
	return attempts, tx.addLegs(attempts)
}

func (tx *Tx) addLegs(attempts []ringback.Attempt) error {
	for i := range attempts {
		var err error
		if attempts[i].Legs, err = sqldb.All(tx.db, scanLeg, legSQL.of, attempts[i].AccountID, attempts[i].ID); err != nil {
			return err
		}
	}
	return nil
}

func scanAttempt(r *sql.Rows) (a ringback.Attempt, err error) {
	err = r.Scan(attemptFields(&a)...)
	return a, err
}

func attemptFields(a *ringback.Attempt) []any {
	return []any{
		&a.ID, &a.AccountID, &a.CallID, &a.Number, &a.VisitorFirst,
		toRef{&a.ManagerID},
		&a.Outcome,
		toTime{&a.QueuedAt},
		toTime{&a.TalkingAt},
		toTime{&a.EndedAt},
		toRef{&a.RecordingID},
	}
}

func scanLeg(r *sql.Rows) (l ringback.Leg, err error) {
	err = r.Scan(&l.ID, &l.AccountID, &l.CallID, &l.AttemptID, &l.Party, toRef{&l.ManagerID}, &l.Number, &l.Token, &l.Dialog,
		&l.Outcome, toTime{&l.DialedAt}, toTime{&l.AnsweredAt}, toTime{&l.EndedAt})
	return l, err
}
