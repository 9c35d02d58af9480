package sip

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Trunk is a way to the telephone network that is looked after: its addresses, whether it answers, its registration.
type Trunk struct {
	ua    *UA
	cfg   TrunkConfig
	index int
	known chan struct{} // closed once its addresses were looked for

	mu      sync.Mutex
	targets []hop
	misses  int       // OPTIONS in a row that nobody answered
	heard   time.Time // the last answer of any kind
	ok      bool      // the last REGISTER succeeded
}

// tolerance is how many OPTIONS in a row a trunk may leave unanswered before it counts as down.
const tolerance = 3

// AddTrunk begins to look after a trunk, until Close. A trunk counts as up until it has proved otherwise.
func (u *UA) AddTrunk(c TrunkConfig) *Trunk {
	u.mu.Lock()
	t := &Trunk{ua: u, cfg: c, index: u.trunks, known: make(chan struct{}), heard: time.Now()}
	u.trunks++
	u.mu.Unlock()
	if c.literal() { // nobody is asked, so there is nothing to wait for
		t.resolve()
		close(t.known)
	}
	u.spawn(t.run)
	return t
}

// Config is how the trunk was added.
func (t *Trunk) Config() TrunkConfig { return t.cfg }

// Up reports whether the trunk answers, as far as we know.
func (t *Trunk) Up() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.misses < tolerance
}

// Registered reports whether the last registration succeeded; it is false where none is wanted.
func (t *Trunk) Registered() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ok
}

// run looks after the trunk until the UA closes.
func (t *Trunk) run() {
	var work sync.WaitGroup
	defer work.Wait()
	if !t.cfg.literal() {
		t.resolve()
		close(t.known)
		work.Go(t.keepResolved)
	}
	work.Go(t.keepPinged)
	if t.cfg.Register {
		work.Go(t.keepRegistered)
	}
}

// resolve looks up the trunk's addresses. Those of before stay where DNS has no answer.
func (t *Trunk) resolve() bool {
	targets, err := t.ua.targets(t.ua.ctx, t.cfg)
	if err != nil {
		t.ua.log.Warn("trunk has no address", "trunk", t.cfg.String(), "err", err)
		return false
	}
	t.mu.Lock()
	before := t.targets
	t.targets = targets
	t.mu.Unlock()
	for _, h := range targets {
		t.ua.guests.admit(h.addr.Addr())
	}
	for _, h := range before {
		t.ua.guests.dismiss(h.addr.Addr())
	}
	return true
}

func (t *Trunk) keepResolved() {
	found := len(t.hops()) > 0
	for t.pause(when(found, t.ua.cfg.timing.resolve, t.ua.cfg.timing.pingProbe)) {
		found = t.resolve()
	}
}

// pause waits; it is false once the UA closes.
func (t *Trunk) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-t.ua.ctx.Done():
		return false
	}
}

func when[T any](yes bool, then, otherwise T) T {
	if yes {
		return then
	}
	return otherwise
}

// hops are the trunk's addresses now.
func (t *Trunk) hops() []hop {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.targets)
}

// alive notes that the trunk answered something.
func (t *Trunk) alive() {
	t.mu.Lock()
	back := t.misses >= tolerance
	t.misses, t.heard = 0, time.Now()
	t.mu.Unlock()
	if back {
		t.ua.log.Info("trunk is up again", "trunk", t.cfg.String())
	}
}

// missed notes that the trunk did not answer an OPTIONS.
func (t *Trunk) missed() {
	t.mu.Lock()
	t.misses++
	down := t.misses == tolerance
	t.mu.Unlock()
	if down {
		t.ua.log.Warn("trunk is down", "trunk", t.cfg.String())
	}
}

// quiet is how long ago the trunk was last heard, and whether it left an OPTIONS unanswered since.
func (t *Trunk) quiet() (time.Duration, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Since(t.heard), t.misses > 0
}

// route is one address of a trunk.
type route struct {
	trunk *Trunk
	hop   hop
}

// name tells this way from all others, in every process.
func (r route) name() string {
	return r.trunk.cfg.User + "@" + r.hop.addr.String() + ";" + r.hop.network
}

// routes are the addresses of the trunk in their order.
func (t *Trunk) routes() []route {
	var all []route
	for _, h := range t.hops() {
		all = append(all, route{trunk: t, hop: h})
	}
	return all
}

// wait waits for the first look at the trunk's addresses.
func (t *Trunk) wait(ctx context.Context) {
	select {
	case <-t.known:
	case <-ctx.Done():
	}
}

// byHealth puts the trunks that are down last, each group in the order given.
func byHealth(trunks []*Trunk) []*Trunk {
	var up, down []*Trunk
	for _, t := range trunks {
		if t.Up() {
			up = append(up, t)
		} else {
			down = append(down, t)
		}
	}
	return append(up, down...)
}
