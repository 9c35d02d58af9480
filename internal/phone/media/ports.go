package media

import (
	"math/rand/v2"
	"time"
)

// portRange hands out even ports in order, from a random place so that two processes of one machine rarely meet.
type portRange struct {
	first, pairs int
	next         int // index of the next pair
	used         map[int]bool
	resting      map[int]time.Time // when a closed port may be used again
}

func newPortRange(lo, hi int) portRange {
	lo += lo & 1
	r := portRange{first: lo, pairs: max(0, (hi-lo+1)/2), used: map[int]bool{}, resting: map[int]time.Time{}}
	if r.pairs > 0 {
		r.next = rand.IntN(r.pairs)
	}
	return r
}

// take returns the next port that is neither used nor in quarantine.
func (r *portRange) take(now time.Time) (port int, ok bool) {
	for range r.pairs {
		port = r.first + 2*r.next
		r.next = (r.next + 1) % r.pairs
		if r.used[port] || now.Before(r.resting[port]) {
			continue
		}
		delete(r.resting, port)
		r.used[port] = true
		return port, true
	}
	return 0, false
}

// putBack returns a port that could not be bound.
func (r *portRange) putBack(port int) { delete(r.used, port) }

// release returns a port that was in use, after a quarantine.
func (r *portRange) release(port int, now time.Time) {
	delete(r.used, port)
	r.resting[port] = now.Add(quarantine)
}
