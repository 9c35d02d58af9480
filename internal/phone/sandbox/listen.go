package sandbox

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// readBuffer holds what comes while we are busy, in bytes: some thousand messages.
const readBuffer = 4 << 20

// maxMessage is the longest message that we read, in bytes.
const maxMessage = 16 << 10

// sockets are the one port that a carrier listens on.
type sockets struct {
	local netip.AddrPort
	laddr gosip.Addr // local, as sipgo wants it to choose the socket
	udp   *packetGate
	tcp   *streamGate
}

// listen binds the same port for UDP and TCP.
func listen(ctx context.Context, cfg Config, strangers *atomic.Int64) (sockets, error) {
	var lc net.ListenConfig
	for try := 0; ; try++ {
		packets, err := lc.ListenPacket(ctx, "udp", cfg.Listen.String())
		if err != nil {
			return sockets{}, err
		}
		_ = packets.(*net.UDPConn).SetReadBuffer(readBuffer) // the system may allow less
		bound := packets.LocalAddr().(*net.UDPAddr)
		streams, err := lc.Listen(ctx, "tcp", bound.String())
		if err == nil {
			at := bound.AddrPort()
			guests := guests{allow: cfg.Allow, strangers: strangers}
			return sockets{
				local: netip.AddrPortFrom(at.Addr().Unmap(), at.Port()),
				laddr: gosip.Addr{IP: bound.IP, Port: bound.Port},
				udp:   &packetGate{UDPConn: packets.(*net.UDPConn), guests: guests, ready: make(chan struct{})},
				tcp:   &streamGate{Listener: streams, guests: guests},
			}, nil
		}
		_ = packets.Close()
		// A free UDP port may be taken for TCP: then another one is as good.
		if cfg.Listen.Port() != 0 || try == 20 {
			return sockets{}, err
		}
	}
}

// settle is more than a goroutine needs to begin.
const settle = 10 * time.Millisecond

// close waits a moment between the last message and the end of the sockets: sipgo 1.7.2 handles each message in a
// goroutine that nobody can wait for, and one that came late would open a socket of its own to answer.
func (s *sockets) close() {
	s.udp.deaf.Store(true)
	_ = s.tcp.Close()
	time.Sleep(settle)
	_ = s.udp.Close()
}

// sipgo 1.7.2 keeps its logger in a package variable, which nobody may set once anything of sipgo runs. Its log quotes
// whole messages, telephone numbers included.
func init() { gosip.SetDefaultLogger(slog.New(slog.DiscardHandler)) }

// layers sets sipgo up, with a parser of our own making: the usual one reads another of its package variables.
func (c *Carrier) layers() {
	parser := &gosip.Parser{MaxMessageLength: maxMessage}
	gosip.WithHeadersParsers(gosip.DefaultHeadersParser())(parser)
	c.tpl = gosip.NewTransportLayer(net.DefaultResolver, parser, nil)
	c.tpl.OnMessage(prepare) // before the transaction layer sees it
	c.txl = gosip.NewTransactionLayer(c.tpl, gosip.WithTransactionLayerUnhandledResponseHandler(func(*gosip.Response) {}))
	c.txl.OnRequest(c.serve)
}

func (c *Carrier) serveSockets() {
	c.spawn(func() { _ = c.tpl.ServeUDP(c.sockets.udp) })
	c.spawn(func() { _ = c.tpl.ServeTCP(c.sockets.tcp) })
	<-c.sockets.udp.ready
}
