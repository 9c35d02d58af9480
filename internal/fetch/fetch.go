// Package fetch provides an HTTP client that reaches only public addresses.
package fetch

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"
)

// What one request may cost, whatever the other side does.
const (
	longestConnect = 5 * time.Second  // name, connection, and again as much for TLS
	longestRequest = 15 * time.Second // from the name to the end of the answer
	mostRead       = 64 << 10         // bytes of the headers, and bytes of the body
	mostKept       = 4 << 10          // bytes of the body
	mostURL        = 2048             // characters
)

// Config says what a [Client] may do. Its zero value reaches public addresses by https, on the ports 80 and 443.
type Config struct {
	Allow     []netip.Prefix    // reached although not public, on any port and by plain http too
	Plain     bool              // public addresses are reached by plain http too, for what anybody may read and nobody believes
	Redirects int               // how many are followed, each checked like the first URL; 0: none, the 3xx is the answer
	Transport http.RoundTripper // nil: the network, guarded. Tests put an imaginary network here
	Log       *slog.Logger      // hears of addresses that were refused; nil: nobody does
}

// A Client makes requests to URLs that strangers have chosen. Every connection is checked when it is made, with the
// address that the name stands for at that moment, so that a name which changes its address in between wins nothing.
type Client struct {
	guard     guard
	redirects int
	longest   time.Duration
	http      *http.Client
}

// A Response is what the other side answered.
type Response struct {
	Status int
	Header http.Header
	Body   []byte // of an answer to Post its first 4 KiB
}

// New returns a client. Close it at the end.
func New(cfg Config) *Client {
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &Client{guard: newGuard(cfg.Allow, log), redirects: cfg.Redirects, longest: longestRequest}
	c.guard.plain = cfg.Plain
	transport := cfg.Transport
	if transport == nil {
		transport = newNetwork(c.guard)
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: c.redirect}
	return c
}

// Close ends the connections that nobody uses.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Post sends body to a URL and returns the answer, whatever its status. It takes 15 s at most.
// Its errors are fit for whoever chose the URL: they name no address.
func (c *Client) Post(ctx context.Context, url string, header http.Header, body []byte) (Response, error) {
	if err := c.CheckURL(url); err != nil {
		return Response{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.longest)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return Response{}, explain(err)
	}
	r.Header = header.Clone()
	answer, err := c.http.Do(r)
	if err != nil {
		return Response{}, explain(err)
	}
	return read(answer), nil
}

// read takes what may be read of an answer. What goes wrong after the status cannot undo it.
func read(r *http.Response) Response {
	defer r.Body.Close()
	kept, _ := io.ReadAll(io.LimitReader(r.Body, mostKept))
	// The rest is read so that the connection can be used again; a longer body ends it.
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, mostRead-mostKept))
	return Response{Status: r.StatusCode, Header: r.Header, Body: kept}
}

// redirect decides whether a redirect is followed.
func (c *Client) redirect(to *http.Request, via []*http.Request) error {
	if len(via) > c.redirects {
		return http.ErrUseLastResponse
	}
	return c.CheckURL(to.URL.String())
}
