package sip

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// sipgo 1.7.2 keeps its logger in a package variable, which nobody may set once anything of sipgo runs. Its log quotes
// whole messages, credentials and telephone numbers included.
func init() { gosip.SetDefaultLogger(slog.New(slog.DiscardHandler)) }

// readBuffer holds what comes while we are busy, in bytes: some thousand messages.
const readBuffer = 4 << 20

// maxMessage is the longest message that we read, in bytes.
const maxMessage = 16 << 10

// Listen opens one port for UDP and TCP and answers on it until Close. ctx is for opening only.
func Listen(ctx context.Context, cfg Config) (*UA, error) {
	u := &UA{cfg: cfg, log: cfg.Log, guests: &guests{seen: map[netip.Addr]int{}}, dialogs: map[string]*dialog{}, strays: map[string]bool{}, idle: make(chan struct{})}
	u.cfg.timing = cfg.timing.orDefault()
	u.cfg.dns = cfg.dns.orDefault()
	if u.log == nil {
		u.log = slog.New(slog.DiscardHandler)
	}
	if u.cfg.UserAgent = clean(cfg.UserAgent, maxText); u.cfg.UserAgent == "" {
		u.cfg.UserAgent = "Ringback"
	}
	if err := u.open(ctx); err != nil {
		return nil, err
	}
	u.hard, u.kill = context.WithCancel(context.WithoutCancel(ctx))
	u.ctx, u.stop = context.WithCancel(u.hard)
	u.layers()
	u.serveSockets()
	<-u.udp.ready
	return u, nil
}

// open binds the same port for UDP and TCP.
func (u *UA) open(ctx context.Context) error {
	var lc net.ListenConfig
	for try := 0; ; try++ {
		packets, err := lc.ListenPacket(ctx, "udp", listenAddr(u.cfg.Listen))
		if err != nil {
			return fmt.Errorf("listen for SIP: %w", err)
		}
		_ = packets.(*net.UDPConn).SetReadBuffer(readBuffer) // the system may allow less
		gate := &packetGate{UDPConn: packets.(*net.UDPConn), guests: u.guests, stranger: &u.tally.stranger, ready: make(chan struct{})}
		u.setLocal(gate.LocalAddr().(*net.UDPAddr))
		streams, err := lc.Listen(ctx, "tcp", gate.LocalAddr().String())
		if err == nil {
			u.udp, u.tcp = gate, &streamGate{Listener: streams, guests: u.guests, stranger: &u.tally.stranger}
			return nil
		}
		_ = packets.Close()
		// A free UDP port may be taken for TCP: then another one is as good.
		if u.cfg.Listen.Port() != 0 || try == 20 {
			return fmt.Errorf("listen for SIP: %w", err)
		}
	}
}

func listenAddr(a netip.AddrPort) string {
	if a.Addr().IsValid() {
		return a.String()
	}
	return fmt.Sprintf(":%d", a.Port())
}

func (u *UA) setLocal(bound *net.UDPAddr) {
	at := bound.AddrPort()
	u.local = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	u.laddr = gosip.Addr{IP: bound.IP, Port: bound.Port}
	host := u.cfg.Advertised
	if !host.IsValid() {
		host = u.local.Addr()
	}
	if host.IsUnspecified() {
		host = outward()
	}
	u.sentBy = netip.AddrPortFrom(host.Unmap().WithZone(""), at.Port())
}

// outward is the address that packets to the internet leave from; connecting a UDP socket sends nothing.
func outward() netip.Addr {
	conn, err := net.DialTimeout("udp4", "192.0.2.1:5060", time.Second)
	if err != nil {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr()
}

func (u *UA) layers() {
	dialer := func(net.Addr) net.Dialer {
		d := net.Dialer{Timeout: u.cfg.timing.dial}
		if ip := u.local.Addr(); !ip.IsUnspecified() {
			d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, 0))
		}
		return d
	}
	tcp := &gosip.TransportTCP{WriteTimeout: u.cfg.timing.dial, DialerCreate: dialer}
	parser := &gosip.Parser{MaxMessageLength: maxMessage} // the usual one reads another package variable
	gosip.WithHeadersParsers(gosip.DefaultHeadersParser())(parser)
	u.tpl = gosip.NewTransportLayer(net.DefaultResolver, parser, nil, gosip.WithTransportLayerTransports(gosip.TransportsConfig{TCP: tcp}))
	u.txl = gosip.NewTransactionLayer(u.tpl, gosip.WithTransactionLayerUnhandledResponseHandler(u.stray))
	u.txl.OnRequest(u.serve)
}

func (u *UA) serveSockets() {
	u.sockets.Go(func() { _ = u.tpl.ServeUDP(u.udp) })
	u.sockets.Go(func() { _ = u.tpl.ServeTCP(u.tcp) })
}

// settle is more than a goroutine needs to begin.
const settle = 10 * time.Millisecond

// closeSockets waits a moment between the last message and the end of the sockets: sipgo 1.7.2 handles each message in a
// goroutine that nobody can wait for, and one that came late would open a socket of its own to answer.
func (u *UA) closeSockets() {
	u.udp.deaf.Store(true)
	_ = u.tcp.Close()
	time.Sleep(settle)
	u.txl.Close()
	_ = u.udp.Close()
	_ = u.tpl.Close()
}
