package sqldb

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback-hq/ringback"
)

func TestWritersShareCommits(t *testing.T) {
	t.Parallel()
	c := at(t.TempDir(), "")
	synctest.Test(t, func(t *testing.T) {
		db := opened(t, c)
		sorry := errors.New("sorry")
		const writers = maxBatch - 1
		before := commits(t, c.Dir)
		results := make([]error, writers)
		var wg sync.WaitGroup
		write(t, db, func(tx *Tx) error {
			for i := range writers {
				wg.Go(func() {
					results[i] = db.Write(t.Context(), func(tx *Tx) error {
						if err := note(rand.Text())(tx); err != nil || i%3 > 0 {
							return err
						}
						if i%2 == 0 {
							_, err := tx.Exec("nonsense")
							return err
						}
						return sorry
					})
				})
			}
			synctest.Wait() // all of them wait for the turn that is ours
			return nil
		})
		wg.Wait()
		same(t, "commits", commits(t, c.Dir)-before, 1)

		want := 0
		for i, err := range results {
			if i%3 > 0 {
				want++
			}
			if (err == nil) != (i%3 > 0) {
				t.Errorf("writer %d: %v", i, err)
			}
		}
		same(t, "notes", len(notes(t, db)), want)
	})
}

func TestABatchHasAnEnd(t *testing.T) {
	t.Parallel()
	c := at(t.TempDir(), "")
	synctest.Test(t, func(t *testing.T) {
		db := opened(t, c)
		before := commits(t, c.Dir)
		var wg sync.WaitGroup
		write(t, db, func(*Tx) error {
			for range 2 * maxBatch {
				wg.Go(func() {
					if err := db.Write(t.Context(), note(rand.Text())); err != nil {
						t.Error(err)
					}
				})
			}
			synctest.Wait()
			return nil
		})
		wg.Wait()
		same(t, "commits", commits(t, c.Dir)-before, 3)
	})
}

func TestNobodyIsAnsweredBeforeTheCommit(t *testing.T) {
	t.Parallel()
	onConfigs(t, func(t *testing.T, c Config) {
		db := opened(t, c)
		c.Beside = true
		other := opened(t, c) // sees what is committed and nothing else
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				text := rand.Text()
				if err := db.Write(t.Context(), note(text)); err != nil {
					t.Error(err)
					return
				}
				err := other.Read(t.Context(), func(tx *Tx) error {
					_, err := One(tx, Value[int64], "SELECT id FROM notes WHERE text = $1", text)
					return err
				})
				if err != nil {
					t.Errorf("%s was acknowledged: %v", text, err)
				}
			})
		}
		wg.Wait()
	})
}

func TestAWriteThatPanicsLeavesNothingAndTakesNobodyAlong(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		func() {
			defer func() { same(t, "panic", recover(), any("ouch")) }()
			_ = db.Write(t.Context(), func(tx *Tx) error {
				if err := note("first")(tx); err != nil {
					t.Error(err)
				}
				panic("ouch")
			})
		}()
		write(t, db, note("second"))
		same(t, "notes", notes(t, db), []string{"second"})
	})
}

func TestWhoGivesUpWaitingWritesNothing(t *testing.T) {
	t.Parallel()
	c := at(t.TempDir(), "")
	synctest.Test(t, func(t *testing.T) {
		db := opened(t, c)
		ctx, giveUp := context.WithCancel(t.Context())
		result := make(chan error, 1)
		write(t, db, func(*Tx) error {
			go func() {
				result <- db.Write(ctx, note(rand.Text()))
			}()
			synctest.Wait()
			giveUp()
			synctest.Wait()
			return nil
		})
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
		same(t, "notes", notes(t, db), []string(nil))
	})
}

func TestAFullDisk(t *testing.T) {
	t.Parallel()
	db := opened(t, at(t.TempDir(), ""))
	sqliteSession(t, db, "PRAGMA max_page_count = 1") // as small as it is
	add := func() error { return db.Write(t.Context(), note(rand.Text()+strings.Repeat("a", 10_000))) }
	var acknowledged, refused int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			err := add()
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				acknowledged++
			case ringback.KindOf(err) == ringback.Unavailable:
				refused++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if refused == 0 {
		t.Error("everything fitted")
	}
	if err := db.Ready(); ringback.KindOf(err) != ringback.Unavailable {
		t.Errorf("ready: %v", err)
	}
	sqliteSession(t, db, "PRAGMA max_page_count = 1000000")
	if err := add(); err != nil {
		t.Errorf("with space again: %v", err)
	}
	same(t, "notes", len(notes(t, db)), acknowledged+1)
	await(t, db.Ready)
}

func TestADiskThatDoesNotAnswerIsNotReady(t *testing.T) {
	t.Parallel()
	c := at(t.TempDir(), "")
	synctest.Test(t, func(t *testing.T) {
		db := opened(t, c)
		busy, answers := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		until := func(c chan struct{}) {
			wg.Go(func() {
				if err := db.Write(t.Context(), func(*Tx) error { <-c; return nil }); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		until(busy)
		same(t, "before", db.Ready(), error(nil)) // begins a probe, which waits for its turn
		synctest.Wait()
		until(answers) // the probe shares its commit, and that takes long
		close(busy)
		time.Sleep(probeTakes + time.Millisecond)
		same(t, "meanwhile", ringback.KindOf(db.Ready()), ringback.Unavailable)
		close(answers)
		wg.Wait()
		synctest.Wait()
		same(t, "after", db.Ready(), error(nil))
	})
}

func TestEveryConnectionIsSafe(t *testing.T) {
	t.Parallel()
	db := opened(t, at(t.TempDir(), "")).engine.(*sqliteDB)
	reader, err := db.reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { db.readers <- reader }()
	for name, session := range map[string]*session{"writer": db.writer.session, "reader": reader} {
		for pragma, want := range map[string]string{
			"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "5000",
		} {
			var got string
			if err := session.conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil {
				t.Fatal(err)
			}
			same(t, name+": "+pragma, got, want)
		}
	}
}

// sqliteSession runs a statement on the connection that writes, between two writes.
func sqliteSession(t *testing.T, db *DB, q Query) {
	t.Helper()
	write(t, db, func(tx *Tx) error {
		_, err := All(tx, Value[int64], q)
		return err
	})
}

// commits counts the commits in the write-ahead log, which has not been emptied since it was made. A frame that ends a
// commit carries the size of the database (SQLite file format, section 4.1).
func commits(t *testing.T, dir string) int {
	t.Helper()
	wal, err := os.ReadFile(filepath.Join(dir, "ringback.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	const header, frameHeader, salt = 32, 24, 8
	page := int(binary.BigEndian.Uint32(wal[8:]))
	n := 0
	for at := header; at+frameHeader+page <= len(wal); at += frameHeader + page {
		frame := wal[at:]
		if !bytes.Equal(frame[8:8+salt], wal[16:16+salt]) {
			break // left over from an older log
		}
		if binary.BigEndian.Uint32(frame[4:]) != 0 {
			n++
		}
	}
	if n == 0 {
		t.Fatal(fmt.Errorf("no commit in %d bytes", len(wal)))
	}
	return n
}
