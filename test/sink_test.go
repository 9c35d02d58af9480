package test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// A sink is a webhook receiver that keeps what it was told.
type sink struct {
	url    string
	mu     sync.Mutex
	told   []told
	refuse func(told) bool // answers 500 where it says so
}

// told is one delivery.
type told struct {
	ID    string // webhook-id
	Event string
	Call  int64
	Body  []byte
	Head  http.Header
}

func newSink(t testing.TB) *sink {
	t.Helper()
	s := &sink{}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var doc struct {
		Data struct {
			Event string `json:"event"`
			ID    int64  `json:"id"`
		} `json:"data"`
	}
	if err != nil || json.Unmarshal(body, &doc) != nil {
		http.Error(w, "no JSON", http.StatusBadRequest)
		return
	}
	d := told{ID: r.Header.Get("Webhook-Id"), Event: doc.Data.Event, Call: doc.Data.ID, Body: body, Head: r.Header.Clone()}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil && s.refuse(d) {
		http.Error(w, "not now", http.StatusInternalServerError)
		return
	}
	s.told = append(s.told, d)
}

// of returns what was told of one call so far.
func (s *sink) of(call int64) []told {
	s.mu.Lock()
	defer s.mu.Unlock()
	var of []told
	for _, d := range s.told {
		if d.Call == call {
			of = append(of, d)
		}
	}
	return of
}

// wait waits until n deliveries of a call have come.
func (s *sink) wait(t testing.TB, call int64, n int) []told {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if of := s.of(call); len(of) >= n {
			return of
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d deliveries of call %d came, want %d", len(s.of(call)), call, n)
		}
	}
}

// verify checks a delivery with the official verifier.
func (d told) verify(t testing.TB, secret string) {
	t.Helper()
	v, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Verify(d.Body, d.Head); err != nil {
		t.Errorf("%s of call %d: %v", d.Event, d.Call, err)
	}
}

// webhook makes a webhook at the sink and returns its secret.
func (o *office) webhook(s *sink, widget int64) string {
	o.t.Helper()
	res := o.api(http.MethodPost, "/api/webhooks", fields{"widget_id": widget, "url": s.url + "/hook"})
	defer res.Body.Close()
	var made struct {
		ID     int64  `json:"id"`
		Secret string `json:"secret"`
	}
	if err := json.NewDecoder(res.Body).Decode(&made); err != nil || res.StatusCode != http.StatusCreated || made.Secret == "" {
		o.t.Fatalf("POST /api/webhooks: %d %v %+v", res.StatusCode, err, made)
	}
	return made.Secret
}
