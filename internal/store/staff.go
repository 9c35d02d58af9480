package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/ringback-hq/ringback"
)

var staffSQL = struct{ mark, changed query }{
	mark:    `SELECT staff FROM widgets WHERE account_id = $1 AND id = $2`,
	changed: `UPDATE widgets SET staff = $2 WHERE account_id = $1`,
}

// mostStaffs is how many widgets' managers are remembered before all are forgotten.
const mostStaffs = 1000

// A staffCache remembers the managers of widgets: they are asked for with every call, and rarely change. The row of a
// widget has a mark that is another random number after every change, so that what was read under a mark is true for as
// long as the mark stands, whoever made the change and whether it was rolled back or not.
type staffCache struct {
	mu    sync.Mutex
	known map[int64]staff // by widget
}

type staff struct {
	mark     int64
	managers []ringback.Manager
}

func (c *staffCache) get(widget, mark int64) ([]ringback.Manager, bool) {
	if c == nil {
		return nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.known[widget]
	return slices.Clone(s.managers), ok && s.mark == mark
}

func (c *staffCache) put(widget int64, s staff) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= mostStaffs {
		c.known = map[int64]staff{}
	}
	c.known[widget] = s
}

// LockStaff makes others who change users or managers of the account wait until this transaction ends. What is read
// afterwards is what they left.
func (tx *Tx) LockStaff(account int64) error { return tx.db.Lock(fmt.Sprintf("staff %d", account)) }

// staffChanged must be called by whoever changes a manager, or a user or department that may be one of a manager's.
func (tx *Tx) staffChanged(account int64) error {
	_, err := tx.db.Exec(staffSQL.changed, account, rand.Int64())
	return err
}
