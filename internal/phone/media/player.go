package media

import (
	"context"
	"slices"
	"sync"
	"time"
)

// clock plays the clips of an engine, a packet per player every 20 ms. It runs only while somebody plays.
type clock struct {
	start func(task func()) bool // runs the task and waits for it at the end

	mu      sync.Mutex
	running bool
	players []*player
	now     []*player // of the present tick; used by run alone
}

// lateness beyond which the clock starts its schedule anew instead of catching up, as after a suspended process.
const lateness = 200 * time.Millisecond

func (c *clock) add(p *player) {
	c.mu.Lock()
	c.players = append(c.players, p)
	idle := !c.running
	c.running = true
	c.mu.Unlock()
	if idle {
		c.start(c.run) // refused only by a closed engine, whose ports end their players
	}
}

// run keeps an absolute schedule, so that a late tick does not delay the following ones.
func (c *clock) run() {
	for next := time.Now(); c.tick(); {
		now := time.Now()
		next = next.Add(frameTime)
		if now.Sub(next) > lateness {
			next = now
		}
		time.Sleep(next.Sub(now))
	}
}

// tick lets everybody play a packet and reports whether anybody is left.
func (c *clock) tick() bool {
	c.mu.Lock()
	c.players = slices.DeleteFunc(c.players, func(p *player) bool { return p.over })
	c.running = len(c.players) > 0
	if !c.running {
		c.mu.Unlock()
		return false // another run may have begun: nothing here is ours any more
	}
	c.now = append(c.now[:0], c.players...)
	c.mu.Unlock()

	now := time.Now()
	for _, p := range c.now {
		p.over = !p.play(now)
	}
	clear(c.now)
	return true
}

// player is one clip on its way into one port.
type player struct {
	port *Port
	clip *Clip
	loop bool
	src  *source
	next int  // frame
	over bool // used by the clock alone
}

// play sends the next packet and reports whether there may be more.
func (p *player) play(now time.Time) bool {
	if p.next == p.clip.frames() {
		if !p.loop || p.next == 0 {
			p.port.out.release(p.src)
			return false
		}
		p.next = 0
	}
	p.next++
	return p.port.out.play(p.src, p.clip, p.next-1, now)
}

func (p *Port) start(c *Clip, loop bool) (*source, error) {
	src := newSource()
	if err := p.out.take(src); err != nil {
		return nil, err
	}
	p.engine.clock.add(&player{port: p, clip: c, loop: loop, src: src})
	return src, nil
}

// Play plays a clip to its end and returns nil. It ends early with ctx, with ErrReplaced when something else
// begins to sound on the port, and with ErrClosed. Time passes also while the other side holds the call.
func (p *Port) Play(ctx context.Context, c *Clip) error {
	src, err := p.start(c, false)
	if err != nil {
		return err
	}
	select {
	case <-src.done:
		return src.err
	case <-ctx.Done():
		p.out.release(src)
		return context.Cause(ctx)
	}
}

// Loop plays a clip over and over until stop is called or something else begins to sound on the port.
func (p *Port) Loop(c *Clip) (stop func()) {
	src, err := p.start(c, true)
	if err != nil {
		return func() {} // the port is closed: nothing sounds
	}
	return func() { p.out.release(src) }
}
