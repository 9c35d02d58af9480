// Package sandbox provides a telephone network without telephones: real SIP and RTP, and numbers that behave by their last four digits.
package sandbox

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"github.com/ringback-hq/ringback/internal/phone/gate"
	"github.com/ringback-hq/ringback/internal/phone/media"
)

// Config is how a carrier behaves. The zero value listens on a free port of 127.0.0.1.
type Config struct {
	Listen  netip.AddrPort // for UDP and TCP alike; a zero address is 127.0.0.1, port 0 is a free one
	Allow   []netip.Prefix // who may call; empty is this machine alone
	Talk    time.Duration  // both have answered to the visitor hanging up; zero is 5 s
	RingFor time.Duration  // ringing to the answer; zero is 1 s
	Media   media.Config   // the ports for sound; a zero Addr is that of Listen
	NoAudio bool           // telephones that answer make no sound, key presses excepted
	Journal io.Writer      // gets an Entry as a line of JSON for all that happens; nil for none
	Log     *slog.Logger   // nil is silence

	timing timing
	limit  int
}

// timing holds the waits that are nobody's choice, so that tests can shorten them.
type timing struct {
	slow       time.Duration // how long 9008 rings
	early      time.Duration // how long the network speaks before 9011 answers
	press      time.Duration // 9010: the answer to the key
	stay       time.Duration // the answer to a telephone being put down although nobody released it
	unanswered time.Duration // the same while it rings
	retransmit time.Duration // T1: between a 2xx and its first repetition (RFC 3261 section 13.3.1.4)
	retransmax time.Duration // T2: the longest interval between repetitions
	unacked    time.Duration // 64*T1: a 2xx to giving up waiting for its ACK
	farewell   time.Duration // how long Close waits for answers
}

// maxDialogs is how many telephones ring or talk at a time; further ones get 503.
const maxDialogs = 20_000

func (c Config) withDefaults() Config {
	ip := c.Listen.Addr()
	if !ip.IsValid() {
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	c.Listen = netip.AddrPortFrom(ip, c.Listen.Port())
	if !c.Media.Addr.IsValid() {
		c.Media.Addr = ip
	}
	c.Talk = cmp.Or(c.Talk, 5*time.Second)
	c.RingFor = cmp.Or(c.RingFor, time.Second)
	c.limit = cmp.Or(c.limit, maxDialogs)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Media.Log = cmp.Or(c.Media.Log, c.Log)
	c.timing = c.timing.orDefault(c.Talk)
	return c
}

func (t timing) orDefault(talk time.Duration) timing {
	return timing{
		slow:       cmp.Or(t.slow, 20*time.Second),
		early:      cmp.Or(t.early, 3*time.Second),
		press:      cmp.Or(t.press, time.Second),
		stay:       cmp.Or(t.stay, max(time.Minute, 2*talk)),
		unanswered: cmp.Or(t.unanswered, 3*time.Minute),
		retransmit: cmp.Or(t.retransmit, 500*time.Millisecond),
		retransmax: cmp.Or(t.retransmax, 4*time.Second),
		unacked:    cmp.Or(t.unacked, 32*time.Second),
		farewell:   cmp.Or(t.farewell, time.Second),
	}
}

// Carrier is a running telephone network.
type Carrier struct {
	cfg     Config
	numbers map[string]behaviour // by their last four digits
	sounds  sounds
	media   *media.Engine
	rings   rings
	diary   diary
	tally   tally

	guests guests
	gate   *gate.Gate
	tpl    *gosip.TransportLayer
	txl    *gosip.TransactionLayer

	ctx  context.Context // ends when Close begins
	stop context.CancelFunc
	hard context.Context // ends when Close has waited long enough
	kill context.CancelFunc

	mu      sync.Mutex
	closed  bool
	dialogs map[string]*telephone // by Call-ID
	pairs   map[string]*pair      // by X-Ringback-Call
	work    sync.WaitGroup        // everything that Close waits for; add only through enter
}

// Start opens the network. ctx is for opening only: the caller must Close the Carrier.
func Start(ctx context.Context, cfg Config) (*Carrier, error) {
	cfg = cfg.withDefaults()
	engine, err := media.New(cfg.Media)
	if err != nil {
		return nil, fmt.Errorf("start the sandbox: %w", err)
	}
	c := &Carrier{
		cfg: cfg, numbers: behaviours(cfg.timing), sounds: newSounds(), media: engine,
		diary:   diary{to: cfg.Journal, log: cfg.Log},
		dialogs: map[string]*telephone{}, pairs: map[string]*pair{},
	}
	c.guests = guests{allow: cfg.Allow, strangers: &c.tally.strangers}
	if c.gate, err = gate.Open(ctx, cfg.Listen.String(), c.guests.welcome); err != nil {
		engine.Close()
		return nil, fmt.Errorf("start the sandbox: %w", err)
	}
	c.hard, c.kill = context.WithCancel(context.WithoutCancel(ctx))
	c.ctx, c.stop = context.WithCancel(c.hard)
	c.layers()
	c.serveSockets()
	return c, nil
}

// Addr is where the carrier listens, for UDP and TCP.
func (c *Carrier) Addr() netip.AddrPort { return c.gate.Addr() }

// Close stops what rings with 503, hangs up what talks, waits a moment for the answers and closes everything.
func (c *Carrier) Close() {
	c.mu.Lock()
	first := !c.closed
	c.closed = true
	c.mu.Unlock()
	if !first {
		c.work.Wait()
		return
	}
	c.stop()
	timer := time.AfterFunc(c.cfg.timing.farewell, c.kill)
	c.waitTelephones()
	timer.Stop()
	c.kill()
	c.closeSockets()
	c.work.Wait()
	c.media.Close()
}

// waitTelephones returns when no dialog is left; each ends soon once stop and, after the farewell, kill were called.
func (c *Carrier) waitTelephones() {
	for _, t := range c.phones() {
		<-t.gone
	}
}

func (c *Carrier) phones() []*telephone {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]*telephone, 0, len(c.dialogs))
	for _, t := range c.dialogs {
		all = append(all, t)
	}
	return all
}

// enter counts one more thing that Close waits for; it is false once Close was called, and then nothing may begin.
func (c *Carrier) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.work.Add(1)
	return true
}

// spawn runs f in a goroutine that Close waits for.
func (c *Carrier) spawn(f func()) {
	if !c.enter() {
		return
	}
	go func() {
		defer c.work.Done()
		f()
	}()
}
