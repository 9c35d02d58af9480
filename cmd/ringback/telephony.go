package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ringback-hq/ringback/internal/phone"
	"github.com/ringback-hq/ringback/internal/phone/media"
	"github.com/ringback-hq/ringback/internal/phone/sandbox"
	"github.com/ringback-hq/ringback/internal/phone/sip"
)

// telephony are the flags that concern telephones.
type telephony struct {
	Sandbox     bool          `help:"Ring imaginary telephones of a built-in carrier instead of real ones. See docs/sandbox.md."`
	SandboxTalk time.Duration `help:"How long the sandbox's visitors talk." default:"5s"`
	Trunk       []string      `help:"A way to the telephone network; may be given several times, the first is tried first." sep:" " placeholder:"sip:USER:PASSWORD@HOST:PORT;transport=udp"`
	SIPListen   string        `name:"sip-listen" help:"Address for SIP. Default: port 5060, or a free port of the loopback where all trunks are there." placeholder:"IP:PORT"`
	SIPAddress  string        `name:"sip-address" help:"Our IP address as the trunks see it, behind NAT." placeholder:"IP"`
	RTPPorts    portRange     `name:"rtp-ports" help:"Ports for the sound." default:"16384-32767"`
}

// start brings the telephones up; the returned function takes them down again.
func (t *telephony) start(ctx context.Context, data string, log *slog.Logger) (*phone.Exchange, func(), error) {
	var closers []func()
	closeAll := func() {
		for _, c := range slices.Backward(closers) {
			c()
		}
	}
	trunks, err := t.trunks()
	if err != nil {
		return nil, nil, err
	}
	if t.Sandbox {
		carrier, err := sandbox.Start(context.WithoutCancel(ctx), sandbox.Config{Talk: t.SandboxTalk, Media: t.media(loopback, loopback, log), Log: log})
		if err != nil {
			return nil, nil, fmt.Errorf("start the sandbox: %w", err)
		}
		closers = append(closers, carrier.Close)
		trunks = []sip.TrunkConfig{{Host: carrier.Addr().Addr().String(), Port: carrier.Addr().Port(), Transport: "udp", Sandbox: true}}
	}
	if len(trunks) == 0 {
		log.WarnContext(ctx, "there is no way to the telephone network: give --trunk, or --sandbox to try things out")
	}
	exchange, err := t.exchange(ctx, data, trunks, log)
	if err != nil {
		closeAll()
		return nil, nil, err
	}
	return exchange, func() { exchange.Close(); closeAll() }, nil
}

var loopback = netip.MustParseAddr("127.0.0.1")

func (t *telephony) media(addr, advertised netip.Addr, log *slog.Logger) media.Config {
	return media.Config{Addr: addr, Advertised: advertised, PortMin: t.RTPPorts.Low, PortMax: t.RTPPorts.High, Log: log}
}

func (t *telephony) trunks() ([]sip.TrunkConfig, error) {
	var trunks []sip.TrunkConfig
	for i, text := range t.Trunk {
		c, err := sip.ParseTrunk(text)
		if err != nil {
			return nil, fmt.Errorf("--trunk number %d: %w", i+1, err)
		}
		trunks = append(trunks, c)
	}
	return trunks, nil
}

// exchange opens the sockets for SIP and sound. It takes the port of the last run again where it is free, so that
// telephones which a dead process left ringing find us.
func (t *telephony) exchange(ctx context.Context, data string, trunks []sip.TrunkConfig, log *slog.Logger) (*phone.Exchange, error) {
	listen, advertised, err := t.addresses(trunks)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(data, "sip.port")
	open := func(at netip.AddrPort) (*phone.Exchange, error) {
		return phone.Open(ctx, phone.Config{
			SIP:    sip.Config{Listen: at, Advertised: advertised, UserAgent: "Ringback/" + version, Log: log},
			Media:  t.media(at.Addr(), advertised, log),
			Trunks: trunks, Log: log,
		})
	}
	if listen.Port() == 0 {
		if last, err := os.ReadFile(file); err == nil { //nolint:gosec // a file of our own directory
			if p, err := netip.ParseAddrPort(strings.TrimSpace(string(last))); err == nil && p.Addr() == listen.Addr() {
				if x, err := open(p); err == nil {
					return x, nil
				}
			}
		}
	}
	x, err := open(listen)
	if err != nil {
		return nil, fmt.Errorf("open %s for SIP (--sip-listen): %w", listen, err)
	}
	if err := os.WriteFile(file, []byte(x.Addr().String()+"\n"), 0o600); err != nil {
		log.WarnContext(ctx, "the SIP port of this run cannot be noted", "err", err)
	}
	return x, nil
}

// addresses decides where SIP listens and what others are told.
func (t *telephony) addresses(trunks []sip.TrunkConfig) (listen netip.AddrPort, advertised netip.Addr, err error) {
	if t.SIPAddress != "" {
		if advertised, err = netip.ParseAddr(t.SIPAddress); err != nil {
			return listen, advertised, errors.New("--sip-address must be an IP address")
		}
	}
	if t.SIPListen != "" {
		if listen, err = netip.ParseAddrPort(t.SIPListen); err != nil {
			return listen, advertised, errors.New("--sip-listen must be an IP address and a port, such as 0.0.0.0:5060")
		}
	} else if allLoopback(trunks) {
		listen = netip.AddrPortFrom(loopback, 0)
	} else {
		listen = netip.AddrPortFrom(netip.IPv4Unspecified(), 5060)
	}
	if !advertised.IsValid() {
		advertised = listen.Addr()
		if advertised.IsUnspecified() {
			advertised, err = outwardAddress()
		}
	}
	return listen, advertised, err
}

func allLoopback(trunks []sip.TrunkConfig) bool {
	for _, t := range trunks {
		if addr, err := netip.ParseAddr(t.Host); t.Host != "localhost" && (err != nil || !addr.IsLoopback()) {
			return false
		}
	}
	return true
}

// outwardAddress is the address from which packets to the world leave. Nothing is sent.
func outwardAddress() (netip.Addr, error) {
	conn, err := net.Dial("udp4", "192.0.2.1:9") //nolint:noctx // connecting a datagram socket sends nothing and does not wait
	if err != nil {
		return loopback, nil // a machine without a route has only itself
	}
	defer closeQuietly(conn)
	a, ok := conn.LocalAddr().(*net.UDPAddr)
	if !ok {
		return loopback, errors.New("give our IP address with --sip-address")
	}
	return a.AddrPort().Addr().Unmap(), nil
}
