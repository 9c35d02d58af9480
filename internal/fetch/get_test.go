package fetch_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/fetch"
)

func TestGetReadsNoMoreThanIsWanted(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/ten", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "0123456789") })
	mux.HandleFunc("/eleven", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "0123456789x") })
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := io.WriteString(w, strings.Repeat("x", 1<<15)); err != nil {
				return // the client has had enough
			}
		}
	})
	mux.HandleFunc("/short", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "01234")
	})
	mux.HandleFunc("/here", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ten", http.StatusFound) })
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusFound)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	c := fetch.New(fetch.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Redirects: 3})
	t.Cleanup(c.Close)
	for path, want := range map[string]struct {
		status int
		body   string
	}{"/ten": {200, "0123456789"}, "/here": {200, "0123456789"}, "/round": {302, ""}, "/nothing": {404, "404 page n"}} {
		got, err := c.Get(t.Context(), server.URL+path, 1000)
		if err != nil || got.Status != want.status || !strings.HasPrefix(string(got.Body), want.body) {
			t.Errorf("%s: %d %q %v, want %v", path, got.Status, got.Body, err, want)
		}
	}
	for _, path := range []string{"/eleven", "/endless"} {
		if got, err := c.Get(t.Context(), server.URL+path, 10); !errors.Is(err, fetch.ErrTooLarge) {
			t.Errorf("%s: %d bytes, %v", path, len(got.Body), err)
		}
	}
	if got, err := c.Get(t.Context(), server.URL+"/short", 10); err == nil {
		t.Errorf("half a body counts: %q", got.Body)
	}
	if _, err := c.Get(t.Context(), server.URL+"/away", 10); ringback.KindOf(err) != ringback.Invalid {
		t.Errorf("a redirect to a private address: %v", err)
	}
	if _, err := c.Get(t.Context(), "http://10.0.0.1/", 10); ringback.KindOf(err) != ringback.Invalid {
		t.Errorf("a private address: %v", err)
	}
}

func TestPlainHTTPReachesOnlyWhatIsPublicToo(t *testing.T) {
	t.Parallel()
	strict, plain := fetch.New(fetch.Config{}), fetch.New(fetch.Config{Plain: true})
	t.Cleanup(strict.Close)
	t.Cleanup(plain.Close)
	for url, ok := range map[string]bool{
		"http://shop.example/a.mp3": true, "https://shop.example/a.mp3": true, "http://93.184.215.14/a.mp3": true,
		"http://10.0.0.1/a.mp3": false, "http://127.0.0.1/a.mp3": false, "http://[::1]/a.mp3": false,
		"http://shop.example:8080/a.mp3": false, "ftp://shop.example/a.mp3": false, "http://localhost:22/": false,
	} {
		if err := plain.CheckURL(url); (err == nil) != ok {
			t.Errorf("%s: %v", url, err)
		}
		if err := strict.CheckURL(url); err == nil && strings.HasPrefix(url, "http:") {
			t.Errorf("%s passes where nobody allowed plain http", url)
		}
	}
	if _, err := plain.Get(t.Context(), "http://localhost/", 10); ringback.KindOf(err) != ringback.Invalid {
		t.Errorf("a name of this machine: %v", err)
	}
}
