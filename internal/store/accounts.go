package store

import (
	"database/sql"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

var accountSQL = struct{ add, get, seats, order query }{
	add: `INSERT INTO accounts (company, country, zone, seats, newest_first, limits_off, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id`,
	get:   `SELECT id, company, country, zone, seats, newest_first, limits_off, created_at FROM accounts WHERE id = $1`,
	seats: `UPDATE accounts SET seats = $2 WHERE id = $1`,
	order: `UPDATE accounts SET newest_first = $2 WHERE id = $1`,
}

// AddAccount adds an account and sets its ID.
func (tx *Tx) AddAccount(a *ringback.Account) error {
	orNow(&a.CreatedAt)
	return tx.db.Insert(&a.ID, accountSQL.add, a.Company, a.Country, a.Zone, a.Seats, a.NewestFirst, a.LimitsOff, millis(a.CreatedAt))
}

// Account returns an account.
func (tx *Tx) Account(id int64) (ringback.Account, error) {
	return sqldb.One(tx.db, scanAccount, accountSQL.get, id)
}

// SetSeats says how many users of the account may have an e-mail address; 0: any number.
func (tx *Tx) SetSeats(account int64, seats int) error {
	return tx.db.Change(ErrNotFound, accountSQL.seats, account, seats)
}

// SetNewestFirst says in which order the account's history comes where the client names none.
func (tx *Tx) SetNewestFirst(account int64, newestFirst bool) error {
	return tx.db.Change(ErrNotFound, accountSQL.order, account, newestFirst)
}

func scanAccount(r *sql.Rows) (a ringback.Account, err error) {
	err = r.Scan(&a.ID, &a.Company, &a.Country, &a.Zone, &a.Seats, &a.NewestFirst, &a.LimitsOff, toTime{&a.CreatedAt})
	return a, err
}
