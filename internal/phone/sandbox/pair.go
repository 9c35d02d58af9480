package sandbox

import "github.com/ringback-hq/ringback"

// pair is what has answered of one call: both parties find each other by X-Ringback-Call.
type pair struct {
	managers int                     // that have answered and not left
	waiting  map[*telephone]struct{} // visitors that wait for a manager
}

// meet enters an answered telephone and tells a visitor, sooner or later, that both have answered.
func (c *Carrier) meet(t *telephone) {
	if t.call == "" {
		t.met() // nobody to wait for
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.pairs[t.call]
	if p == nil {
		p = &pair{waiting: map[*telephone]struct{}{}}
		c.pairs[t.call] = p
	}
	switch {
	case t.party != ringback.PartyVisitor:
		p.managers++
		for visitor := range p.waiting {
			visitor.met()
		}
		clear(p.waiting)
	case p.managers > 0:
		t.met()
	default:
		p.waiting[t] = struct{}{}
	}
}

// part takes a telephone out again.
func (c *Carrier) part(t *telephone) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.pairs[t.call]
	if p == nil {
		return
	}
	if t.party != ringback.PartyVisitor {
		p.managers--
	}
	delete(p.waiting, t)
	if p.managers == 0 && len(p.waiting) == 0 {
		delete(c.pairs, t.call)
	}
}
