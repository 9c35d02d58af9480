package sandbox

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringback-hq/ringback"
)

// Ring is one telephone that was called.
type Ring struct {
	Number   ringback.Number // as the request line had it
	Party    ringback.Party  // X-Ringback-Party; empty if the caller did not say
	CallID   string          // X-Ringback-Call
	Attempt  string          // X-Ringback-Attempt
	At       time.Time
	Answered bool
}

// keepRings is how many rings are remembered.
const keepRings = 100_000

// rings remembers the last rings.
type rings struct {
	mu    sync.Mutex
	kept  []Ring
	total int // ever; the ring numbered n is at n%keepRings
}

// add remembers a ring and returns its number.
func (r *rings) add(ring Ring) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) < keepRings {
		r.kept = append(r.kept, ring)
	} else {
		r.kept[r.total%keepRings] = ring
	}
	r.total++
	return r.total - 1
}

// answered marks a ring, unless it is forgotten.
func (r *rings) answered(number int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.total-number <= keepRings {
		r.kept[number%keepRings].Answered = true
	}
}

func (r *rings) list() []Ring {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) < keepRings {
		return slices.Clone(r.kept)
	}
	oldest := r.total % keepRings
	return slices.Concat(r.kept[oldest:], r.kept[:oldest])
}

// Rings returns the last 100,000 telephones that were called, the oldest first; those that were busy are among them.
func (c *Carrier) Rings() []Ring { return c.rings.list() }

// Stats says what a carrier did since Start and has at the moment.
type Stats struct {
	Invites    int64 // telephones that were called, whatever came of it
	Refused    int64 // of these: answered with a code of 300 or more, CANCEL apart
	Cancelled  int64 // of these: the caller gave up in time
	Answered   int64 // of these: answered
	Released   int64 // of the answered: the caller hung up
	HungUp     int64 // of the answered: the telephone hung up
	Unreleased int64 // the caller forgot them, ringing or talking, until we gave up; 0 in a world without faults
	Strangers  int64 // packets and connections from those who may not call
	Malformed  int64 // requests without what a request needs

	Dialogs int // telephones that ring or talk, and those that were put down and wait for an answer to their BYE
	Ports   int // open ports for sound
}

// tally is Stats while they count.
type tally struct {
	invites, refused, cancelled, answered, released, hungUp, unreleased, strangers, malformed atomic.Int64
}

// Stats reads the counters.
func (c *Carrier) Stats() Stats {
	c.mu.Lock()
	dialogs := len(c.dialogs)
	c.mu.Unlock()
	y := &c.tally
	return Stats{
		Invites: y.invites.Load(), Refused: y.refused.Load(), Cancelled: y.cancelled.Load(), Answered: y.answered.Load(),
		Released: y.released.Load(), HungUp: y.hungUp.Load(), Unreleased: y.unreleased.Load(),
		Strangers: y.strangers.Load(), Malformed: y.malformed.Load(),
		Dialogs: dialogs, Ports: c.media.Ports(),
	}
}
