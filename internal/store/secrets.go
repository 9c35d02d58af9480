package store

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

var secretSQL = struct{ get, add query }{
	get: `SELECT value FROM secrets WHERE name = $1`,
	add: `INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
}

// Secret returns the installation's secret of that name: size random bytes, made when it is first asked for, which
// must be in a Write.
func (tx *Tx) Secret(name string, size int) ([]byte, error) {
	secret, err := sqldb.One(tx.db, sqldb.Value[[]byte], secretSQL.get, name)
	if err == nil && len(secret) != size {
		return nil, fmt.Errorf("the secret %s has %d bytes instead of %d", name, len(secret), size)
	}
	if !errors.Is(err, ErrNotFound) {
		return secret, err
	}
	secret = make([]byte, size)
	_, _ = rand.Read(secret) // it never fails (documentation of crypto/rand)
	if _, err := tx.db.Exec(secretSQL.add, name, secret); err != nil {
		return nil, fmt.Errorf("make the secret %s: %w", name, err)
	}
	return sqldb.One(tx.db, sqldb.Value[[]byte], secretSQL.get, name) // somebody may have been quicker
}
