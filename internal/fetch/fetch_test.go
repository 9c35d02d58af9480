package fetch

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ringback-hq/ringback"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// open returns a client that is closed with the test.
func open(t *testing.T, cfg Config) *Client {
	t.Helper()
	c := New(cfg)
	t.Cleanup(c.Close)
	return c
}

// serve answers on loopback until the test ends.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// accept gives each connection that reaches loopback to talk, which need not close it.
func accept(t *testing.T, talk func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); talk(c) }()
		}
	}()
	return l.Addr().String()
}

func refused(err error) bool {
	e, ok := errors.AsType[*ringback.Error](err)
	return ok && e.Code == ringback.CodeForbiddenURL && e.Kind == ringback.Invalid && e.Field == "url"
}

func TestPostBringsTheBodyAndTheAnswer(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, r.Method+" "+r.Header.Get("webhook-id")+" "+string(body))
	})
	c := open(t, Config{Allow: loopback})
	header := http.Header{"Webhook-Id": {"evt_1"}}
	got, err := c.Post(t.Context(), url, header, []byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != http.StatusTeapot || string(got.Body) != "POST evt_1 hello" || got.Header.Get("Retry-After") != "7" {
		t.Errorf("got %d %q %v", got.Status, got.Body, got.Header)
	}
}

func TestLoopbackIsRefusedUnlessAllowed(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	addr := accept(t, func(net.Conn) { reached.Add(1) })
	c := open(t, Config{})
	for _, url := range []string{"http://" + addr, "https://" + addr} {
		if _, err := c.Post(t.Context(), url, nil, nil); !refused(err) {
			t.Errorf("%s: got %v, want it refused", url, err)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

func TestAnUnknownCertificateGetsNoRequest(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	_, err := open(t, Config{Allow: loopback}).Post(t.Context(), s.URL, nil, nil)
	if err == nil || !strings.Contains(err.Error(), "certificate") || asked.Load() != 0 {
		t.Errorf("got error %v after %d requests, want one about the certificate after none", err, asked.Load())
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	inner := serve(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	outer := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inner, http.StatusTemporaryRedirect)
	})
	got, err := open(t, Config{Allow: loopback}).Post(t.Context(), outer, nil, nil)
	if err != nil || got.Status != http.StatusTemporaryRedirect || reached.Load() != 0 {
		t.Errorf("got %d, %v and %d requests to the target; want 307 and none", got.Status, err, reached.Load())
	}
}

func TestRedirectsAreFollowedAsFarAsToldAndThroughTheGuard(t *testing.T) {
	t.Parallel()
	var hops atomic.Int32
	var target atomic.Value
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		hops.Add(1)
		http.Redirect(w, r, target.Load().(string), http.StatusTemporaryRedirect)
	})
	c := withNames(t, Config{Allow: loopback, Redirects: 3}, func(string) netip.Addr {
		return netip.MustParseAddr("169.254.169.254")
	})

	target.Store(url)
	if got, err := c.Post(t.Context(), url, nil, nil); err != nil || got.Status != 307 || hops.Load() != 4 {
		t.Errorf("in a loop: got %d, %v after %d requests; want 307 after 4", got.Status, err, hops.Load())
	}
	for _, bad := range []string{
		"http://169.254.169.254/latest/meta-data", // seen in the URL
		"http://metadata.example/",                // seen when it is dialled
		"file:///etc/passwd",
		"http://user:word@127.0.0.1/",
	} {
		target.Store(bad)
		if _, err := c.Post(t.Context(), url, nil, nil); !refused(err) {
			t.Errorf("to %s: got %v, want it refused", bad, err)
		}
	}
}

func TestProxiesOfTheEnvironmentAreIgnored(t *testing.T) {
	t.Parallel()
	n := newNetwork(newGuard(nil, nil))
	if n.plain.Proxy != nil || n.secure.Proxy != nil {
		t.Error("a proxy would connect without our guard")
	}
}

func TestSlowServersAreLeft(t *testing.T) {
	t.Parallel()
	hang := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	drip := func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1))
		for _, b := range []byte("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 1<<16)) {
			if _, err := c.Write([]byte{b}); err != nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	for name, url := range map[string]string{
		"says nothing":           "http://" + accept(t, hang),
		"hangs in the handshake": "https://" + accept(t, hang),
		"drips its headers":      "http://" + accept(t, drip),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t, Config{Allow: loopback})
			c.longest = 100 * time.Millisecond
			if _, err := c.Post(t.Context(), url, nil, nil); !errors.Is(err, errTimeout) {
				t.Errorf("got %v, want %v", err, errTimeout)
			}
		})
	}
}

func TestABodyThatNeverEndsCannotUndoTheStatus(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "begun")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	c := open(t, Config{Allow: loopback})
	c.longest = 200 * time.Millisecond
	got, err := c.Post(t.Context(), url, nil, nil)
	if err != nil || got.Status != http.StatusOK || string(got.Body) != "begun" {
		t.Errorf("got %d %q %v", got.Status, got.Body, err)
	}
}

// An endless body counts what is read of it.
type endless struct {
	read   int
	closed bool
}

func (e *endless) Read(p []byte) (int, error) { e.read += len(p); return len(p), nil }
func (e *endless) Close() error               { e.closed = true; return nil }

// answerWith is a network in which every request gets this body.
type answerWith struct{ body io.ReadCloser }

func (a answerWith) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: a.body, Request: r}, nil
}

func TestAnEndlessBodyIsCutOff(t *testing.T) {
	t.Parallel()
	body := &endless{}
	got, err := open(t, Config{Transport: answerWith{body}}).Post(t.Context(), "https://hooks.example/", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if body.read > 64<<10 || !body.closed || len(got.Body) != 4<<10 {
		t.Errorf("read %d, kept %d, closed %t; want 64 KiB at most, 4 KiB, closed", body.read, len(got.Body), body.closed)
	}
}

func TestLongHeadersAreRefused(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]bool{1 << 10: true, 200 << 10: false} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("y", size))
		})
		_, err := open(t, Config{Allow: loopback}).Post(t.Context(), url, nil, nil)
		if (err == nil) != want {
			t.Errorf("with %d bytes of headers: got %v, want taken %t", size, err, want)
		}
	}
}

func TestErrorsNameNoAddress(t *testing.T) {
	t.Parallel()
	closed := accept(t, func(net.Conn) {})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	c := withNames(t, Config{Allow: loopback}, func(name string) netip.Addr {
		if strings.HasPrefix(name, "inner") {
			return netip.MustParseAddr("10.1.2.3")
		}
		return netip.Addr{}
	})
	for _, url := range []string{"http://" + closed, "http://" + nobody, "https://inner.example", "https://none.example"} {
		_, err := c.Post(t.Context(), url, nil, nil)
		if err == nil || strings.ContainsAny(err.Error(), "0123456789") {
			t.Errorf("%s: got %v, want an error without an address", url, err)
		}
	}
}

func TestPostEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	})
	if _, err := open(t, Config{Allow: loopback}).Post(ctx, url, nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
