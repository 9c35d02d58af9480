package fetch

import (
	"net"
	"net/http"
	"time"
)

// A network carries requests, each by connections that suit its scheme.
type network struct {
	plain, secure *http.Transport
}

func newNetwork(g guard) network {
	return network{plain: transport(g, false), secure: transport(g, true)}
}

func transport(g guard, secure bool) *http.Transport {
	dialer := &net.Dialer{Timeout: longestConnect, Control: g.control(secure), Resolver: g.resolver}
	return &http.Transport{
		Proxy:                  nil, // a proxy would connect for us, unguarded
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    longestConnect,
		MaxResponseHeaderBytes: mostRead,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    8,
		MaxIdleConns:           512,
		IdleConnTimeout:        30 * time.Second,
	}
}

// RoundTrip carries one request.
func (n network) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "https" {
		return n.secure.RoundTrip(r)
	}
	return n.plain.RoundTrip(r)
}

// CloseIdleConnections ends the connections that nobody uses.
func (n network) CloseIdleConnections() {
	n.plain.CloseIdleConnections()
	n.secure.CloseIdleConnections()
}
