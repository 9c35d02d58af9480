package outbox

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ringback-hq/ringback/internal/fetch"
)

// A sink is a webhook's other end. It keeps what it gets and answers as it is told.
type sink struct {
	answer func(w http.ResponseWriter, r *http.Request, p post) // nil: 200

	mu    sync.Mutex
	posts []post
	busy  int
	most  int // at once
}

// A post is what a sink got.
type post struct {
	at     time.Time
	id     string
	header http.Header
	body   []byte
	nth    int // 1 for the first post of this event
}

// ServeHTTP takes a post.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := s.take(r)
	defer s.leave()
	if s.answer != nil {
		s.answer(w, r, p)
	}
}

func (s *sink) take(r *http.Request) post {
	body, _ := io.ReadAll(r.Body)
	p := post{at: time.Now(), id: r.Header.Get("webhook-id"), header: r.Header.Clone(), body: body, nth: 1}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, earlier := range s.posts {
		if earlier.id == p.id {
			p.nth++
		}
	}
	s.posts = append(s.posts, p)
	s.busy++
	s.most = max(s.most, s.busy)
	return p
}

func (s *sink) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy--
}

// got returns all posts until now.
func (s *sink) got() []post {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.posts)
}

// ids returns the identities of the events that were posted, in order and with repetitions.
func (s *sink) ids() []string {
	var ids []string
	for _, p := range s.got() {
		ids = append(ids, p.id)
	}
	return ids
}

// always answers every post with a status.
func always(status int) *sink {
	return &sink{answer: func(w http.ResponseWriter, _ *http.Request, _ post) { w.WriteHeader(status) }}
}

// hosts is an imaginary network: the handlers by the names of their hosts.
type hosts map[string]http.Handler

// RoundTrip asks the host.
func (h hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	answered := make(chan *http.Response, 1)
	go func() {
		w := httptest.NewRecorder()
		h[r.URL.Host].ServeHTTP(w, r)
		answered <- w.Result()
	}()
	select {
	case answer := <-answered:
		return answer, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// hole never answers. It reads the body, or a server would not notice that the other side is gone.
var hole = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
})

var loopback = fetch.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}

// serve puts a handler on loopback until the test ends.
func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}
