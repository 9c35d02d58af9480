package sqldb

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"
)

func TestATransactionGoesOnAfterErrTaken(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		write(t, db, note("first"))
		write(t, db, func(tx *Tx) error {
			if err := note("first")(tx); !errors.Is(err, ErrTaken) {
				t.Errorf("got %v, want %v", err, ErrTaken)
			}
			return note("second")(tx)
		})
		same(t, "notes", notes(t, db), []string{"first", "second"})
	})
}

func TestWhatIsNotThere(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		sorry := errors.New("sorry")
		write(t, db, func(tx *Tx) error {
			if err := tx.Change(sorry, "UPDATE notes SET text = 'a' WHERE id = $1", 1); !errors.Is(err, sorry) {
				t.Errorf("changed: got %v, want %v", err, sorry)
			}
			one := func() (string, error) { return One(tx, Value[string], "SELECT text FROM notes WHERE id = $1", 1) }
			if _, err := one(); !errors.Is(err, ErrNotFound) {
				t.Errorf("read: got %v, want %v", err, ErrNotFound)
			}
			_, found, err := Maybe(one())
			same(t, "found", found, false)
			return err
		})
	})
}

func TestWhatFailedLeavesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		sorry := errors.New("sorry")
		err := db.Write(t.Context(), func(tx *Tx) error { return errors.Join(note("first")(tx), sorry) })
		if !errors.Is(err, sorry) {
			t.Errorf("got %v, want %v", err, sorry)
		}
		err = db.Write(t.Context(), func(tx *Tx) error {
			err := note("first")(tx)
			_, _ = tx.Exec("nonsense") // a failure that is passed over
			return err
		})
		if err == nil {
			t.Error("a write went on after the database had failed")
		}
		same(t, "notes", notes(t, db), []string(nil))
	})
}

func TestAReadCannotWrite(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		if err := db.Read(t.Context(), note("first")); err == nil {
			t.Error("it did")
		}
		write(t, db, note("second")) // and the connection is as good as before
		same(t, "notes", notes(t, db), []string{"second"})
	})
}

func TestAReadSeesOneMoment(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		write(t, db, note("first"))
		read(t, db, func(tx *Tx) error {
			count := func() (int, error) { return One(tx, Value[int], "SELECT count(*) FROM notes") }
			if _, err := count(); err != nil {
				return err
			}
			write(t, db, note("second")) // meanwhile
			n, err := count()
			same(t, "later in the same read", n, 1)
			return err
		})
		same(t, "in the next", notes(t, db), []string{"first", "second"})
	})
}

func TestTextsThatPostgreSQLRefusesAreCleaned(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		write(t, db, note("a\x00b\xffc"))
		same(t, "notes", notes(t, db), []string{"ab\uFFFDc"})
	})
}

func TestWhoLocksTheSameNameReadsWhatTheOtherLeft(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		unlessThere := func(tx *Tx) error {
			if err := tx.Lock("note"); err != nil {
				return err
			}
			n, err := One(tx, Value[int], "SELECT count(*) FROM notes")
			if err != nil || n > 0 {
				return err
			}
			return note(rand.Text())(tx)
		}
		ended := make(chan error, 1)
		write(t, db, func(tx *Tx) error {
			if err := unlessThere(tx); err != nil {
				return err
			}
			go func() { ended <- db.Write(t.Context(), unlessThere) }()
			select {
			case err := <-ended:
				ended <- err
			case <-time.After(200 * time.Millisecond): // it waits, as it should
			}
			return nil
		})
		if err := <-ended; err != nil {
			t.Error(err)
		}
		same(t, "notes", len(notes(t, db)), 1)
	})
}
