package callpage_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/blob"
	"github.com/ringback-hq/ringback/internal/callpage"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/openapi/openapitest"
	"github.com/ringback-hq/ringback/internal/store"
	"github.com/ringback-hq/ringback/internal/switchboard"
)

// A place is a server of this door with two accounts in Poland. Nobody takes its calls: they stay new.
type place struct {
	t       testing.TB
	store   *store.Store
	office  *office.Office
	handler http.Handler

	sounds *blob.Disk

	closeStore func() error
	ada        office.Founded // owns what the tests make
	eve        office.Founded // owns nothing
}

func newPlace(tb testing.TB) *place {
	tb.Helper()
	st, err := store.Open(tb.Context(), store.Config{Dir: tb.TempDir()})
	if err != nil {
		tb.Fatal(err)
	}
	p := &place{t: tb, store: st, closeStore: sync.OnceValue(st.Close)}
	tb.Cleanup(func() { p.closeStore() })
	p.sounds = &blob.Disk{Dir: tb.TempDir()}
	o := office.New(office.Config{Store: st, Sounds: p.sounds, Downloads: loopback(tb)})
	log := slog.New(slog.DiscardHandler)
	p.office = o
	p.handler = callpage.New(callpage.Config{
		Office: o, Log: log,
		Switchboard: switchboard.New(switchboard.Config{Store: st, Log: log}, "test"),
		Links:       blob.Links{Base: "https://ring.example", Key: []byte("k")},
	})
	liberal := callpage.Document()
	liberal.Liberal = true
	p.handler = openapitest.Of(tb, liberal).Watch(tb, p.handler)
	p.ada, p.eve = p.found("ada", false), p.found("eve", false)
	return p
}

