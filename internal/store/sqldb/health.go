package sqldb

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	probeEvery = time.Second     // at most
	probeTakes = 2 * time.Second // what takes longer than this is not ready
)

// health is what is known about whether the database can be written.
type health struct {
	mu     sync.Mutex
	err    error     // why not
	probed time.Time // when the last probe began
	begun  bool      // and has not ended
	wg     sync.WaitGroup
	closed bool
}

// Ready says why the database cannot be written; nil: it can. It does not wait: it tells how the last write ended, and
// begins another one whose end the next call will tell.
func (db *DB) Ready() error {
	h := &db.health
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return errClosed
	case h.begun && time.Since(h.probed) > probeTakes:
		return errUnwritable
	case !h.begun && time.Since(h.probed) >= probeEvery:
		h.begun, h.probed = true, time.Now()
		h.wg.Go(db.try)
	}
	return h.err
}

func (db *DB) try() {
	ctx, cancel := context.WithTimeout(context.Background(), probeTakes)
	defer cancel()
	err := db.write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(db.probe, time.Now().UnixMilli())
		return err
	})
	db.health.mu.Lock()
	defer db.health.mu.Unlock()
	db.health.begun, db.health.err = false, err
}

// note keeps the failure of a write that means that others would fail too. Only a probe that succeeds ends it.
func (h *health) note(err error) {
	if !errors.Is(err, errUnwritable) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err = err
}

// wait allows no new probes and waits for the last.
func (h *health) wait() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.wg.Wait()
}
