package sip

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/ringback-hq/ringback/internal/phone/gate"
)

// dns asks the questions of RFC 3263; tests answer them themselves.
type dns struct {
	lookupIP  func(ctx context.Context, host string) ([]netip.Addr, error)
	lookupSRV func(ctx context.Context, network, host string) ([]*net.SRV, error)
}

func (d dns) orDefault() dns {
	if d.lookupIP == nil {
		d.lookupIP = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if d.lookupSRV == nil {
		d.lookupSRV = func(ctx context.Context, network, host string) ([]*net.SRV, error) {
			_, records, err := net.DefaultResolver.LookupSRV(ctx, "sip", network, host)
			return records, err
		}
	}
	return d
}

// usualPort is where SIP is spoken if nobody says otherwise (RFC 3261 section 19.1.2).
const usualPort = 5060

// targets finds the addresses of a trunk, best first (RFC 3263 section 4): a name without a port is looked up as a service.
func (u *UA) targets(ctx context.Context, t TrunkConfig) ([]hop, error) {
	ctx, cancel := context.WithTimeout(ctx, u.cfg.timing.dial)
	defer cancel()
	if ip, err := netip.ParseAddr(t.Host); err == nil {
		return []hop{{addr: netip.AddrPortFrom(gate.Bare(ip), t.port()), network: t.network()}}, nil
	}
	if t.Port == 0 {
		records, err := u.cfg.dns.lookupSRV(ctx, strings.ToLower(t.network()), t.Host)
		if hops := u.services(ctx, t, records); err == nil && len(hops) > 0 {
			return hops, nil
		}
	}
	hops, err := u.hosts(ctx, t.Host, t.port(), t.network())
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", t.Host, err)
	}
	return hops, nil
}

func (t TrunkConfig) port() uint16 {
	if t.Port == 0 {
		return usualPort
	}
	return t.Port
}

func (u *UA) services(ctx context.Context, t TrunkConfig, records []*net.SRV) []hop {
	var hops []hop
	for _, r := range records {
		if len(hops) >= maxTargets {
			break
		}
		more, err := u.hosts(ctx, strings.TrimSuffix(r.Target, "."), r.Port, t.network())
		if err == nil {
			hops = append(hops, more...)
		}
	}
	return hops[:min(len(hops), maxTargets)]
}

// hosts finds the addresses of a name that our socket can reach.
func (u *UA) hosts(ctx context.Context, host string, port uint16, network string) ([]hop, error) {
	ips, err := u.cfg.dns.lookupIP(ctx, host)
	if err != nil {
		return nil, err
	}
	var hops []hop
	for _, ip := range ips {
		if u.reaches(gate.Bare(ip)) && len(hops) < maxTargets {
			hops = append(hops, hop{addr: netip.AddrPortFrom(gate.Bare(ip), port), network: network})
		}
	}
	if len(hops) == 0 {
		return nil, fmt.Errorf("no address that %s can reach", u.local.Addr())
	}
	return hops, nil
}

// reaches reports whether packets for ip can leave from our socket: one of IPv4 reaches only IPv4, and the other way round.
func (u *UA) reaches(ip netip.Addr) bool {
	own := u.local.Addr()
	return own.Is4() == ip.Is4() || own.Is6() && own.IsUnspecified()
}
