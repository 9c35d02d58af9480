package sqldb

import (
	"context"
	"fmt"
	"time"
)

// maxBatch is how many writes share one commit.
const maxBatch = 256

// tidyEvery is how often SQLite looks whether it must learn anew how its data is spread.
const tidyEvery = time.Hour

// A writer gives everybody who wants to write a turn on the one connection that can, and commits for all who had one
// in the meantime together: a commit waits for the disk, and the disk takes no longer for many writes than for one.
type writer struct {
	session *session
	turns   chan *batch   // who receives has the turn
	back    chan struct{} // the turn is over
	stop    chan struct{} // closed: no new writes, finish those that wait
	stopped chan struct{} // closed: it has happened
	tidied  time.Time
}

func newWriter(s *session) *writer {
	return &writer{
		session: s, turns: make(chan *batch), back: make(chan struct{}),
		stop: make(chan struct{}), stopped: make(chan struct{}), tidied: time.Now(),
	}
}

// write waits for a turn, runs f in it and waits for the commit. Who gives up before their turn leaves no trace.
func (w *writer) write(ctx context.Context, f func(*Tx) error) error {
	select {
	case <-w.stop:
		return errClosed
	default:
	}
	select {
	case b := <-w.turns:
		if err := b.turn(ctx, f); err != nil {
			return err
		}
		<-b.done
		return b.err
	case <-ctx.Done():
		return ctx.Err()
	case <-w.stopped:
		return errClosed
	}
}

// run leads the writer until it is stopped and nobody waits any more.
func (w *writer) run() {
	defer close(w.stopped)
	for {
		b := &batch{writer: w, done: make(chan struct{})}
		select {
		case w.turns <- b:
		case <-w.stop:
			if !w.offer(b) {
				return
			}
		}
		w.fill(b)
		b.commit()
		w.tidy()
	}
}

// fill gives turns in the same transaction, after the first, to all who wait.
func (w *writer) fill(b *batch) {
	for range maxBatch - 1 {
		<-w.back
		if b.err != nil || !w.offer(b) {
			return
		}
	}
	<-w.back
}

func (w *writer) offer(b *batch) bool {
	select {
	case w.turns <- b:
		return true
	default:
		return false
	}
}

// tidy is best effort: without it pages of the history may become slow, and nothing else.
func (w *writer) tidy() {
	if time.Since(w.tidied) >= tidyEvery {
		w.tidied = time.Now()
		_ = w.session.do(sqliteOptimize)
	}
}

// A batch is the writes that share a commit.
type batch struct {
	writer *writer
	begun  bool
	err    error         // why all of them failed; may be read after done
	done   chan struct{} // closed: it is on disk, or failed
}

// turn runs f alone on the connection, on the goroutine of the one who asked, so that a panic of f is theirs too.
func (b *batch) turn(ctx context.Context, f func(*Tx) error) (err error) {
	ok := false
	defer func() {
		if !ok {
			b.undo()
		}
		b.writer.back <- struct{}{}
	}()
	if err := b.begin(); err != nil {
		ok = true
		return err
	}
	// SQLite undoes the whole transaction, and the writes of others, when a statement is interrupted.
	tx := &Tx{ctx: context.WithoutCancel(ctx), run: b.writer.session, dialect: &sqlite}
	if err := tx.do(f); err != nil {
		return err
	}
	if err := b.writer.session.do("RELEASE write"); err != nil {
		return unwritable(&sqlite, fmt.Errorf("end a write: %w", err))
	}
	ok = true
	return nil
}

// begin begins the transaction of all and the savepoint of one.
func (b *batch) begin() error {
	if !b.begun {
		if err := b.writer.session.do("BEGIN IMMEDIATE"); err != nil {
			b.err = unwritable(&sqlite, fmt.Errorf("begin a write: %w", err))
			return b.err
		}
		b.begun = true
	}
	if err := b.writer.session.do("SAVEPOINT write"); err != nil {
		b.err = unwritable(&sqlite, fmt.Errorf("begin a write: %w", err))
		return b.err
	}
	return nil
}

// undo undoes one write. Where that fails the whole transaction is gone: SQLite ends it by itself when the disk is
// full, for example.
func (b *batch) undo() {
	err := b.writer.session.do("ROLLBACK TO write")
	if err == nil {
		err = b.writer.session.do("RELEASE write")
	}
	if err != nil {
		b.err = fmt.Errorf("%w: undo a write: %w", errUnwritable, err)
	}
}

// commit ends the batch and tells everybody who had a turn.
func (b *batch) commit() {
	defer close(b.done)
	if !b.begun {
		return
	}
	if b.err == nil {
		if err := b.writer.session.do("COMMIT"); err != nil {
			b.err = unwritable(&sqlite, fmt.Errorf("commit: %w", err))
		}
	}
	if b.err != nil {
		_ = b.writer.session.do("ROLLBACK") // there may be nothing left to roll back
	}
}
