package sqldb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

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
		write(t, opened(t, c), note("ours"))
	})
}

func TestACommandWorksBesideAServer(t *testing.T) {
	t.Parallel()
	onConfigs(t, func(t *testing.T, c Config) {
		server := opened(t, c)
		c.Beside = true
		one, two := opened(t, c), opened(t, c)
		write(t, one, note("made beside"))
		write(t, server, note("made by the server"))
		for _, db := range []*DB{server, one, two} {
			same(t, "notes", notes(t, db), []string{"made beside", "made by the server"})
		}
	})
}

func TestACommandAloneMigratesAndLeavesTheDataFree(t *testing.T) {
	t.Parallel()
	onConfigs(t, func(t *testing.T, c Config) {
		beside := c
		beside.Beside = true
		write(t, opened(t, beside), note("ours"))
		server := opened(t, c)
		same(t, "notes", notes(t, server), []string{"ours"})
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
		var wg sync.WaitGroup
		for _, db := range []*DB{server, command} {
			for range 4 {
				wg.Go(func() {
					for range each {
						if err := db.Write(t.Context(), note(rand.Text())); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		wg.Wait()
		same(t, "notes", len(notes(t, server)), 8*each)
	})
}

func TestACommandRefusesTablesOfAnotherVersion(t *testing.T) {
	t.Parallel()
	for version, change := range map[string]Query{
		"older": "UPDATE goose_db_version SET version_id = 0",
		"newer": "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)",
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			onConfigs(t, func(t *testing.T, c Config) {
				alter(t, opened(t, c), change)
				c.Beside = true
				db, err := Open(t.Context(), c)
				if err == nil {
					t.Fatal(db.Close())
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
		db := opened(t, c)
		alter(t, db, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)")
		if err := db.Close(); err != nil {
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
		db := opened(t, c)
		write(t, db, note("ours"))
		before := versions(t, db)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		db = opened(t, c)
		same(t, "versions", versions(t, db), before)
		same(t, "notes", notes(t, db), []string{"ours"})
	})
}

func TestTheDataDirectoryIsMade(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	opened(t, at(dir, ""))
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
	if db, err := Open(t.Context(), at(filepath.Join(file, "data"), "")); err == nil {
		t.Fatal(db.Close())
	}
}

func TestAURLThatCannotBeReadDoesNotShowItsPassword(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), at("", "postgres://user:hunter2@host:port/db"))
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestWhatComesAfterCloseFails(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		for range 2 {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
		nothing := func(*Tx) error { return nil }
		for what, err := range map[string]error{
			"write": db.Write(t.Context(), nothing), "read": db.Read(t.Context(), nothing), "ready": db.Ready(),
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
		db := opened(t, c)
		const writers = 20
		results := make(chan error, writers)
		for range writers {
			go func() {
				results <- db.Write(context.Background(), note(rand.Text()))
			}()
		}
		first := <-results // the others are under way
		if err := db.Close(); err != nil {
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
		same(t, "notes", len(notes(t, opened(t, c))), acknowledged)
	})
}

func TestReadyTellsHowTheLastWriteEnded(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		if err := db.Ready(); err != nil {
			t.Errorf("new: %v", err)
		}
		alter(t, db, "ALTER TABLE probes RENAME TO elsewhere")
		await(t, func() error {
			if db.Ready() == nil {
				return errors.New("ready although nothing can be written")
			}
			return nil
		})
		alter(t, db, "ALTER TABLE elsewhere RENAME TO probes")
		await(t, db.Ready)
	})
}

func versions(t *testing.T, db *DB) (list []string) {
	t.Helper()
	read(t, db, func(tx *Tx) (err error) {
		list, err = All(tx, func(r *sql.Rows) (string, error) {
			var id int64
			var at any
			err := r.Scan(&id, &at)
			return fmt.Sprint(id, at), err
		}, "SELECT version_id, tstamp FROM goose_db_version ORDER BY id")
		return err
	})
	return list
}
