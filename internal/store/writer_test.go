package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback-hq/ringback"
)

func TestWritersShareCommits(t *testing.T) {
	t.Parallel()
	c := Config{Dir: t.TempDir()}
	synctest.Test(t, func(t *testing.T) {
		s := opened(t, c)
		ours := newCompany(t, s)
		sorry := errors.New("sorry")
		const writers = maxBatch - 1
		before := commits(t, c.Dir)
		results := make([]error, writers)
		var wg sync.WaitGroup
		write(t, s, func(tx *Tx) error {
			for i := range writers {
				wg.Go(func() {
					call := ours.call(visitor(i))
					results[i] = s.Write(t.Context(), func(tx *Tx) error {
						if err := tx.AddCall(&call); err != nil || i%3 > 0 {
							return err
						}
						if i%2 == 0 {
							_, err := tx.exec("nonsense")
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
		same(t, "calls", len(ours.due(t, noon)), want)
	})
}

func TestABatchHasAnEnd(t *testing.T) {
	t.Parallel()
	c := Config{Dir: t.TempDir()}
	synctest.Test(t, func(t *testing.T) {
		s := opened(t, c)
		ours := newCompany(t, s)
		before := commits(t, c.Dir)
		var wg sync.WaitGroup
		write(t, s, func(*Tx) error {
			for i := range 2 * maxBatch {
				wg.Go(func() {
					call := ours.call(visitor(i))
					if err := s.Write(t.Context(), func(tx *Tx) error { return tx.AddCall(&call) }); err != nil {
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
		s := opened(t, c)
		ours := newCompany(t, s)
		c.Beside = true
		other := opened(t, c) // sees what is committed and nothing else
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				call := ours.call(visitor(i))
				if err := s.Write(t.Context(), func(tx *Tx) error { return tx.AddCall(&call) }); err != nil {
					t.Error(err)
					return
				}
				err := other.Read(t.Context(), func(tx *Tx) error {
					_, err := tx.Call(call.AccountID, call.ID)
					return err
				})
				if err != nil {
					t.Errorf("call %d was acknowledged: %v", call.ID, err)
				}
			})
		}
		wg.Wait()
	})
}

func TestAWriteThatPanicsLeavesNothingAndTakesNobodyAlong(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		func() {
			defer func() { same(t, "panic", recover(), any("ouch")) }()
			_ = s.Write(t.Context(), func(tx *Tx) error {
				call := c.call(visitor(1))
				if err := tx.AddCall(&call); err != nil {
					t.Error(err)
				}
				panic("ouch")
			})
		}()
		call := c.placed(t, visitor(2), nil)
		same(t, "due", c.due(t, noon), []int64{call.ID})
	})
}

func TestWhoGivesUpWaitingWritesNothing(t *testing.T) {
	t.Parallel()
	c := Config{Dir: t.TempDir()}
	synctest.Test(t, func(t *testing.T) {
		s := opened(t, c)
		ours := newCompany(t, s)
		ctx, giveUp := context.WithCancel(t.Context())
		result := make(chan error, 1)
		write(t, s, func(*Tx) error {
			go func() {
				call := ours.call(visitor(1))
				result <- s.Write(ctx, func(tx *Tx) error { return tx.AddCall(&call) })
			}()
			synctest.Wait()
			giveUp()
			synctest.Wait()
			return nil
		})
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
		same(t, "due", ours.due(t, noon), []int64(nil))
	})
}

func TestAFullDisk(t *testing.T) {
	t.Parallel()
	s := opened(t, Config{Dir: t.TempDir()})
	c := newCompany(t, s)
	sqliteSession(t, s, "PRAGMA max_page_count = 1") // as small as it is
	add := func(i int) error {
		call := c.call(visitor(i))
		call.Ref = string(bytes.Repeat([]byte("a"), 10_000))
		return s.Write(t.Context(), func(tx *Tx) error { return tx.AddCall(&call) })
	}
	var acknowledged, refused int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			err := add(i)
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
	if err := s.Ready(); ringback.KindOf(err) != ringback.Unavailable {
		t.Errorf("ready: %v", err)
	}
	sqliteSession(t, s, "PRAGMA max_page_count = 1000000")
	if err := add(50); err != nil {
		t.Errorf("with space again: %v", err)
	}
	same(t, "calls", len(c.due(t, noon)), acknowledged+1)
	await(t, s.Ready)
}

func TestADiskThatDoesNotAnswerIsNotReady(t *testing.T) {
	t.Parallel()
	c := Config{Dir: t.TempDir()}
	synctest.Test(t, func(t *testing.T) {
		s := opened(t, c)
		busy, answers := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		until := func(c chan struct{}) {
			wg.Go(func() {
				if err := s.Write(t.Context(), func(*Tx) error { <-c; return nil }); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		until(busy)
		same(t, "before", s.Ready(), error(nil)) // begins a probe, which waits for its turn
		synctest.Wait()
		until(answers) // the probe shares its commit, and that takes long
		close(busy)
		time.Sleep(probeTakes + time.Millisecond)
		same(t, "meanwhile", ringback.KindOf(s.Ready()), ringback.Unavailable)
		close(answers)
		wg.Wait()
		synctest.Wait()
		same(t, "after", s.Ready(), error(nil))
	})
}

func TestEveryConnectionIsSafe(t *testing.T) {
	t.Parallel()
	s := opened(t, Config{Dir: t.TempDir()})
	db := s.engine.(*sqliteDB)
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
func sqliteSession(t *testing.T, s *Store, q query) {
	t.Helper()
	write(t, s, func(tx *Tx) error {
		_, err := all(tx, scanInt, q)
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
