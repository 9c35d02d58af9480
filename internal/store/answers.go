package store

import (
	"database/sql"
	"fmt"
	"time"

	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

// An Answer is what was answered to a request that carried an Idempotency-Key.
type Answer struct {
	BodyHash []byte // of the request
	Status   int
	Body     []byte
	At       time.Time
}

var answerSQL = struct{ get, save, forget query }{
	get: `SELECT body_hash, status, body, answered_at FROM answers WHERE account_id = $1 AND route = $2 AND key = $3`,
	save: `INSERT INTO answers (account_id, route, key, body_hash, status, body, answered_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
	forget: `DELETE FROM answers WHERE answered_at < $1`,
}

// Answer returns what was answered to the request with that key. Two transactions that ask for the same key run one
// after the other.
func (tx *Tx) Answer(account int64, route, key string) (Answer, bool, error) {
	if err := tx.db.Lock(fmt.Sprintf("answer %d %s %s", account, route, key)); err != nil {
		return Answer{}, false, err
	}
	return sqldb.Maybe(sqldb.One(tx.db, func(r *sql.Rows) (a Answer, err error) {
		err = r.Scan(&a.BodyHash, &a.Status, &a.Body, toTime{&a.At})
		return a, err
	}, answerSQL.get, account, route, key))
}

// SaveAnswer keeps an answer. One that exists stays: ErrTaken.
func (tx *Tx) SaveAnswer(account int64, route, key string, a Answer) error {
	orNow(&a.At)
	return tx.db.Change(ErrTaken, answerSQL.save, account, route, key, notNil(a.BodyHash), a.Status, notNil(a.Body), millis(a.At))
}

// ForgetAnswers forgets, of all accounts, the answers given before a moment.
func (tx *Tx) ForgetAnswers(before time.Time) error {
	_, err := tx.db.Exec(answerSQL.forget, before.UnixMilli())
	return err
}
