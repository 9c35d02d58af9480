package store

import (
	"database/sql"
	"strings"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

// userColumns are read by userFields. The u is users.
const userColumns = `u.id, u.account_id, u.parent_id, u.name, u.email, u.tel, u.tel_extension, u.role, u.created_at, u.updated_at`

var userSQL = struct{ add, get, byEmail, anywhere, owner query }{
	add: `INSERT INTO users (account_id, parent_id, name, email, email_key, tel, tel_extension, role, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id`,
	get: `SELECT ` + userColumns + ` FROM users u WHERE u.account_id = $1 AND u.id = $2 AND u.deleted_at IS NULL`,
	byEmail: `SELECT ` + userColumns + ` FROM users u
		WHERE u.account_id = $1 AND u.email_key = $2 AND u.deleted_at IS NULL`,
	anywhere: `SELECT ` + userColumns + ` FROM users u WHERE u.email_key = $1 AND u.deleted_at IS NULL`,
	owner: `SELECT ` + userColumns + ` FROM users u
		WHERE u.account_id = $1 AND u.role = 'owner' AND u.deleted_at IS NULL ORDER BY u.id LIMIT 1`,
}

// AddUser adds a user and sets its ID. An e-mail address that somebody in this installation has, in whatever case, is
// ErrTaken.
func (tx *Tx) AddUser(u *ringback.User) error {
	orNow(&u.CreatedAt)
	orNow(&u.UpdatedAt)
	return tx.db.Insert(&u.ID, userSQL.add, u.AccountID, ref(u.ParentID), u.Name, u.Email, emailKey(u.Email), string(u.Tel),
		u.TelExtension, string(u.Role), millis(u.CreatedAt), millis(u.UpdatedAt))
}

// User returns a user.
func (tx *Tx) User(account, id int64) (ringback.User, error) {
	return sqldb.One(tx.db, scanUser, userSQL.get, account, id)
}

// UserByEmail returns the user of the account with that address, in whatever case.
func (tx *Tx) UserByEmail(account int64, email string) (ringback.User, error) {
	return sqldb.One(tx.db, scanUser, userSQL.byEmail, account, emailKey(email))
}

// UserWithEmail returns the user with that address, in whatever case, and of whatever account: an address is unique in
// the installation.
func (tx *Tx) UserWithEmail(email string) (ringback.User, error) {
	return sqldb.One(tx.db, scanUser, userSQL.anywhere, emailKey(email))
}

// Owner returns the user to whom the account belongs.
func (tx *Tx) Owner(account int64) (ringback.User, error) {
	return sqldb.One(tx.db, scanUser, userSQL.owner, account)
}

// emailKey is what is unique about an address; none is NULL, which any number of users may have. The databases do
// not agree on what lower case is.
func emailKey(email string) any {
	if email == "" {
		return nil
	}
	return strings.ToLower(email)
}

func scanUser(r *sql.Rows) (u ringback.User, err error) {
	err = r.Scan(userFields(&u)...)
	return u, err
}

func userFields(u *ringback.User) []any {
	return []any{
		&u.ID, &u.AccountID,
		toRef{&u.ParentID},
		&u.Name, &u.Email, &u.Tel, &u.TelExtension, &u.Role,
		toTime{&u.CreatedAt},
		toTime{&u.UpdatedAt},
	}
}
