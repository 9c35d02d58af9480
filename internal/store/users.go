package store

import (
	"database/sql"
	"strings"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

// userColumns are read by userFields. The u is users.
const userColumns = `u.id, u.account_id, u.parent_id, u.name, u.email, u.tel, u.tel_extension, u.role, u.created_at, u.updated_at`

var userSQL = struct{ add, get, byEmail, anywhere, owner, all, count, seats, save, remove query }{
	add: `INSERT INTO users (account_id, parent_id, name, email, email_key, tel, tel_extension, role, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id`,
	get: `SELECT ` + userColumns + ` FROM users u WHERE u.account_id = $1 AND u.id = $2 AND u.deleted_at IS NULL`,
	byEmail: `SELECT ` + userColumns + ` FROM users u
		WHERE u.account_id = $1 AND u.email_key = $2 AND u.deleted_at IS NULL`,
	anywhere: `SELECT ` + userColumns + ` FROM users u WHERE u.email_key = $1 AND u.deleted_at IS NULL`,
	owner: `SELECT ` + userColumns + ` FROM users u
		WHERE u.account_id = $1 AND u.role = 'owner' AND u.deleted_at IS NULL ORDER BY u.id LIMIT 1`,
	all: `SELECT ` + userColumns + ` FROM users u WHERE u.account_id = $1 AND u.deleted_at IS NULL
		ORDER BY u.id LIMIT $2 OFFSET $3`,
	count: `SELECT count(*) FROM users WHERE account_id = $1 AND deleted_at IS NULL`,
	seats: `SELECT count(*) FROM users WHERE account_id = $1 AND email_key IS NOT NULL AND deleted_at IS NULL`,
	save: `UPDATE users SET name = $3, email = $4, email_key = $5, tel = $6, tel_extension = $7, role = $8, updated_at = $9
		WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL`,
	remove: `UPDATE users SET deleted_at = $3 WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL`,
}

// AddUser adds a user and sets its ID. An e-mail address that somebody in this installation has, in whatever case, is
// ErrTaken.
func (tx *Tx) AddUser(u *ringback.User) error {
	orNow(&u.CreatedAt)
	orNow(&u.UpdatedAt)
	if err := tx.lockEmail(u.Email); err != nil {
		return err
	}
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

// Users returns users of the account by their ids, at most limit after the first offset, and how many there are.
func (tx *Tx) Users(account int64, limit, offset int) ([]ringback.User, int, error) {
	count, err := sqldb.One(tx.db, sqldb.Value[int], userSQL.count, account)
	if err != nil {
		return nil, 0, err
	}
	users, err := sqldb.All(tx.db, scanUser, userSQL.all, account, limit, offset)
	return users, count, err
}

// SeatsTaken returns how many users of the account have an e-mail address. Who counts before they add one takes
// [Tx.LockStaff] first.
func (tx *Tx) SeatsTaken(account int64) (int, error) {
	return sqldb.One(tx.db, sqldb.Value[int], userSQL.seats, account)
}

// SaveUser changes a user, but neither their parent nor when they were made. An e-mail address that somebody else in
// this installation has, in whatever case, is ErrTaken.
func (tx *Tx) SaveUser(u ringback.User) error {
	if err := tx.lockEmail(u.Email); err != nil {
		return err
	}
	if u.Email != "" {
		holder, taken, err := sqldb.Maybe(tx.UserWithEmail(u.Email))
		if err != nil {
			return err
		}
		if taken && holder.ID != u.ID {
			return ErrTaken
		}
	}
	orNow(&u.UpdatedAt)
	err := tx.db.Change(ErrNotFound, userSQL.save, u.AccountID, u.ID, u.Name, u.Email, emailKey(u.Email), string(u.Tel),
		u.TelExtension, string(u.Role), millis(u.UpdatedAt))
	if err != nil {
		return err
	}
	return tx.staffChanged(u.AccountID)
}

// DeleteUser removes a user, and the managers that they are. The history still tells who they were.
func (tx *Tx) DeleteUser(account, id int64, at time.Time) error {
	if err := tx.db.Change(ErrNotFound, userSQL.remove, account, id, at.UnixMilli()); err != nil {
		return err
	}
	if _, err := tx.db.Exec(managerSQL.removeAll, account, id, at.UnixMilli()); err != nil {
		return err
	}
	return tx.leaveDepartments(account, id)
}

// lockEmail makes others who want the same e-mail address wait until this transaction ends.
func (tx *Tx) lockEmail(email string) error {
	if email == "" {
		return nil
	}
	return tx.db.Lock("email " + strings.ToLower(email))
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
