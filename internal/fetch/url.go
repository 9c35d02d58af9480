package fetch

import (
	"net/netip"
	"net/url"
	"strconv"
)

// CheckURL says, as a [*ringback.Error] about the field "url", why a URL can never be reached. It asks no name server:
// a URL that passes may still lead to an address that is refused when the connection is made.
func (c *Client) CheckURL(text string) error {
	if len(text) > mostURL {
		return forbidden("The URL is longer than %d characters.", mostURL)
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return forbidden("This is not a URL with a host.")
	}
	if u.User != nil {
		return forbidden("The URL must not contain a user name or password.")
	}
	return c.guard.checkURL(u)
}

// checkURL judges the scheme, the port and, where the URL has one, the address. With allowed networks a name may stand
// for an address in them, so only the connection can tell.
func (g guard) checkURL(u *url.URL) error {
	port, ok := portOf(u)
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return forbidden("The URL must begin with https://.")
	case !ok:
		return forbidden("The URL has an impossible port.")
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil {
		return g.checkLiteral(netip.AddrPortFrom(ip, port), u.Scheme == "https")
	}
	switch {
	case len(g.allow) > 0:
		return nil
	case u.Scheme != "https" && !g.plain:
		return forbidden("The URL must begin with https://.")
	case port != 80 && port != 443:
		return forbidden("The URL must use port 443.")
	}
	return nil
}

func (g guard) checkLiteral(to netip.AddrPort, secure bool) error {
	if g.check(to, secure) != nil {
		return notPublic()
	}
	return nil
}

// portOf returns the port that a URL leads to.
func portOf(u *url.URL) (uint16, bool) {
	if u.Port() != "" {
		port, err := strconv.ParseUint(u.Port(), 10, 16)
		return uint16(port), err == nil && port > 0
	}
	if u.Scheme == "http" {
		return 80, true
	}
	return 443, true
}
