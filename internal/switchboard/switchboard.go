// Package switchboard leads the life of a call: whom to ring, when, in which order, and how it ended.
package switchboard

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/blob"
	"github.com/ringback-hq/ringback/internal/phone"
	"github.com/ringback-hq/ringback/internal/store"
)

// Config is what a switchboard works with. Prompts and Files may be nil: then nothing is said and nothing recorded.
type Config struct {
	Store   *store.Store
	Phone   phone.Phone
	Files   *blob.Disk
	Links   blob.Links
	Prompts *Prompts
	Told    func() // called after a commit that told an event: deliveries may be due
	Log     *slog.Logger
}

// Switchboard connects visitors with managers.
type Switchboard struct {
	Config
	node     string        // names this process in the store
	nudge    chan struct{} // holds one: there may be a call to take
	draining atomic.Bool
	calls    sync.WaitGroup // one for each attempt that is being made
	live     atomic.Int64   // attempts that are being made
	unjoined atomic.Int64   // those of them that may still need a telephone more
}

// New returns a switchboard. node names this process, unlike any other that ever ran.
func New(c Config, node string) *Switchboard {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Told == nil {
		c.Told = func() {}
	}
	return &Switchboard{Config: c, node: node, nudge: make(chan struct{}, 1)}
}

// Nudge says that there may be a call to take.
func (s *Switchboard) Nudge() {
	select {
	case s.nudge <- struct{}{}:
	default: // it has been said
	}
}

// Live returns how many attempts are being made.
func (s *Switchboard) Live() int { return int(s.live.Load()) }

// How long things may take. Each has its reason in docs/life-of-a-call.md.
const (
	ringAllFor    = 22 * time.Second // shorter than it takes a mobile to go to its mailbox
	ringEachFor   = 15 * time.Second
	ringVisitor   = 30 * time.Second
	visitorWaits  = 25 * time.Second // for a manager, once the visitor has answered
	longestTalk   = time.Hour
	intentIsFresh = 2 * time.Second
	sayAtMost     = 4 * time.Second
)

// freshIntents is how often an intent is written before a disk counts as too slow to ring a telephone.
const freshIntents = 3

// maxAttempts is how often the managers are rung before a call is given up.
const maxAttempts = 3

// retryAfter is the pause before the next attempt, by how many were made.
func retryAfter(attempts int) time.Duration {
	if attempts <= 1 {
		return 5 * time.Second
	}
	return 15 * time.Second
}

// unreachable is what callers of the API are told while the process is about to stop.
var errDraining = &ringback.Error{
	Kind: ringback.Unavailable, Code: ringback.CodeMaintenance,
	Detail: "The server is about to restart. Please try again in a moment.",
}
