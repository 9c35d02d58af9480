package media

// relay leads what one port receives into the outgoing stream of another.
type relay struct {
	to  *Port
	src *source
}

// Join lets the two sides hear each other; what sounded on either port before ends with ErrReplaced.
// Audio passes in the packets it came in, transcoded if the laws differ; key presses pass as well.
func Join(a, b *Port) {
	a.engine.wiring.Lock()
	defer a.engine.wiring.Unlock()
	lead(a, b)
	lead(b, a)
}

// Relay lets the other side of to hear what from receives, such as early media. The opposite way is not touched.
func Relay(from, to *Port) {
	from.engine.wiring.Lock()
	defer from.engine.wiring.Unlock()
	lead(from, to)
}

// Part ends what Join or Relay set up between the two, if it still stands.
func Part(a, b *Port) {
	a.engine.wiring.Lock()
	defer a.engine.wiring.Unlock()
	cut(a, b)
	cut(b, a)
}

// lead makes from the source of to and of nobody else.
func lead(from, to *Port) {
	r := &relay{to: to, src: newSource()}
	if to.out.take(r.src) != nil {
		r = nil // closed: from leads nowhere
	}
	old := from.relay.Swap(r)
	if old != nil && old.to != to {
		old.to.out.release(old.src)
	}
}

func cut(from, to *Port) {
	r := from.relay.Load()
	if r != nil && r.to == to && from.relay.CompareAndSwap(r, nil) {
		to.out.release(r.src)
	}
}