func (p *place) found(name string, limitsOff bool) office.Founded {
	p.t.Helper()
	f, err := p.office.CreateAccount(p.t.Context(), office.NewAccount{
		Company: name, Name: name, Email: name + "@example.com", Tel: "+48570934649", LimitsOff: limitsOff,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return f
}

// key makes a key of a user of ada's account, with some scopes; user 0 is ada.
func (p *place) key(user int64, scopes ...ringback.Scope) string {
	p.t.Helper()
	text, err := p.office.CreateKey(p.t.Context(), office.NewKey{
		AccountID: p.ada.Account.ID, UserID: user, Scopes: append([]ringback.Scope{}, scopes...),
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

func (p *place) write(f func(tx *store.Tx) error) {
	p.t.Helper()
	if err := p.store.Write(p.t.Context(), f); err != nil {
		p.t.Fatal(err)
	}
}

// An answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
	doc    struct {
		HasError  *bool
		ErrorCode any
		Message   *string
		Data      any
		Meta      any
		Errors    map[string][]string
	}
}

// send makes a request, with header names and values in turn, and checks that the answer is in the envelope.
func (p *place) send(method, target, body string, header ...string) answer {
	p.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", p.ada.Key)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	a := answer{status: w.Code, header: w.Header(), body: w.Body.String()}
	if err := json.Unmarshal(w.Body.Bytes(), &a.doc); err != nil {
		p.t.Fatalf("%s %s: %v in %q", method, target, err, a.body)
	}
	p.inEnvelope(method+" "+target, a)
	return a
}

// inEnvelope holds every answer of every test against rows E1, E2, E3, R11 and R12.
func (p *place) inEnvelope(what string, a answer) {
	p.t.Helper()
	d := a.doc
	if d.HasError == nil || d.Message == nil || !strings.HasPrefix(strings.Join(strings.Fields(a.body), ""), `{"hasError":`) {
		p.t.Fatalf("%s: not in the envelope: %s", what, a.body)
	}
	code, isText := d.ErrorCode.(string)
	switch {
	case *d.HasError && (!isText || code == "" || code == "0" || a.status < 400 || *d.Message == "" || fmt.Sprint(d.Data) != "[]"):
		p.t.Errorf("%s: a strange failure: %d %s", what, a.status, a.body)
	case !*d.HasError && (d.ErrorCode != 0.0 || a.status != 200):
		p.t.Errorf("%s: a strange success: %d %s", what, a.status, a.body)
	}
	if got := a.header.Get("Content-Type"); got != "application/json" {
		p.t.Errorf("%s: content type %q", what, got)
	}
}

// get asks without a key.
func (p *place) get(target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	return w
}

const v1 = "/api/v1/external/"

func (p *place) post(path, body string, header ...string) answer {
	p.t.Helper()
	return p.send("POST", v1+path, body, append([]string{"Content-Type", "application/json"}, header...)...)
}

// id posts and returns the id in the answer.
func (p *place) id(path, body string, header ...string) int64 {
	p.t.Helper()
	a := p.post(path, body, header...)
	made, ok := a.doc.Data.(map[string]any)
	id, isNumber := made["id"].(float64)
	if !ok || !isNumber {
		p.t.Fatalf("POST %s %s: %d %s", path, body, a.status, a.body)
	}
	return int64(id)
}

const always = `[` +
	`{"day_of_week":0,"start_time":"00:00","end_time":"24:00"},{"day_of_week":1,"start_time":"00:00","end_time":"24:00"},` +
	`{"day_of_week":2,"start_time":"00:00","end_time":"24:00"},{"day_of_week":3,"start_time":"00:00","end_time":"24:00"},` +
	`{"day_of_week":4,"start_time":"00:00","end_time":"24:00"},{"day_of_week":5,"start_time":"00:00","end_time":"24:00"},` +
	`{"day_of_week":6,"start_time":"00:00","end_time":"24:00"}]`

// openWidget makes a widget where ada is always on duty.
func (p *place) openWidget() int64 {
	p.t.Helper()
	id := p.id("widgets/create", `{"url":"https://www.shop.example/pl"}`)
	p.post("widgets/add-users", fmt.Sprintf(`{"id":%d,"user_id":%d,"business_times":%s}`, id, p.ada.Owner.ID, always))
	return id
}

// closedWidget makes a widget where nobody ever is.
func (p *place) closedWidget(settings string) int64 {
	p.t.Helper()
	id := p.id("widgets/create", `{"url":"https://closed.example","settings":`+settings+`}`)
	never := strings.ReplaceAll(always, `"start_time"`, `"enabled":false,"start_time"`)
	p.post("widgets/add-users", fmt.Sprintf(`{"id":%d,"user_id":%d,"business_times":%s}`, id, p.ada.Owner.ID, never))
	return id
}

func (p *place) call(id int64) ringback.Call {
	p.t.Helper()
	var c ringback.Call
	err := p.store.Read(p.t.Context(), func(tx *store.Tx) (err error) {
		c, err = tx.Call(p.ada.Account.ID, id)
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// count returns how many calls ada's account has.
func (p *place) count() int {
	p.t.Helper()
	n := 0
	err := p.store.Read(p.t.Context(), func(tx *store.Tx) (err error) {
		_, n, err = tx.History(p.ada.Account.ID, store.HistoryFilter{})
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

// completed makes a call of ten seconds that ada answered.
func (p *place) completed(widget int64, to ringback.Number, at time.Time) ringback.Call {
	p.t.Helper()
	c := ringback.Call{
		AccountID: p.ada.Account.ID, WidgetID: widget, To: to, Status: ringback.StatusCompleted, Type: ringback.CallFromWidget,
		Attempts: 1, CreatedAt: at, EndedAt: at.Add(30 * time.Second),
	}
	p.write(func(tx *store.Tx) error {
		if err := tx.AddCall(&c); err != nil {
			return err
		}
		managers, err := tx.Managers(c.AccountID, widget)
		if err != nil {
			return err
		}
		r := ringback.Recording{AccountID: c.AccountID, CallID: c.ID, Name: blob.NewName()}
		if err := tx.AddRecording(&r); err != nil {
			return err
		}
		leg := ringback.Leg{
			AccountID: c.AccountID, CallID: c.ID, Party: ringback.PartyManager, ManagerID: managers[0].ID, Number: "+48570934649",
			DialedAt: at.Add(time.Second), AnsweredAt: at.Add(5 * time.Second), EndedAt: at.Add(20 * time.Second),
		}
		return tx.AddAttempt(&ringback.Attempt{
			AccountID: c.AccountID, CallID: c.ID, Number: 1, ManagerID: managers[0].ID, Outcome: ringback.OutcomeCompleted,
			QueuedAt: at, TalkingAt: at.Add(10 * time.Second), EndedAt: at.Add(20 * time.Second), RecordingID: r.ID,
			Legs: []ringback.Leg{leg},
		})
	})
	return c
}

func sample(tb testing.TB, name string) string {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("..", "wire", "testdata", "samples", name))
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// compact returns a JSON document without spaces, and with every number that follows one of the keys as N.
func compact(tb testing.TB, doc string, keys ...string) string {
	tb.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(doc)); err != nil {
		tb.Fatalf("%v in %s", err, doc)
	}
	s := b.String()
	for _, key := range keys {
		parts := strings.Split(s, `"`+key+`":`)
		for i, part := range parts[1:] {
			parts[i+1] = "N" + strings.TrimLeft(part, "0123456789")
		}
		s = strings.Join(parts, `"`+key+`":`)
	}
	return s
}
