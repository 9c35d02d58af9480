package store

import (
	"database/sql"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

var accountSQL = struct{ add, get query }{
	add: `INSERT INTO accounts (company, country, zone, limits_off, created_at)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING id`,
	get: `SELECT id, company, country, zone, limits_off, created_at FROM accounts WHERE id = $1`,
}

// AddAccount adds an account and sets its ID.
func (tx *Tx) AddAccount(a *ringback.Account) error {
	orNow(&a.CreatedAt)
	return tx.db.Insert(&a.ID, accountSQL.add, a.Company, a.Country, a.Zone, a.LimitsOff, millis(a.CreatedAt))
}

// Account returns an account.
func (tx *Tx) Account(id int64) (ringback.Account, error) {
	return sqldb.One(tx.db, scanAccount, accountSQL.get, id)
}

func scanAccount(r *sql.Rows) (a ringback.Account, err error) {
	err = r.Scan(&a.ID, &a.Company, &a.Country, &a.Zone, &a.LimitsOff, toTime{&a.CreatedAt})
	return a, err
}
