package outbox

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	data            store.Config
	store           *store.Store
	account, widget int64
	events          int
}

// newWorld makes one on SQLite.
func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldIn(t, store.Config{Dir: t.TempDir()})
}

// onBoth tells a story in a world on SQLite, and in one on PostgreSQL where RINGBACK_TEST_POSTGRES names a server.
func onBoth(t *testing.T, story func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		story(t, newWorld(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		story(t, newWorldIn(t, store.Config{URL: freshSchema(t)}))
	})
}

// freshSchema makes an empty schema and returns the URL by which it is the only one.
func freshSchema(t *testing.T) string {
	t.Helper()
	server := os.Getenv("RINGBACK_TEST_POSTGRES")
	if server == "" {
		t.Skip("RINGBACK_TEST_POSTGRES is not set")
	}
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	name := "t" + strings.ToLower(rand.Text())
	if _, err := db.Exec("CREATE SCHEMA " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec("DROP SCHEMA " + name + " CASCADE"); err != nil {
			t.Error(err)
		}
		db.Close()
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	values := u.Query()
	values.Set("search_path", name)
	u.RawQuery = values.Encode()
	return u.String()
}

func newWorldIn(t *testing.T, data store.Config) *world {
	t.Helper()
	data.Log = slog.New(slog.DiscardHandler)
	w := &world{t: t, data: data}
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
	s, err := store.Open(context.WithoutCancel(w.t.Context()), w.data)
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

// exec runs a command on the SQLite database, behind the back of the store.
func (w *world) exec(command string) {
	w.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(w.data.Dir, "ringback.db"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(command); err != nil {
		w.t.Fatal(err)
	}
}

// webhook adds one for every documented event.
func (w *world) webhook(url string) ringback.Webhook {
	w.t.Helper()
	return w.webhookWith(url, secret)
}

func (w *world) webhookWith(url, secret string) ringback.Webhook {
	w.t.Helper()
	hook := ringback.Webhook{AccountID: w.account, URL: url, Events: ringback.DocumentedEvents(), Secret: secret}
	w.write(func(tx *store.Tx) error { return tx.AddWebhook(&hook) })
	return hook
}

// call adds one.
func (w *world) call() int64 {
	w.t.Helper()
	c := w.newCall()
	w.write(func(tx *store.Tx) error { return tx.AddCall(&c) })
	return c.ID
}

func (w *world) newCall() ringback.Call {
	return ringback.Call{
		AccountID: w.account, WidgetID: w.widget, To: "+48888888888", Status: ringback.StatusNew,
		Type: ringback.CallFromWidget, DueAt: time.Now(),
	}
}

// calls adds so many calls, tells call.new of each, and returns the identities of the events.
func (w *world) calls(n int) (ids []string) {
	w.t.Helper()
	var events []ringback.Event
	w.write(func(tx *store.Tx) error {
		events = nil
		for range n {
			c := w.newCall()
			if err := tx.AddCall(&c); err != nil {
				return err
			}
			e := w.event(c.ID, ringback.EventCallNew)
			if err := tx.Tell(e); err != nil {
				return err
			}
			events = append(events, e)
		}
		return nil
	})
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return ids
}

// tell tells events of a call and returns their identities.
func (w *world) tell(call int64, kinds ...ringback.EventKind) (ids []string) {
	w.t.Helper()
	for _, kind := range kinds {
		e := w.event(call, kind)
		w.write(func(tx *store.Tx) error { return tx.Tell(e) })
		ids = append(ids, e.ID)
	}
	return ids
}

func (w *world) event(call int64, kind ringback.EventKind) ringback.Event {
	w.events++
	return ringback.Event{
		ID: fmt.Sprintf("evt_%026d", w.events), AccountID: w.account, WidgetID: w.widget, CallID: call, Kind: kind,
		Body: fmt.Appendf(nil, `{"event":%q, "call": %d}`, kind, call),
	}
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

// disabled reports whether a webhook is.
func (w *world) disabled(hook ringback.Webhook) bool {
	w.t.Helper()
	err := w.store.Read(w.t.Context(), func(tx *store.Tx) (err error) {
		hook, err = tx.Webhook(w.account, hook.ID)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return hook.Disabled
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
	ended  chan struct{}
}

// run starts an outbox, which is stopped with the test at the latest.
func (w *world) run(cfg fetch.Config) *running {
	w.t.Helper()
	client := fetch.New(cfg)
	r := &running{Outbox: New(Config{Store: w.store, Client: client, Version: "1.2.3"}), t: w.t, cancel: func() {}}
	r.restart()
	w.t.Cleanup(func() { r.stop(); client.Close() })
	return r
}

// restart runs the same outbox again, with all that it remembers.
func (r *running) restart() {
	r.t.Helper()
	r.stop()
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.t.Context()))
	r.cancel, r.ended = cancel, make(chan struct{})
	go func() {
		defer close(r.ended)
		if err := r.Run(ctx); err != nil {
			r.t.Errorf("Run returned %v", err)
		}
	}()
}

// stop waits for the end of the outbox and looks whether it left anything behind.
func (r *running) stop() {
	r.t.Helper()
	r.cancel()
	if r.ended != nil {
		<-r.ended
	}
	r.traffic.look(time.Now())
	if r.traffic.busy != 0 || len(r.traffic.lanes) != 0 {
		r.t.Errorf("%d tries and %d lanes were left behind", r.traffic.busy, len(r.traffic.lanes))
	}
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
