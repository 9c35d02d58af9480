package sandbox

import (
	"net/netip"
	"slices"
	"sync/atomic"
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
	if len(g.allow) == 0 {
		return ip.IsLoopback()
	}
	return slices.ContainsFunc(g.allow, func(p netip.Prefix) bool { return p.Contains(ip) })
}
