// Package gate provides the sockets of a SIP endpoint, which hear only those who are welcome.
package gate

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// sipgo 1.7.2 keeps its logger in a package variable, which nobody may set once anything of sipgo runs. Its log quotes
// whole messages, credentials and telephone numbers included.
func init() { gosip.SetDefaultLogger(slog.New(slog.DiscardHandler)) }

// maxMessage is the longest message that is read, in bytes.
const maxMessage = 16 << 10

// Parser returns a parser of our own making: the usual one reads another package variable of sipgo 1.7.2.
func Parser() *gosip.Parser {
	p := &gosip.Parser{MaxMessageLength: maxMessage}
	gosip.WithHeadersParsers(gosip.DefaultHeadersParser())(p)
	return p
}

// Gate is one port for UDP and TCP.
type Gate struct {
	UDP *Packets
	TCP *Streams
	own net.UDPAddr
}

// readBuffer holds what comes while we are busy, in bytes: some thousand messages.
const readBuffer = 4 << 20

// Open binds the same port for UDP and TCP; port 0 is a free one. welcome says who is heard; it is called for every
// packet and every connection, from any goroutine.
func Open(ctx context.Context, addr string, welcome func(netip.Addr) bool) (*Gate, error) {
	var lc net.ListenConfig
	for try := 0; ; try++ {
		conn, err := lc.ListenPacket(ctx, "udp", addr)
		if err != nil {
			return nil, err
		}
		packets := &Packets{UDPConn: conn.(*net.UDPConn), welcome: welcome, ready: make(chan struct{})}
		_ = packets.SetReadBuffer(readBuffer) // the system may allow less
		streams, err := lc.Listen(ctx, "tcp", packets.LocalAddr().String())
		if err == nil {
			own := packets.LocalAddr().(*net.UDPAddr)
			return &Gate{UDP: packets, TCP: &Streams{Listener: streams, welcome: welcome}, own: *own}, nil
		}
		_ = packets.Close()
		// A free UDP port may be taken for TCP: then another one is as good.
		if free(addr) && try < 20 {
			continue
		}
		return nil, err
	}
}

func free(addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	return err == nil && port == "0"
}

// Addr is where the gate listens.
func (g *Gate) Addr() netip.AddrPort {
	at := g.own.AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// Laddr is Addr for requests: sipgo 1.7.2 opens a second UDP socket for those that do not name theirs.
func (g *Gate) Laddr() gosip.Addr { return gosip.Addr{IP: g.own.IP, Port: g.own.Port} }

// settle is more than a goroutine needs to begin.
const settle = 10 * time.Millisecond

// Shut hears nobody any more, and waits a moment: sipgo 1.7.2 handles each message in a goroutine that nobody can wait
// for, and one that came late would open a socket of its own to answer. Close the UDP socket afterwards.
func (g *Gate) Shut() {
	g.UDP.deaf.Store(true)
	_ = g.TCP.Close()
	time.Sleep(settle)
}

// Packets is a UDP socket that hands over only what comes from those who are welcome. sipgo 1.7.2 keeps every source
// address for ever, ends its listener on the first read error, and says it is ready before it is.
type Packets struct {
	*net.UDPConn
	welcome func(netip.Addr) bool
	deaf    atomic.Bool // drops everything
	ready   chan struct{}
	once    sync.Once
}

// Ready is closed when somebody reads for the first time: then requests may be sent.
func (p *Packets) Ready() <-chan struct{} { return p.ready }

// ReadFrom reads the next packet of somebody who is welcome.
func (p *Packets) ReadFrom(b []byte) (int, net.Addr, error) {
	p.once.Do(func() { close(p.ready) })
	for {
		n, from, err := p.ReadFromUDPAddrPort(b)
		switch {
		case errors.Is(err, net.ErrClosed):
			return 0, nil, err
		case err != nil:
			time.Sleep(time.Millisecond) // e.g. ENOBUFS: it passes, and must not become a busy loop
		case !p.deaf.Load() && p.welcome(Bare(from.Addr())):
			return n, net.UDPAddrFromAddrPort(netip.AddrPortFrom(Bare(from.Addr()), from.Port())), nil
		}
	}
}

// Bare is an address without what is not its own: the mapping into IPv6, and the zone.
func Bare(ip netip.Addr) netip.Addr { return ip.Unmap().WithZone("") }

// Limits of TCP: sipgo 1.7.2 keeps a goroutine and 32 kB for each connection, as long as it lives.
const (
	MaxStreams  = 512
	streamIdle  = 10 * time.Minute
	streamWrite = 4 * time.Second
)

// Streams is a TCP listener that takes only connections of those who are welcome, and at most [MaxStreams] at a time.
type Streams struct {
	net.Listener
	welcome func(netip.Addr) bool
	open    atomic.Int64
}

// Accept waits for the next connection of somebody who is welcome.
func (s *Streams) Accept() (net.Conn, error) {
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
			return &stream{Conn: conn, of: s}, nil
		}
	}
}

func (s *Streams) admits(conn net.Conn) bool {
	from, ok := conn.RemoteAddr().(*net.TCPAddr)
	return ok && s.welcome(Bare(from.AddrPort().Addr())) && s.open.Load() < MaxStreams
}

// Open counts the connections.
func (s *Streams) Open() int { return int(s.open.Load()) }

// stream is a connection that cannot hold anything up.
type stream struct {
	net.Conn
	of   *Streams
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
	s.once.Do(func() { s.of.open.Add(-1) })
	return s.Conn.Close()
}
