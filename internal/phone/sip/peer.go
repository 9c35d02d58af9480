package sip

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	gosip "github.com/emiago/sipgo/sip"

	"github.com/ringback-hq/ringback/internal/phone/gate"
)

// Limits of what a peer may make us keep and repeat in every request of a dialog.
const (
	maxRoutes = 8
	maxURI    = 256
)

// hop is where a request is sent: an address and "UDP" or "TCP".
type hop struct {
	addr    netip.AddrPort
	network string
}

// peer is the other side of a dialog: what its requests name and where they are sent (RFC 3261 section 12.2.1.1).
type peer struct {
	target gosip.Uri   // Contact
	routes []gosip.Uri // Record-Route, nearest first
	hop    hop
}

// peerOf reads the peer out of an answer to our INVITE; where the answer is silent or unusable, the INVITE's own way holds.
func (u *UA) peerOf(res *gosip.Response, request gosip.Uri, way hop) peer {
	p := peer{target: request, hop: way}
	if c := res.Contact(); c != nil && usable(&c.Address) {
		p.target = *c.Address.Clone()
	}
	for _, h := range res.GetHeaders("record-route") {
		if r, ok := h.(*gosip.RecordRouteHeader); ok && usable(&r.Address) && len(p.routes) < maxRoutes {
			p.routes = append(p.routes, *r.Address.Clone())
		}
	}
	slices.Reverse(p.routes)
	p.hop = u.hopOf(p, way)
	return p
}

func usable(uri *gosip.Uri) bool {
	s := uri.String()
	return uri.Scheme == "sip" && uri.Host != "" && !uri.Wildcard && len(s) <= maxURI && printable(s) && !strings.ContainsAny(s, "<>\" ,")
}

// next is the URI that says where a request to the peer goes first.
func (p peer) next() *gosip.Uri {
	if len(p.routes) > 0 {
		return &p.routes[0]
	}
	return &p.target
}

// hopOf finds the next hop. A private address told by a public peer is a peer that does not know of its own NAT: then the INVITE's way is better.
func (u *UA) hopOf(p peer, way hop) hop {
	uri := p.next()
	ip := u.hostIP(uri.Host)
	if !ip.IsValid() || ip.IsUnspecified() || ip.IsMulticast() || !u.reaches(ip) || local(ip) && !local(way.addr.Addr()) {
		return way
	}
	port := uint16(5060)
	if uri.Port > 0 && uri.Port <= 65535 {
		port = uint16(uri.Port)
	}
	return hop{addr: netip.AddrPortFrom(ip, port), network: networkOf(uri, way.network)}
}

func local(ip netip.Addr) bool { return ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() }

func networkOf(uri *gosip.Uri, usual string) string {
	t, _ := uri.UriParams.Get("transport")
	switch strings.ToLower(t) {
	case "tcp":
		return "TCP"
	case "udp":
		return "UDP"
	}
	return usual
}

// hostIP reads an IP literal or asks DNS, for a short while; it is invalid if there is none.
func (u *UA) hostIP(host string) netip.Addr {
	if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return gate.Bare(ip)
	}
	if !domain(host) {
		return netip.Addr{}
	}
	ctx, cancel := context.WithTimeout(u.hard, u.cfg.timing.dial/2)
	defer cancel()
	ips, err := u.cfg.dns.lookupIP(ctx, host)
	if err != nil || len(ips) == 0 {
		return netip.Addr{}
	}
	return gate.Bare(ips[0])
}

// route writes the request line and the Route headers for this peer. A first route without ;lr is a strict router of RFC 2543:
// it wants to be the request's target itself, and the real target last (RFC 3261 section 12.2.1.1).
func (p peer) route(method gosip.RequestMethod) *gosip.Request {
	target, routes := p.target, p.routes
	if len(routes) > 0 && !routes[0].UriParams.Has("lr") {
		target, routes = routes[0], append(slices.Clone(routes[1:]), target)
	}
	req := gosip.NewRequest(method, target)
	for i := range routes {
		req.AppendHeader(&gosip.RouteHeader{Address: routes[i]})
	}
	return req
}
