package api

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/blob"
	"github.com/ringback-hq/ringback/internal/fetch"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/openapi/openapitest"
	"github.com/ringback-hq/ringback/internal/store"
)

// A place is a server of this door with two accounts.
type place struct {
	t              *testing.T
	store          *store.Store
	files          *blob.Disk
	links          blob.Links
	office         *office.Office
	handler        http.Handler
	key, other     string
	account, owner int64
}

func newPlace(t *testing.T) *place {
	t.Helper()
	st, err := store.Open(t.Context(), store.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	files, err := blob.OpenDisk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	client := fetch.New(fetch.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	t.Cleanup(func() {
		client.Close()
		st.Close()
	})
	o := office.New(office.Config{Store: st, Fetch: client})
	c := Config{
		Office: o, Files: files, Links: blob.Links{Base: "https://ring.example", Key: []byte("k")},
		Log: slog.New(slog.DiscardHandler),
	}
	p := &place{t: t, store: st, files: files, links: c.Links, office: o}
	p.handler = openapitest.Of(t, Document()).Watch(t, New(c))
	f := p.found("ada")
	p.key, p.account, p.owner = f.Key, f.Account.ID, f.Owner.ID
	p.other = p.found("eve").Key
	return p
}

func (p *place) found(name string) office.Founded {
	p.t.Helper()
	f, err := p.office.CreateAccount(p.t.Context(), office.NewAccount{
		Company: name, Name: name, Email: name + "@example.com", Tel: "+48570934649",
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return f
}

// keyWith makes a key of the first account with some scopes.
func (p *place) keyWith(scopes ...ringback.Scope) string {
	p.t.Helper()
	text, err := p.office.CreateKey(p.t.Context(), office.NewKey{AccountID: p.account, Scopes: append([]ringback.Scope{}, scopes...)})
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

func (p *place) ask(key, method, target, body string) (int, map[string]any) {
	p.t.Helper()
	w := send(p.handler, key, method, target, body)
	var doc map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
			p.t.Fatalf("%s %s: %v in %s", method, target, err, w.Body)
		}
	}
	if kind := w.Header().Get("Content-Type"); w.Code >= 400 && kind != "application/problem+json" {
		p.t.Errorf("%s %s: %d as %q", method, target, w.Code, kind)
	}
	return w.Code, doc
}

func send(h http.Handler, key, method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", key)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAWebhookIsAddedListedAndDeleted(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	code, made := p.ask(p.key, "POST", "/api/webhooks", `{"url":"http://127.0.0.1:9/hook"}`)
	secret, _ := made["secret"].(string)
	if code != 201 || made["id"] == nil || !strings.HasPrefix(secret, "whsec_") {
		t.Fatalf("%d %v", code, made)
	}
	if at, err := time.Parse(time.RFC3339, fmt.Sprint(made["created_at"])); err != nil || time.Since(at) > time.Minute {
		t.Errorf("created_at %v", made["created_at"])
	}
	delete(made, "secret") // it is shown once
	want := map[string]any{
		"id": made["id"], "widget_id": nil, "url": "http://127.0.0.1:9/hook", "enabled": true, "created_at": made["created_at"],
		"events": []any{"call.scheduled", "call.new", "call.missed", "call.completed", "data.added", "new.message"},
	}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	code, list := p.ask(p.key, "GET", "/api/webhooks", "")
	if diff := cmp.Diff(map[string]any{"data": []any{want}, "next": nil}, list); code != 200 || diff != "" {
		t.Errorf("%d -want +got:\n%s", code, diff)
	}
	if code, doc := p.ask(p.key, "DELETE", fmt.Sprintf("/api/webhooks/%v", made["id"]), ""); code != 204 || doc != nil {
		t.Errorf("delete: %d %v", code, doc)
	}
	if code, doc := p.ask(p.key, "DELETE", fmt.Sprintf("/api/webhooks/%v", made["id"]), ""); code != 404 || doc["code"] != "not-found" {
		t.Errorf("delete again: %d %v", code, doc)
	}
	if _, list := p.ask(p.key, "GET", "/api/webhooks", ""); len(list["data"].([]any)) != 0 {
		t.Errorf("still there: %v", list)
	}
}

func TestListsComeInPages(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for i := range 5 {
		p.ask(p.key, "POST", "/api/webhooks", fmt.Sprintf(`{"url":"https://a.pl/%d"}`, i))
	}
	var urls []string
	target := "/api/webhooks?limit=2"
	for range 5 {
		_, list := p.ask(p.key, "GET", target, "")
		for _, each := range list["data"].([]any) {
			urls = append(urls, each.(map[string]any)["url"].(string))
		}
		if list["next"] == nil {
			break
		}
		target = fmt.Sprintf("/api/webhooks?limit=2&after=%v", list["next"])
	}
	if diff := cmp.Diff([]string{"https://a.pl/0", "https://a.pl/1", "https://a.pl/2", "https://a.pl/3", "https://a.pl/4"}, urls); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, list := p.ask(p.key, "GET", "/api/webhooks?limit=5", ""); list["next"] != nil {
		t.Errorf("a page that is just full: next %v", list["next"])
	}
}

func TestProblemsSayWhat(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for _, tt := range []struct {
		method, target, body string
		status               int
		code, field          string
	}{
		{"POST", "/api/webhooks", `{}`, 422, "validation-failed", "url"},
		{"POST", "/api/webhooks", `{"url":"http://u:p@127.0.0.1/"}`, 422, "forbidden-url", "url"},
		{"POST", "/api/webhooks", `{"url":"http://10.1.2.3/"}`, 422, "forbidden-url", "url"},
		{"POST", "/api/webhooks", `{"url":"https://a.pl","events":["call.sneezed"]}`, 422, "validation-failed", "events"},
		{"POST", "/api/webhooks", `{"url":"https://a.pl","widget_id":999}`, 404, "not-found", ""},
		{"POST", "/api/webhooks", `{"url":"https://a.pl"`, 422, "invalid-json", ""},
		{"POST", "/api/webhooks", `{"url":"https://a.pl/` + strings.Repeat("x", 1<<20) + `"}`, 413, "request-too-large", ""},
		{"GET", "/api/webhooks?limit=0", "", 422, "validation-failed", "limit"},
		{"GET", "/api/webhooks?limit=501", "", 422, "validation-failed", "limit"},
		{"GET", "/api/webhooks?after=x", "", 422, "validation-failed", "after"},
		{"DELETE", "/api/webhooks/x", "", 404, "not-found", ""},
		{"PUT", "/api/webhooks", "", 405, "method-not-allowed", ""},
		{"GET", "/api/nothing", "", 404, "not-found", ""},
		{"GET", "/api", "", 404, "not-found", ""},
	} {
		status, doc := p.ask(p.key, tt.method, tt.target, tt.body)
		field, _ := doc["field"].(string)
		if status != tt.status || doc["code"] != tt.code || field != tt.field || doc["status"] != float64(tt.status) {
			t.Errorf("%s %s: %d %v; want %d %s %q", tt.method, tt.target, status, doc, tt.status, tt.code, tt.field)
		}
		for _, name := range []string{"type", "title", "detail", "request_id"} {
			if doc[name] == "" || doc[name] == nil {
				t.Errorf("%s %s has no %s: %v", tt.method, tt.target, name, doc)
			}
		}
	}
}

// addWidgetAndWebhook makes the first account own number 1 of each.
func (p *place) addWidgetAndWebhook() {
	p.t.Helper()
	err := p.store.Write(p.t.Context(), func(tx *store.Tx) error {
		w := ringback.Widget{AccountID: p.account, PublicID: "p", URL: "https://a.pl", Enabled: true}
		if err := tx.AddWidget(&w); err != nil {
			return err
		}
		h := ringback.Webhook{AccountID: p.account, URL: "https://a.pl"}
		if err := tx.AddWebhook(&h); err != nil {
			return err
		}
		if w.ID != 1 || h.ID != 1 {
			return fmt.Errorf("widget %d and webhook %d are not the first", w.ID, h.ID)
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) record(content string) string {
	p.t.Helper()
	name := blob.NewName()
	f, err := p.files.Create(name)
	if err != nil {
		p.t.Fatal(err)
	}
	fmt.Fprint(f, content)
	f.Close()
	return name
}

func (p *place) listen(method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w
}

func TestARecordingIsServedToWhoeverHasTheLink(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	url := p.links.URL(p.record("RIFF0123456789"), time.Now().Add(time.Hour))
	w := p.listen("GET", url)
	if w.Code != 200 || w.Body.String() != "RIFF0123456789" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for name, want := range map[string]string{
		"Content-Type": "audio/wav", "X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store", "Accept-Ranges": "bytes",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	w = p.listen("GET", url, "Range", "bytes=4-7")
	if w.Code != 206 || w.Body.String() != "0123" || w.Header().Get("Content-Range") != "bytes 4-7/14" {
		t.Errorf("a range: %d %q %v", w.Code, w.Body, w.Header())
	}
	if w = p.listen("HEAD", url); w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Length") != "14" {
		t.Errorf("HEAD: %d %v", w.Code, w.Header())
	}
}

func TestALinkThatIsNotOursServesNothing(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	name, second := p.record("one"), p.record("two")
	good := p.links.URL(name, time.Now().Add(time.Hour))
	for what, tt := range map[string]struct {
		url    string
		status int
	}{
		"no signature":      {strings.Split(good, "?")[0], 403},
		"a changed one":     {good + "x", 403},
		"another recording": {strings.ReplaceAll(good, name, second), 403},
		"a later expiry":    {strings.ReplaceAll(good, "expires=1", "expires=2"), 403},
		"an expired one":    {p.links.URL(name, time.Now().Add(-time.Second)), 403},
		"a missing file":    {p.links.URL(blob.NewName(), time.Now().Add(time.Hour)), 404},
		"a path":            {p.links.URL("../../etc/passwd", time.Now().Add(time.Hour)), 404},
	} {
		w := p.listen("GET", tt.url)
		var doc map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &doc); w.Code != tt.status || err != nil || doc["status"] != float64(tt.status) {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	if w := p.listen("DELETE", good); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("DELETE: %d %s", w.Code, w.Body)
	}
}
