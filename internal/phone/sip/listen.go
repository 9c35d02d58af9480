package sip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"

	gosip "github.com/emiago/sipgo/sip"

	"github.com/ringback-hq/ringback/internal/phone/gate"
)

var errNowhere = errors.New("listen for SIP on all addresses: which of them peers are told must be said")

// Listen opens one port for UDP and TCP and answers on it until Close. ctx is for opening only.
func Listen(ctx context.Context, cfg Config) (*UA, error) {
	u := &UA{cfg: cfg, log: cfg.Log, guests: &guests{seen: map[netip.Addr]int{}}, dialogs: map[string]*dialog{}, strays: map[string]bool{}, idle: make(chan struct{})}
	u.cfg.timing = cfg.timing.orDefault()
	u.cfg.dns = cfg.dns.orDefault()
	if u.log == nil {
		u.log = slog.New(slog.DiscardHandler)
	}
	if u.cfg.UserAgent = clean(cfg.UserAgent); u.cfg.UserAgent == "" {
		u.cfg.UserAgent = "Ringback"
	}
	if cfg.Listen.Addr().IsUnspecified() && !cfg.Advertised.IsValid() {
		return nil, errNowhere
	}
	var err error
	if u.gate, err = gate.Open(ctx, listenAddr(cfg.Listen), u.welcome); err != nil {
		return nil, fmt.Errorf("listen for SIP: %w", err)
	}
	u.settle()
	u.hard, u.kill = context.WithCancel(context.WithoutCancel(ctx))
	u.ctx, u.stop = context.WithCancel(u.hard)
	u.layers()
	u.serveSockets()
	<-u.gate.UDP.Ready()
	return u, nil
}

func listenAddr(a netip.AddrPort) string {
	if a.Addr().IsValid() {
		return a.String()
	}
	return fmt.Sprintf("127.0.0.1:%d", a.Port())
}

// welcome counts those who are not.
func (u *UA) welcome(ip netip.Addr) bool {
	if u.guests.welcome(ip) {
		return true
	}
	u.tally.stranger.Add(1)
	return false
}

// settle notes where we are.
func (u *UA) settle() {
	u.local, u.laddr = u.gate.Addr(), u.gate.Laddr()
	host := u.cfg.Advertised
	if !host.IsValid() {
		host = u.local.Addr()
	}
	u.sentBy = netip.AddrPortFrom(gate.Bare(host), u.local.Port())
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
	u.tpl = gosip.NewTransportLayer(net.DefaultResolver, gate.Parser(), nil, gosip.WithTransportLayerTransports(gosip.TransportsConfig{TCP: tcp}))
	u.txl = gosip.NewTransactionLayer(u.tpl, gosip.WithTransactionLayerUnhandledResponseHandler(u.stray))
	u.txl.OnRequest(u.serve)
}

func (u *UA) serveSockets() {
	u.sockets.Go(func() { _ = u.tpl.ServeUDP(u.gate.UDP) })
	u.sockets.Go(func() { _ = u.tpl.ServeTCP(u.gate.TCP) })
}

func (u *UA) closeSockets() {
	u.gate.Shut()
	u.txl.Close()
	_ = u.gate.UDP.Close()
	_ = u.tpl.Close()
}
