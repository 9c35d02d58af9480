package sip

import (
	"net/netip"
	"sync"

	"github.com/ringback-hq/ringback/internal/phone/gate"
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
		g.seen[gate.Bare(ip)]++
	}
}

func (g *guests) dismiss(ips ...netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, ip := range ips {
		ip = gate.Bare(ip)
		if g.seen[ip]--; g.seen[ip] <= 0 {
			delete(g.seen, ip)
		}
	}
}

// welcome reports whether a bare address is listened to.
func (g *guests) welcome(ip netip.Addr) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.seen[ip] > 0
}
