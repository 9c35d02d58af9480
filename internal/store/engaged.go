package store

import (
	"database/sql"
	"errors"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

var engagedSQL = struct{ add, get, end, endAll query }{
	add: `INSERT INTO engaged (account_id, number, call_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
	get: `SELECT number, call_id FROM engaged WHERE account_id = $1`,

	end:    `DELETE FROM engaged WHERE call_id = $1 AND number = $2`,
	endAll: `DELETE FROM engaged WHERE call_id = $1`,
}

type engagement struct {
	number ringback.Number
	call   int64
}

// Engaged returns the telephones of the account that are busy with a call of ours, and with which.
func (tx *Tx) Engaged(account int64) (map[ringback.Number]int64, error) {
	list, err := sqldb.All(tx.db, func(r *sql.Rows) (e engagement, err error) {
		err = r.Scan(&e.number, &e.call)
		return e, err
	}, engagedSQL.get, account)
	engaged := make(map[ringback.Number]int64, len(list))
	for _, e := range list {
		engaged[e.number] = e.call
	}
	return engaged, err
}

// Engage takes telephones for a call. Where one is taken already, even by the same call, it takes none: ErrTaken.
func (tx *Tx) Engage(account, call int64, numbers []ringback.Number) error {
	for i, n := range numbers {
		err := tx.db.Change(ErrTaken, engagedSQL.add, account, string(n), call)
		if err == nil {
			continue
		}
		if i == 0 || !errors.Is(err, ErrTaken) {
			return err
		}
		return errors.Join(err, tx.Disengage(call, numbers[:i]...))
	}
	return nil
}

// Disengage gives telephones of a call free; all of them where none is named.
func (tx *Tx) Disengage(call int64, numbers ...ringback.Number) error {
	if len(numbers) == 0 {
		_, err := tx.db.Exec(engagedSQL.endAll, call)
		return err
	}
	for _, n := range numbers {
		if _, err := tx.db.Exec(engagedSQL.end, call, string(n)); err != nil {
			return err
		}
	}
	return nil
}
