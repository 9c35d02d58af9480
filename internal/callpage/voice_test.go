package callpage_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/callpage"
	"github.com/ringback-hq/ringback/internal/fetch"
	"github.com/ringback-hq/ringback/internal/locale"
	"github.com/ringback-hq/ringback/internal/store"
)

// loopback fetches from this machine, and from public addresses.
func loopback(tb testing.TB) *fetch.Client {
	tb.Helper()
	c := fetch.New(fetch.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Redirects: 3, Plain: true})
	tb.Cleanup(c.Close)
	return c
}

// A site has files that strangers offer, and counts who asks for them.
type site struct {
	*httptest.Server
	asked atomic.Int32
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{}
	mux := http.NewServeMux()
	serve := func(path string, body []byte) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			s.asked.Add(1)
			_, _ = w.Write(body)
		})
	}
	mp3, _ := locale.Sound("pl", "apology.mp3")
	wav, _ := locale.Sound("en", "visitor.call.wav")
	serve("/hello.mp3", mp3)
	serve("/no-name", wav)
	serve("/page.mp3", []byte("<html>"))
	serve("/huge.wav", append([]byte("RIFF"), make([]byte, 5<<20)...))
	mux.Handle("/moved.mp3", http.RedirectHandler("/hello.mp3", http.StatusMovedPermanently))
	mux.Handle("/inside.mp3", http.RedirectHandler("http://10.0.0.1/a.mp3", http.StatusFound))
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// A said is one row of voice/all.
type said struct {
	Enabled   bool    `json:"enabled"`
	MessageID string  `json:"message_id"`
	UpdatedAt *string `json:"updated_at"`
	Recording struct {
		FullURL string `json:"full_url"`
	} `json:"recording"`
}

// voices returns what a widget says, manager.call first.
func (p *place) voices(widget int64) [2]said {
	p.t.Helper()
	a := p.send("GET", fmt.Sprint(v1, "voice/all?widget_id=", widget), "")
	var doc struct{ Data [2]said }
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil || a.status != 200 {
		p.t.Fatalf("%v in %s", err, a.body)
	}
	return doc.Data
}

// voice is the body of a request about manager.call.
func voice(widget int64, more string) string {
	return fmt.Sprintf(`{"widget_id":%d,"message_id":"manager.call"%s}`, widget, more)
}

// files returns how many voice messages are stored.
func (p *place) files() int {
	p.t.Helper()
	entries, err := os.ReadDir(p.sounds.Dir)
	if err != nil {
		p.t.Fatal(err)
	}
	return len(entries)
}

