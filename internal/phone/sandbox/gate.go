package sandbox

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// guests decides who may talk to the carrier.
type guests struct {
	allow     []netip.Prefix
	strangers *atomic.Int64
}

// welcome counts those who may not.
func (g guests) welcome(ip netip.Addr) bool {
	if g.allowed(ip) {
		return true
	}
	g.strangers.Add(1)
	return false
}

func (g guests) allowed(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if len(g.allow) == 0 {
		return ip.IsLoopback()
	}
	return slices.ContainsFunc(g.allow, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// packetGate hands sipgo only packets of guests. sipgo 1.7.2 keeps every source address for ever, ends its listener on
// the first read error, and says it is ready before it is; its first read comes after, so that is when ready is closed.
type packetGate struct {
	*net.UDPConn
	guests guests
	deaf   atomic.Bool // drops everything
	ready  chan struct{}
	once   sync.Once
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
		case p.guests.welcome(from.Addr()) && !p.deaf.Load():
			return n, net.UDPAddrFromAddrPort(netip.AddrPortFrom(from.Addr().Unmap(), from.Port())), nil
		}
	}
}

// Limits of TCP: sipgo 1.7.2 keeps a goroutine and 32 kB for each connection, as long as it lives.
const (
	maxStreams  = 512
	streamIdle  = 10 * time.Minute
	streamWrite = 4 * time.Second
)

// streamGate hands sipgo only connections of guests, and not too many.
type streamGate struct {
	net.Listener
	guests guests
	open   atomic.Int64
}

// Accept waits for the next connection of a guest.
func (s *streamGate) Accept() (net.Conn, error) {
	for {
		conn, err := s.Listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil, err
		case err != nil:
			time.Sleep(10 * time.Millisecond) // e.g. EMFILE: sipgo 1.7.2 would stop listening
		case !s.admits(conn):
			_ = conn.Close()
		default:
			s.open.Add(1)
			return &stream{Conn: conn, gate: s}, nil
		}
	}
}

func (s *streamGate) admits(conn net.Conn) bool {
	from, ok := conn.RemoteAddr().(*net.TCPAddr)
	return ok && s.guests.welcome(from.AddrPort().Addr()) && s.open.Load() < maxStreams
}

// stream is a connection that cannot hold anything up.
type stream struct {
	net.Conn
	gate *streamGate
	once sync.Once
}

// Read gives up on a peer that is silent for very long.
func (s *stream) Read(b []byte) (int, error) {
	if err := s.SetReadDeadline(time.Now().Add(streamIdle)); err != nil {
		return 0, err
	}
	return s.Conn.Read(b)
}

// Write gives up on a peer that does not read.
func (s *stream) Write(b []byte) (int, error) {
	if err := s.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return 0, err
	}
	return s.Conn.Write(b)
}

// Close makes room for the next connection.
func (s *stream) Close() error {
	s.once.Do(func() { s.gate.open.Add(-1) })
	return s.Conn.Close()
}
