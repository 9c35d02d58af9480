package store

import (
	"database/sql"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

var keySQL = struct{ add, get, touch, expose, revoke query }{
	add: `INSERT INTO keys (id, account_id, user_id, name, hash, scopes, widgets, origins, publishable,
			created_at, last_used_at, revoked_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING`,
	get: `SELECT k.id, k.account_id, k.user_id, k.name, k.hash, k.scopes, k.widgets, k.origins, k.publishable, k.exposed_at,
			k.created_at, k.last_used_at, k.revoked_at, ` +
		userColumns + `
		FROM keys k JOIN users u ON u.account_id = k.account_id AND u.id = k.user_id
		WHERE k.id = $1 AND k.revoked_at IS NULL AND u.deleted_at IS NULL`,
	touch:  `UPDATE keys SET last_used_at = $2 WHERE id = $1`,
	expose: `UPDATE keys SET exposed_at = $3 WHERE account_id = $1 AND id = $2`,
	revoke: `UPDATE keys SET revoked_at = $3 WHERE account_id = $1 AND id = $2 AND revoked_at IS NULL`,
}

type keyAndUser struct {
	key  ringback.Key
	user ringback.User
}

// AddKey adds a key. A public part that exists is ErrTaken.
func (tx *Tx) AddKey(k ringback.Key) error {
	scopes, err := document(k.Scopes)
	if err != nil {
		return err
	}
	widgets, err := document(k.Widgets)
	if err != nil {
		return err
	}
	origins, err := document(k.Origins)
	if err != nil {
		return err
	}
	orNow(&k.CreatedAt)
	return tx.db.Change(ErrTaken, keySQL.add, k.ID, k.AccountID, k.UserID, k.Name, k.Hash, scopes, widgets, origins, k.Publishable,
		millis(k.CreatedAt), millis(k.LastUsedAt), millis(k.RevokedAt))
}

// Key returns a key and the user whose role it has. It takes no account: the account is learnt from the key. One
// that was revoked is not found.
func (tx *Tx) Key(id string) (ringback.Key, ringback.User, error) {
	k, err := sqldb.One(tx.db, scanKey, keySQL.get, id)
	return k.key, k.user, err
}

// TouchKey notes when a key was last used.
func (tx *Tx) TouchKey(id string, at time.Time) error {
	return tx.db.Change(ErrNotFound, keySQL.touch, id, millis(at))
}

// ExposeKey notes the origin of a page that used a key which is not meant for pages.
func (tx *Tx) ExposeKey(account int64, id, origin string) error {
	return tx.db.Change(ErrNotFound, keySQL.expose, account, id, origin)
}

// RevokeKey ends a key for good and notes when that was. One that is revoked already is ErrNotFound.
func (tx *Tx) RevokeKey(account int64, id string, at time.Time) error {
	return tx.db.Change(ErrNotFound, keySQL.revoke, account, id, at.UnixMilli())
}

func scanKey(r *sql.Rows) (v keyAndUser, err error) {
	k := &v.key
	fields := []any{
		&k.ID, &k.AccountID, &k.UserID, &k.Name, &k.Hash,
		toJSON{&k.Scopes},
		toJSON{&k.Widgets},
		toJSON{&k.Origins},
		&k.Publishable, &k.ExposedAt,
		toTime{&k.CreatedAt},
		toTime{&k.LastUsedAt},
		toTime{&k.RevokedAt},
	}
	err = r.Scan(append(fields, userFields(&v.user)...)...)
	return v, err
}
