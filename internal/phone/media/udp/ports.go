package udp

import (
	"math/rand/v2"
	"time"
)

const (
	quarantine   = 10 * time.Second // keeps late packets of an ended call out of the next one
	shortestRest = time.Second      // the part of it that is kept even when there are no other ports
)

// Ports hands out even ports in order, from a random place so that two processes of one machine rarely meet.
type Ports struct {
	first, pairs int
	next         int // index of the next pair
	used         map[int]bool
	resting      map[int]time.Time // when a closed port may be used again
}

// NewPorts returns the pairs of ports between lo and hi, both included.
func NewPorts(lo, hi int) Ports {
	lo += lo & 1
	r := Ports{first: lo, pairs: max(0, (hi-lo+1)/2), used: map[int]bool{}, resting: map[int]time.Time{}}
	if r.pairs > 0 {
		r.next = rand.IntN(r.pairs)
	}
	return r
}

// Take returns the next port that is neither used nor in quarantine. Where there is none it is one whose quarantine is
// nearest to its end: a late packet of an old call does less harm than no call.
func (r *Ports) Take(now time.Time) (port int, ok bool) {
	tired, rested := 0, now.Add(quarantine-shortestRest)
	for range r.pairs {
		port = r.first + 2*r.next
		r.next = (r.next + 1) % r.pairs
		if r.used[port] {
			continue
		}
		until, resting := r.resting[port]
		if !resting || !now.Before(until) {
			return r.use(port), true
		}
		if until.Before(rested) {
			tired, rested = port, until
		}
	}
	if tired == 0 {
		return 0, false
	}
	return r.use(tired), true
}

func (r *Ports) use(port int) int {
	delete(r.resting, port)
	r.used[port] = true
	return port
}

// Pairs counts the ports of the range, each with the odd one after it.
func (r *Ports) Pairs() int { return r.pairs }

// Free counts the ports that are not in use.
func (r *Ports) Free() int { return r.pairs - len(r.used) }

// Release gives a port back that was in use, or that could not be bound, for after a quarantine.
func (r *Ports) Release(port int, now time.Time) {
	delete(r.used, port)
	r.resting[port] = now.Add(quarantine)
}
