package sip

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// guests counts the reasons to listen to an address: it is a trunk's, or a live dialog goes there.
type guests struct {
	mu   sync.RWMutex
	seen map[netip.Addr]int
}

func (g *guests) admit(ips ...netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, ip := range ips {
		g.seen[bare(ip)]++
	}
}

func (g *guests) dismiss(ips ...netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, ip := range ips {
		ip = bare(ip)
		if g.seen[ip]--; g.seen[ip] <= 0 {
			delete(g.seen, ip)
		}
	}
}

func (g *guests) welcome(ip netip.Addr) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.seen[bare(ip)] > 0
}

func bare(ip netip.Addr) netip.Addr { return ip.Unmap().WithZone("") }

// packetGate hands sipgo only packets of guests. sipgo 1.7.2 keeps every source address for ever, ends its listener on the first read error,
// and says it is ready before it is; its first read comes after, so that is when ready is closed.
type packetGate struct {
	*net.UDPConn
	guests   *guests
	stranger *atomic.Int64
	deaf     atomic.Bool // drops everything
	ready    chan struct{}
	once     sync.Once
}

// ReadFrom reads the next packet of a guest.
func (p *packetGate) ReadFrom(b []byte) (int, net.Addr, error) {
	p.once.Do(func() { close(p.ready) })
	for {
		n, from, err := p.ReadFromUDPAddrPort(b)
		switch {
		case errors.Is(err, net.ErrClosed):
			return 0, nil, err
		case err != nil:
			time.Sleep(time.Millisecond) // e.g. ENOBUFS: it passes, and must not become a busy loop
		case p.deaf.Load():
		case p.guests.welcome(from.Addr()):
			return n, net.UDPAddrFromAddrPort(netip.AddrPortFrom(bare(from.Addr()), from.Port())), nil
		default:
			p.stranger.Add(1)
		}
	}
}

// streamGate hands sipgo only connections of guests: sipgo 1.7.2 keeps a goroutine and 32 kB for each, whoever it is.
type streamGate struct {
	net.Listener
	guests   *guests
	stranger *atomic.Int64
}

// Accept waits for the next connection of a guest.
func (s *streamGate) Accept() (net.Conn, error) {
	for {
		conn, err := s.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond) // e.g. EMFILE: sipgo 1.7.2 would stop listening
			continue
		}
		if from, ok := conn.RemoteAddr().(*net.TCPAddr); ok && s.guests.welcome(from.AddrPort().Addr()) {
			return conn, nil
		}
		s.stranger.Add(1)
		_ = conn.Close()
	}
}