// hear fetches a voice message as whoever has the address would.
func (p *place) hear(method, url string, header ...string) *httptest.ResponseRecorder {
	p.t.Helper()
	r := httptest.NewRequest(method, strings.TrimPrefix(url, "https://ring.example"), nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	callpage.NewSounds(p.sounds, slog.New(slog.DiscardHandler)).ServeHTTP(w, r)
	return w
}

func TestV6_TheDefaultsAreTheSample(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	a := p.send("GET", fmt.Sprint(v1, "voice/all?widget_id=", widget), "")
	want := strings.ReplaceAll(compact(t, sample(t, "voice-all.json")),
		"https://core.callpage.io/plugins/thbsolutions/voip/assets", "https://ring.example")
	if got := compact(t, a.body); got != want { // row E5: without meta
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestV7_TheLanguageIsTheWidgets(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for code, want := range map[string]string{"pl": "pl", "en": "en", "cz": "en", "lv": "en"} {
		widget := p.id("widgets/create", fmt.Sprintf(`{"url":"https://a.pl","locale_code":%q}`, code))
		if got := p.voices(widget)[0].Recording.FullURL; got != "https://ring.example/sounds/"+want+"/manager.call.mp3" {
			t.Errorf("%s: %s", code, got)
		}
	}
}

func TestV1_AFileIsFetchedAndStoredAsWAV(t *testing.T) {
	t.Parallel()
	p, s := newPlace(t), newSite(t)
	widget := p.openWidget()
	for _, path := range []string{"/hello.mp3", "/no-name", "/moved.mp3"} {
		p.id("voice/create", voice(widget, fmt.Sprintf(`,"enabled":true,"file":%q`, s.URL+path)))
		v := p.voices(widget)[0]
		if !strings.HasPrefix(v.Recording.FullURL, "https://ring.example/prompts/") || !v.Enabled || v.UpdatedAt == nil {
			t.Fatalf("%s: %+v", path, v)
		}
		if _, err := time.Parse(time.DateTime, *v.UpdatedAt); err != nil {
			t.Error(err)
		}
		w := p.hear("GET", v.Recording.FullURL)
		if w.Code != 200 || w.Header().Get("Content-Type") != "audio/wav" || !strings.HasPrefix(w.Body.String(), "RIFF") {
			t.Errorf("%s: %d %v %.20q", path, w.Code, w.Header(), w.Body)
		}
		if got := p.files(); got != 1 {
			t.Errorf("%s: %d files, want that of the last one only", path, got)
		}
	}
	if v := p.voices(widget)[1]; v.Enabled || v.UpdatedAt != nil {
		t.Errorf("visitor.call changed too: %+v", v)
	}
	if got := s.asked.Load(); got != 3 {
		t.Errorf("the site was asked %d times, want once for each file", got)
	}
}

func TestV1_EveryRefusalSaysWhy(t *testing.T) {
	t.Parallel()
	p, s := newPlace(t), newSite(t)
	widget := p.openWidget()
	for file, want := range map[string]string{
		s.URL + "/page.mp3":            "The file is neither MP3 nor WAV.",
		s.URL + "/huge.wav":            "The file is larger than 5 MB.",
		s.URL + "/nothing.mp3":         "The file cannot be fetched: the answer was 404 instead of 200.",
		s.URL + "/inside.mp3":          "may not be reached",
		"http://10.0.0.1/a.mp3":        "may not be reached",
		"http://[::ffff:10.0.0.1]/a":   "may not be reached",
		"https://169.254.169.254/a":    "may not be reached",
		"ftp://shop.example/a.mp3":     "must begin with https",
		"file:///etc/passwd":           "not a URL with a host",
		"hello.mp3":                    "not a URL with a host",
		"https://a:b@shop.example/a":   "user name or password",
		"http://127.0.0.1:1/hello.mp3": "The file cannot be fetched",
	} {
		a := p.post("voice/create", voice(widget, fmt.Sprintf(`,"enabled":true,"file":%q`, file)))
		if a.status != 422 || a.doc.ErrorCode != "invalid-file" || !strings.Contains(*a.doc.Message, want) || a.doc.Errors["file"] == nil {
			t.Errorf("%s: %d %s, want %q", file, a.status, a.body, want)
		}
	}
	if v := p.voices(widget)[0]; v.UpdatedAt != nil || p.files() != 0 {
		t.Errorf("something stayed: %+v and %d files", v, p.files())
	}
	for _, body := range []string{
		`{"widget_id":1,"message_id":"manager.call"}`, // enabled is required
		`{"widget_id":1,"enabled":true}`, `{"widget_id":1,"message_id":"apology","enabled":true}`, `{"message_id":"manager.call","enabled":true}`,
		`{"widget_id":1,"message_id":"recording.notice","enabled":true}`,
	} {
		if a := p.post("voice/create", body); a.status != 422 || a.doc.ErrorCode != "validation-failed" {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
}

func TestV2_TheSampleFilesAreOurOwn(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.openWidget()
	p.openWidget()
	widget := p.openWidget() // the sample speaks of the third
	if a := p.post("voice/create", sample(t, "voice-create.request.json")); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for file, want := range map[string]string{
		"https://core.callpage.io/plugins/thbsolutions/voip/assets/sounds/pl/manager.call.mp3": "pl/manager.call",
		"http://10.0.0.1/sounds/en/visitor.call.mp3":                                           "en/visitor.call",
		"https://ring.example/sounds/en/manager.call.mp3?v=1":                                  "en/manager.call",
	} {
		if a := p.post("voice/update", voice(widget, fmt.Sprintf(`,"file":%q`, file))); a.status != 200 {
			t.Errorf("%s: %d %s", file, a.status, a.body)
		}
		if got := p.voices(widget)[0].Recording.FullURL; got != "https://ring.example/sounds/"+want+".mp3" {
			t.Errorf("%s: %s", file, got)
		}
	}
	for _, file := range []string{
		"http://10.0.0.1/sounds/de/manager.call.mp3", "http://10.0.0.1/sounds/en/apology.mp3", "http://10.0.0.1/en/manager.call.mp3",
		"http://10.0.0.1/x/sounds.en/manager.call.mp3", "sounds/en/manager.call.mp3",
	} {
		if a := p.post("voice/update", voice(widget, fmt.Sprintf(`,"file":%q`, file))); a.doc.ErrorCode != "invalid-file" {
			t.Errorf("%s: %d %s", file, a.status, a.body)
		}
	}
	if p.files() != 0 {
		t.Error("a built-in sound was stored")
	}
}

func TestV3_WithoutAFileTheDefaultIsSwitched(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	for _, tt := range []struct{ body, message string }{
		{`"message_id":"manager.call","enabled":false`, "manager.call"},
		{`"message_id":"visitor.call","enabled":"1","file":null`, "visitor.call"},
		{`"message_id":"visitor.call","enabled":"on","file":""`, "visitor.call"},
	} {
		p.id("voice/create", fmt.Sprintf(`{"widget_id":%d,%s}`, widget, tt.body))
	}
	v := p.voices(widget)
	if v[0].Enabled || !v[1].Enabled || !strings.HasSuffix(v[1].Recording.FullURL, "/sounds/en/visitor.call.mp3") {
		t.Errorf("%+v", v)
	}
}

func TestV4_ADefaultCannotBeUpdated(t *testing.T) {
	t.Parallel()
	p, s := newPlace(t), newSite(t)
	widget := p.openWidget()
	a := p.post("voice/update", voice(widget, fmt.Sprintf(`,"enabled":false,"file":%q`, s.URL+"/hello.mp3")))
	if a.status != 422 || a.doc.ErrorCode != "not-customized" || p.files() != 0 || s.asked.Load() != 0 {
		t.Errorf("%d %s, %d files, asked %d times", a.status, a.body, p.files(), s.asked.Load())
	}
}

func TestV5_CreatingTwiceReplaces(t *testing.T) {
	t.Parallel()
	p, s := newPlace(t), newSite(t)
	widget := p.openWidget()
	file := fmt.Sprintf(`,"enabled":true,"file":%q`, s.URL+"/hello.mp3")
	first := p.id("voice/create", voice(widget, file))
	old := p.voices(widget)[0].Recording.FullURL
	if again := p.id("voice/create", voice(widget, file)); again != first {
		t.Errorf("id %d, then %d", first, again)
	}
	if w := p.hear("GET", old); w.Code != 404 {
		t.Errorf("the old one is still there: %d", w.Code)
	}
	if changed := p.id("voice/update", voice(widget, `,"enabled":0`)); changed != first { // row R14: the file stays
		t.Errorf("id %d, then %d", first, changed)
	}
	v := p.voices(widget)[0]
	if v.Enabled || !strings.Contains(v.Recording.FullURL, "/prompts/") || p.hear("GET", v.Recording.FullURL).Code != 200 {
		t.Errorf("%+v", v)
	}
	if a := p.post("voice/reset", voice(widget, "")); compact(t, a.body) != compact(t, sample(t, "voice-reset.json")) { // row E4
		t.Errorf("%s", a.body)
	}
	if v := p.voices(widget)[0]; !v.Enabled || v.UpdatedAt != nil || p.files() != 0 {
		t.Errorf("after a reset: %+v, %d files", v, p.files())
	}
	p.id("voice/create", voice(widget, file))
	p.id("voice/create", fmt.Sprintf(`{"widget_id":%d,"message_id":"visitor.call","enabled":true}`, widget))
	for range 2 { // a default can be reset too
		if a := p.post("voice/reset", fmt.Sprintf(`{"widget_id":%d}`, widget)); a.status != 200 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if v := p.voices(widget); v[0].UpdatedAt != nil || v[1].Enabled || p.files() != 0 {
		t.Errorf("after a reset of all: %+v, %d files", v, p.files())
	}
}

func TestE17_AFileIsNotFetchedAgainForTheSameRequest(t *testing.T) {
	t.Parallel()
	p, s := newPlace(t), newSite(t)
	body := voice(p.openWidget(), fmt.Sprintf(`,"enabled":true,"file":%q`, s.URL+"/hello.mp3"))
	first := p.id("voice/create", body, "Idempotency-Key", "a")
	again := p.id("voice/create", body, "Idempotency-Key", "a")
	if first != again || s.asked.Load() != 1 || p.files() != 1 {
		t.Errorf("ids %d and %d, asked %d times, %d files", first, again, s.asked.Load(), p.files())
	}
}

func TestTheBuiltInSoundsAreServed(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for url, kind := range map[string]string{
		"/sounds/en/manager.call.mp3": "audio/mpeg", "/sounds/pl/visitor.call.wav": "audio/wav", "/sounds/de/manager.call.mp3": "audio/mpeg",
	} {
		w := p.hear("GET", url)
		if w.Code != 200 || w.Header().Get("Content-Type") != kind || !strings.Contains(w.Header().Get("Cache-Control"), "public") || w.Body.Len() < 10_000 {
			t.Errorf("%s: %d %v", url, w.Code, w.Header())
		}
		if w := p.hear("HEAD", url); w.Code != 200 || w.Body.Len() != 0 {
			t.Errorf("HEAD %s: %d, %d bytes", url, w.Code, w.Body.Len())
		}
		if w := p.hear("GET", url, "Range", "bytes=0-99"); w.Code != 206 || w.Body.Len() != 100 {
			t.Errorf("a part of %s: %d, %d bytes", url, w.Code, w.Body.Len())
		}
	}
	own, err := io.ReadAll(p.hear("GET", "/sounds/pl/manager.call.mp3").Body)
	if want, _ := locale.Sound("pl", "manager.call.mp3"); err != nil || string(own) != string(want) {
		t.Error("Polish is not Polish")
	}
	for _, url := range []string{
		"/sounds/xx/manager.call.mp3", "/sounds/en/nothing.mp3", "/sounds/en/manager.call", "/sounds/en/", "/sounds/", "/prompts/",
		"/prompts/x.wav", "/prompts/..%2Fringback.db", "/prompts/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.wav", "/sounds/en/..%2F..%2Flocale.go",
	} {
		if w := p.hear("GET", url); w.Code != 404 || !strings.Contains(w.Body.String(), `"errorCode":"not-found"`) {
			t.Errorf("%s: %d %.99s", url, w.Code, w.Body)
		}
	}
}

func TestAManagerListensButDoesNotChange(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	ann := p.id("users/create", `{"name":"Ann","tel":"888888888"}`)
	p.post("widgets/add-users", fmt.Sprintf(`{"id":%d,"user_id":%d}`, widget, ann))
	key := p.key(ann, ringback.Scopes...)
	for _, path := range []string{"voice/all", "sms/all"} {
		if a := p.send("GET", fmt.Sprint(v1, path, "?widget_id=", widget), "", "Authorization", key); a.status != 200 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	for path, body := range map[string]string{
		"voice/create": voice(widget, `,"enabled":false`), "voice/update": voice(widget, `,"enabled":false`), "voice/reset": voice(widget, ""),
		"sms/create": wording(widget, "x"), "sms/update": wording(widget, "x"), "sms/reset": wording(widget, ""),
	} {
		if a := p.post(path, body, "Authorization", key); a.status != 403 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

// TestR15_MessagesOfAWidgetByAnyName names the widget as clients do.
func TestR15_MessagesOfAWidgetByAnyName(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	id := p.openWidget()
	var public string
	p.write(func(tx *store.Tx) error {
		w, err := tx.Widget(p.ada.Account.ID, id)
		public = w.PublicID
		return err
	})
	for _, query := range []string{
		fmt.Sprint("widget_id=", id), fmt.Sprint("id=", id), "encrypted_id=" + public, "widget_id=" + public,
	} {
		for _, path := range []string{"voice/all?", "sms/all?"} {
			if a := p.send("GET", v1+path+query, ""); a.status != 200 {
				t.Errorf("%s%s: %d %s", path, query, a.status, a.body)
			}
		}
	}
}
