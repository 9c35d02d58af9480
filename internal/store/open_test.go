package store

import (
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

func TestMigratingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	onConfigs(t, func(t *testing.T, c Config) {
		s := opened(t, c)
		ours := newCompany(t, s)
		before := versions(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = opened(t, c)
		same(t, "versions", versions(t, s), before)
		same(t, "owner", get(t, s, func(tx *Tx) (ringback.User, error) { return tx.Owner(ours.account.ID) }), ours.owner)
	})
}

func TestReadyTellsHowTheLastWriteEnded(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		if err := s.Ready(); err != nil {
			t.Errorf("new: %v", err)
		}
		alter(t, s, "ALTER TABLE probes RENAME TO elsewhere")
		await(t, func() error {
			if s.Ready() == nil {
				return errors.New("ready although nothing can be written")
			}
			return nil
		})
		alter(t, s, "ALTER TABLE elsewhere RENAME TO probes")
		await(t, s.Ready)
	})
}

// alter runs a statement that no method of Tx runs.
func alter(t *testing.T, s *Store, q query) {
	t.Helper()
	write(t, s, func(tx *Tx) error {
		_, err := tx.db.Exec(q)
		return err
	})
}

func versions(t *testing.T, s *Store) []string {
	t.Helper()
	return get(t, s, func(tx *Tx) ([]string, error) {
		return sqldb.All(tx.db, func(r *sql.Rows) (string, error) {
			var id int64
			var at any
			err := r.Scan(&id, &at)
			return fmt.Sprint(id, at), err
		}, "SELECT version_id, tstamp FROM goose_db_version ORDER BY id")
	})
}

// await waits until f returns nil.
func await(t *testing.T, f func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err = f(); err == nil {
			return
		}
	}
	t.Fatal(err)
}

// isSQLite tells which of the two databases it is.
func isSQLite(t *testing.T, s *Store) bool {
	t.Helper()
	return s.Read(t.Context(), func(tx *Tx) error {
		_, err := sqldb.One(tx.db, sqldb.Value[string], "SELECT sqlite_version()")
		return err
	}) == nil
}
