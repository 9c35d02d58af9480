package fetch

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"code.dny.dev/ssrf"

	"github.com/ringback-hq/ringback"
)

// A guard decides which addresses may be reached.
type guard struct {
	public   *ssrf.Guardian
	allow    []netip.Prefix
	plain    bool          // http is as good as https
	resolver *net.Resolver // nil: the system's
	log      *slog.Logger
}

func newGuard(allow []netip.Prefix, log *slog.Logger) guard {
	return guard{public: ssrf.New(), allow: allow, log: log}
}

// check says why an address may not be reached, by plain http unless secure.
func (g guard) check(to netip.AddrPort, secure bool) error {
	if g.allows(to.Addr()) {
		return nil
	}
	if !secure && !g.plain {
		return fmt.Errorf("plain http to %s", to)
	}
	return g.public.SafeAddrPort(to)
}

func (g guard) allows(ip netip.Addr) bool {
	plain := ip.Unmap().WithZone("")
	return slices.ContainsFunc(g.allow, func(p netip.Prefix) bool { return p.Contains(plain) })
}

// control returns what a [net.Dialer] asks before each connection, when the name has become an address.
func (g guard) control(secure bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err == nil {
			err = g.check(to, secure)
		}
		if err != nil {
			g.log.Warn("connection refused to an address that is not public", "address", address, "reason", err.Error())
			return notPublic()
		}
		return nil
	}
}

func notPublic() *ringback.Error {
	return forbidden("The URL leads to an address that may not be reached: only public ones are, by https.")
}

func forbidden(format string, args ...any) *ringback.Error {
	return &ringback.Error{
		Kind: ringback.Invalid, Code: ringback.CodeForbiddenURL, Field: "url", Detail: fmt.Sprintf(format, args...),
	}
}
