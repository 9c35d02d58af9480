package outbox

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/fetch"
	"github.com/ringback-hq/ringback/internal/store"
)

var secret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("thirty-two bytes are a good many"))

// A world is an account with a widget, on a real store.
type world struct {
	t               *testing.T
	dir             string
	store           *store.Store
	account, widget int64
	events          int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	w.open()
	t.Cleanup(func() { w.store.Close() })
	w.write(func(tx *store.Tx) error {
		a := ringback.Account{Company: "Acme", Country: "PL", Zone: "Europe/Warsaw"}
		if err := tx.AddAccount(&a); err != nil {
			return err
		}
		widget := ringback.Widget{AccountID: a.ID, PublicID: "w", URL: "https://acme.example", Locale: "en", Enabled: true}
		err := tx.AddWidget(&widget)
		w.account, w.widget = a.ID, widget.ID
		return err
	})
	return w
}

// open opens the store, as a new process would.
func (w *world) open() {
	w.t.Helper()
	s, err := store.Open(w.t.Context(), store.Config{Dir: w.dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		w.t.Fatal(err)
	}
	w.store = s
}

func (w *world) write(f func(*store.Tx) error) {
	w.t.Helper()
	if err := w.store.Write(context.WithoutCancel(w.t.Context()), f); err != nil {
		w.t.Fatal(err)
	}
}

// webhook adds one for every documented event.
func (w *world) webhook(url string) ringback.Webhook {
	w.t.Helper()
	hook := ringback.Webhook{AccountID: w.account, URL: url, Events: ringback.DocumentedEvents(), Secret: secret}
	w.write(func(tx *store.Tx) error { return tx.AddWebhook(&hook) })
	return hook
}

// call adds one.
func (w *world) call() int64 {
	w.t.Helper()
	c := ringback.Call{
		AccountID: w.account, WidgetID: w.widget, To: "+48888888888", Status: ringback.StatusNew,
		Type: ringback.CallFromWidget, DueAt: time.Now(),
	}
	w.write(func(tx *store.Tx) error { return tx.AddCall(&c) })
	return c.ID
}

// calls adds so many calls and tells one event of each, and returns the identities of the events.
func (w *world) calls(n int) []string {
	w.t.Helper()
	var ids []string
	for range n {
		ids = append(ids, w.tell(w.call())...)
	}
	return ids
}

// tell tells events of a call, call.new if none is named, and returns their identities.
func (w *world) tell(call int64, kinds ...ringback.EventKind) []string {
	w.t.Helper()
	if len(kinds) == 0 {
		kinds = []ringback.EventKind{ringback.EventCallNew}
	}
	var ids []string
	for _, kind := range kinds {
		w.events++
		e := ringback.Event{
			ID: fmt.Sprintf("evt_%026d", w.events), AccountID: w.account, WidgetID: w.widget, CallID: call, Kind: kind,
			Body: fmt.Appendf(nil, `{"event":%q, "call": %d}`, kind, call),
		}
		w.write(func(tx *store.Tx) error { return tx.Tell(e) })
		ids = append(ids, e.ID)
	}
	return ids
}

// deliveries returns those of a webhook, the oldest first.
func (w *world) deliveries(hook ringback.Webhook) []ringback.Delivery {
	w.t.Helper()
	var list []ringback.Delivery
	err := w.store.Read(w.t.Context(), func(tx *store.Tx) (err error) {
		list, err = tx.Deliveries(w.account, hook.ID, 100_000)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Reverse(list)
	return list
}

// count returns how many deliveries of a webhook are in a state.
func (w *world) count(hook ringback.Webhook, state ringback.DeliveryState) int {
	w.t.Helper()
	n := 0
	for _, d := range w.deliveries(hook) {
		if d.State == state {
			n++
		}
	}
	return n
}

// running is an outbox at work.
type running struct {
	*Outbox
	t      *testing.T
	cancel context.CancelFunc
	ended  chan error
}

// run starts an outbox, which is stopped with the test at the latest.
func (w *world) run(cfg fetch.Config) *running {
	w.t.Helper()
	client := fetch.New(cfg)
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	r := &running{
		Outbox: New(Config{Store: w.store, Client: client, Version: "1.2.3"}),
		t:      w.t, cancel: cancel, ended: make(chan error, 1),
	}
	go func() { r.ended <- r.Run(ctx); client.Close() }()
	w.t.Cleanup(r.stop)
	return r
}

// stop waits for the end of the outbox and looks whether it left anything behind.
func (r *running) stop() {
	r.t.Helper()
	r.cancel()
	if err := <-r.ended; err != nil {
		r.t.Errorf("Run returned %v", err)
	}
	r.ended <- nil
	r.traffic.look(time.Now())
	if r.traffic.busy != 0 || len(r.traffic.lanes) != 0 {
		r.t.Errorf("%d tries and %d lanes were left behind", r.traffic.busy, len(r.traffic.lanes))
	}
}

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

// hole never answers.
var hole = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })

var loopback = fetch.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}

// serve puts a handler on loopback until the test ends.
func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came about that %s", what)
		}
	}
}

func short(ids []string) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(strings.TrimLeft(id, "evt_0"))
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}
