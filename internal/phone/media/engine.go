// Package media provides the audio of a telephone leg: RTP and RTCP on a pair of UDP ports, SDP, G.711, key presses, clips and recordings.
package media

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/ringback-hq/ringback/internal/phone/media/udp"
)

var (
	// ErrNoPorts says that every port of the range is in use, in quarantine or taken by another process.
	ErrNoPorts = errors.New("no free RTP ports")
	// ErrClosed says that the port or its engine has been closed.
	ErrClosed = errors.New("media port is closed")
)

const (
	// defaultPortMin and defaultPortMax stay below Linux' ephemeral ports (32768-60999).
	defaultPortMin, defaultPortMax = 16384, 32767
)

// Config says where an Engine binds its ports. The zero value listens on 127.0.0.1, ports 16384-32767.
type Config struct {
	// Addr is the address to bind; 0.0.0.0 and :: need Advertised.
	Addr netip.Addr
	// Advertised is the address written into SDP, for hosts behind 1:1 NAT; zero means Addr.
	Advertised netip.Addr
	// PortMin and PortMax bound the RTP ports, inclusive. RTP takes even ports, RTCP the odd one above.
	// The range should stay out of the kernel's ephemeral ports, else other programs get in the way.
	PortMin, PortMax int
	// Log receives what a person on duty should know; nil means slog.Default.
	Log *slog.Logger

	reportEvery time.Duration // the mean time between RTCP reports; zero means that of the RFC
}

// Engine owns the ports of a process, the clock that plays clips on them and the clock that sends RTCP.
type Engine struct {
	addr, advertised netip.Addr
	log              *slog.Logger
	clock            clock
	receivers        *receivers
	done             chan struct{}
	tasks            sync.WaitGroup
	reportEvery      time.Duration

	wiring sync.Mutex // held while ports are joined or parted; see Port

	mu     sync.Mutex
	closed bool
	free   udp.Ports
	ports  map[*Port]struct{}
}

// New returns an Engine, which the caller must Close.
func New(c Config) (*Engine, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("set up media: %w", err)
	}
	if lo, hi, ok := ephemeralPorts(); ok && c.PortMin <= hi && c.PortMax >= lo {
		c.Log.Warn("rtp ports overlap the ephemeral ports of this host",
			"port_min", c.PortMin, "port_max", c.PortMax, "ephemeral_min", lo, "ephemeral_max", hi)
	}
	e := &Engine{
		addr: c.Addr, advertised: c.Advertised, log: c.Log,
		done: make(chan struct{}), reportEvery: c.reportEvery,
		free: udp.NewPorts(c.PortMin, c.PortMax), ports: map[*Port]struct{}{},
	}
	e.clock.start = e.spawn
	var err error
	if e.receivers, err = newReceivers(e); err != nil {
		return nil, fmt.Errorf("set up media: %w", err)
	}
	e.tasks.Go(e.tendRTCP)
	return e, nil
}

func (c Config) withDefaults() Config {
	if !c.Addr.IsValid() {
		c.Addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	c.Addr = c.Addr.Unmap()
	if !c.Advertised.IsValid() {
		c.Advertised = c.Addr
	}
	c.Advertised = c.Advertised.Unmap().WithZone("")
	c.reportEvery = cmp.Or(c.reportEvery, reportEvery)
	c.PortMin = cmp.Or(c.PortMin, defaultPortMin)
	c.PortMax = cmp.Or(c.PortMax, defaultPortMax)
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

func (c Config) check() error {
	switch {
	case c.Advertised.IsUnspecified():
		return fmt.Errorf("bind to %s: an advertised address is needed", c.Addr)
	case c.Advertised.Is4() != c.Addr.Is4() && c.Addr != netip.IPv6Unspecified():
		return fmt.Errorf("advertise %s: %s is of another family", c.Advertised, c.Addr)
	case c.PortMin < 1024 || c.PortMax > 65535 || c.PortMax < c.PortMin+1+c.PortMin&1:
		return fmt.Errorf("ports %d-%d: want at least one even port and its neighbour within 1024-65535", c.PortMin, c.PortMax)
	}
	trial, err := net.ListenUDP(network(c.Addr), net.UDPAddrFromAddrPort(netip.AddrPortFrom(c.Addr, 0)))
	if err != nil {
		return fmt.Errorf("bind to %s: %w", c.Addr, err)
	}
	return trial.Close()
}

// ephemeralPorts reads the range Linux hands out by itself; other systems are not asked.
func ephemeralPorts() (lo, hi int, ok bool) {
	b, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return 0, 0, false
	}
	n, _ := fmt.Sscan(string(b), &lo, &hi)
	return lo, hi, n == 2
}

// spawn runs a task which Close waits for, unless the engine is closed already.
func (e *Engine) spawn(task func()) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.tasks.Go(task)
	return true
}

// Open binds a free pair of ports. The caller must Close the Port.
func (e *Engine) Open() (*Port, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, ErrClosed
	}
	s, err := e.bind(time.Now())
	if err != nil {
		return nil, fmt.Errorf("open a media port: %w", err)
	}
	p := newPort(e, s)
	if err := e.receivers.add(p); err != nil {
		e.free.Release(int(s.local.Port()), time.Now())
		return nil, fmt.Errorf("open a media port: %w", errors.Join(err, s.close()))
	}
	e.ports[p] = struct{}{}
	e.tasks.Add(1)
	return p, nil
}

// bind walks the range until a pair can be had; e.mu is held.
func (e *Engine) bind(now time.Time) (*socket, error) {
	for range e.free.Pairs() {
		port, ok := e.free.Take(now)
		if !ok {
			return nil, ErrNoPorts
		}
		s, err := newSocket(e.addr, port)
		if err == nil {
			return s, nil
		}
		e.free.Release(port, now)
		if !taken(err) {
			return nil, err
		}
	}
	return nil, ErrNoPorts
}

// forget puts a closed port's numbers into quarantine.
func (e *Engine) forget(p *Port) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.ports, p)
	e.free.Release(int(p.sock.local.Port()), time.Now())
	e.tasks.Done()
}

// Ports counts the open ports.
func (e *Engine) Ports() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.ports)
}

// Free counts the ports that can still be opened.
func (e *Engine) Free() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.free.Free()
}

func (e *Engine) open() []*Port {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Collect(maps.Keys(e.ports))
}

// Close closes every port and waits until nothing of the engine runs any more.
func (e *Engine) Close() {
	e.mu.Lock()
	first := !e.closed
	e.closed = true
	e.mu.Unlock()
	if first {
		close(e.done)
	}
	for _, p := range e.open() {
		p.Close()
	}
	e.receivers.close()
	e.tasks.Wait()
}
