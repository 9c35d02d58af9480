package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
)

func TestOnlyOneProcessHasTheData(t *testing.T) {
	t.Parallel()
	onConfigs(t, func(t *testing.T, c Config) {
		first, err := Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), c); !errors.Is(err, ErrLocked) {
			t.Errorf("while the first is open: got %v, want %v", err, ErrLocked)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		newCompany(t, opened(t, c))
	})
}

func TestACommandWorksBesideAServer(t *testing.T) {
	t.Parallel()
	onConfigs(t, func(t *testing.T, c Config) {
		server := opened(t, c)
		c.Beside = true
		one, two := opened(t, c), opened(t, c)
		ours := newCompany(t, one)
		theirs := newCompany(t, server)
		for _, s := range []*Store{server, one, two} {
			same(t, "made beside", get(t, s, func(tx *Tx) (ringback.User, error) {
				return tx.User(ours.account.ID, ours.owner.ID)
			}), ours.owner)
			same(t, "made by the server", get(t, s, func(tx *Tx) (ringback.User, error) {
				return tx.User(theirs.account.ID, theirs.owner.ID)
			}), theirs.owner)
		}
	})
}

func TestACommandAloneMigratesAndLeavesTheDataFree(t *testing.T) {
	t.Parallel()
	onConfigs(t, func(t *testing.T, c Config) {
		beside := c
		beside.Beside = true
		ours := newCompany(t, opened(t, beside))
		server := opened(t, c)
		same(t, "owner", get(t, server, func(tx *Tx) (ringback.User, error) { return tx.Owner(ours.account.ID) }), ours.owner)
		if _, err := Open(t.Context(), c); !errors.Is(err, ErrLocked) {
			t.Errorf("a second server: got %v, want %v", err, ErrLocked)
		}
	})
}

func TestACommandAndAServerWriteAtTheSameTime(t *testing.T) {
	t.Parallel()
	onConfigs(t, func(t *testing.T, c Config) {
		const each = 50
		server := opened(t, c)
		c.Beside = true
		command := opened(t, c)
		ours := newCompany(t, server)
		var wg sync.WaitGroup
		for _, s := range []*Store{server, command} {
			for range 4 {
				wg.Go(func() {
					for range each {
						call := ours.call(visitor(1))
						if err := s.Write(t.Context(), func(tx *Tx) error { return tx.AddCall(&call) }); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		wg.Wait()
		read(t, server, func(tx *Tx) error {
			_, count, err := tx.History(ours.account.ID, HistoryFilter{Limit: 1})
			same(t, "calls", count, 8*each)
			return err
		})
	})
}

func TestACommandRefusesTablesOfAnotherVersion(t *testing.T) {
	t.Parallel()
	for version, change := range map[string]query{
		"older": "UPDATE goose_db_version SET version_id = 0",
		"newer": "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)",
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			onConfigs(t, func(t *testing.T, c Config) {
				alter(t, opened(t, c), change)
				c.Beside = true
				s, err := Open(t.Context(), c)
				if err == nil {
					t.Fatal(s.Close())
				}
				if !strings.Contains(err.Error(), "another version of ringback uses the database") {
					t.Errorf("got %q", err)
				}
			})
		})
	}
}

func TestAServerRefusesTablesOfANewerVersion(t *testing.T) {
	t.Parallel()
	onConfigs(t, func(t *testing.T, c Config) {
		s := opened(t, c)
		alter(t, s, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		again, err := Open(t.Context(), c)
		if err == nil {
			t.Fatal(again.Close())
		}
		if !strings.Contains(err.Error(), "newer version") {
			t.Errorf("got %q", err)
		}
	})
}

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

func TestTheDataDirectoryIsMade(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	opened(t, Config{Dir: dir})
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("others may look into it: %s", info.Mode())
	}
}

func TestADirectoryThatCannotBeMade(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(t.Context(), Config{Dir: filepath.Join(file, "data")}); err == nil {
		t.Fatal(s.Close())
	}
}

func TestAURLThatCannotBeReadDoesNotShowItsPassword(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), Config{URL: "postgres://user:hunter2@host:port/db"})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestWhatComesAfterCloseFails(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		for range 2 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		nothing := func(*Tx) error { return nil }
		for what, err := range map[string]error{
			"write": s.Write(t.Context(), nothing), "read": s.Read(t.Context(), nothing), "ready": s.Ready(),
		} {
			if ringback.KindOf(err) != ringback.Unavailable {
				t.Errorf("%s: got %v, want a %d", what, err, ringback.Unavailable)
			}
		}
	})
}

func TestWritesThatHaveBegunEndBeforeClose(t *testing.T) {
	t.Parallel()
	onConfigs(t, func(t *testing.T, c Config) {
		s := opened(t, c)
		ours := newCompany(t, s)
		const writers = 20
		results := make(chan error, writers)
		for range writers {
			go func() {
				call := ours.call(visitor(1))
				results <- s.Write(context.Background(), func(tx *Tx) error { return tx.AddCall(&call) })
			}()
		}
		first := <-results // the others are under way
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		acknowledged := 0
		for i := range writers {
			err := first
			if i > 0 {
				err = <-results
			}
			switch {
			case err == nil:
				acknowledged++
			case ringback.KindOf(err) != ringback.Unavailable:
				t.Error(err)
			}
		}
		read(t, opened(t, c), func(tx *Tx) error {
			_, count, err := tx.History(ours.account.ID, HistoryFilter{})
			same(t, "calls", count, acknowledged)
			return err
		})
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
		_, err := tx.exec(q)
		return err
	})
}

func versions(t *testing.T, s *Store) []string {
	t.Helper()
	return get(t, s, func(tx *Tx) ([]string, error) {
		return all(tx, func(r *sql.Rows) (string, error) {
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
