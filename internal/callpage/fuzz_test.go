package callpage_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/ringback-hq/ringback/internal/callpage"
	"github.com/ringback-hq/ringback/internal/switchboard"
)

// FuzzEveryRoute sends anything to each endpoint: whatever comes in, the answer is in the envelope, and nothing is the
// server's fault. The input is a route, what stands in the place of the names of its path, a query, a content type and a body.
func FuzzEveryRoute(f *testing.F) {
	const multipart = "multipart/form-data; boundary=b"
	bodies := []struct{ query, contentType, body string }{
		{"", "", ""},
		{"limit=1&offset=2&order=desc", "", ""},
		{"widget_ids[]=1&statuses[]=completed&tag_ids[]=1&tag_ids[]=2&user_ids[]=1&call_id=1,2&date_from=1&date_to=2023-01-01&url=a.pl&display_hidden=0", "", ""},
		{"phone_number=+48600100200&incoming_number_ids[][]=1&widget_id=1&id[]=1&limit=-0&offset=1e3", "", ""},
		{"date_from=-99999999999999&date_to=99999999999999", "", ""},
		{"", "application/json", `{"id":1,"widget_id":1,"user_id":1,"tel":"600100200","text":"Hi","value":true,"name":"x","url":"https://a.pl"}`},
		{"id=1", "application/json", `{"tel":"600100201","fields":{"a":1,"b":null},"settings":{"call":{"algorithm":"findme"}},"business_times":[{"day_of_week":1}]}`},
		{"id=1", "application/json", `{"tel":"600100202","fields":[{"id":1,"value":[]}],"settings":[{"key":"widget.color","value":1}],"user_id":[1,[2]]}`},
		{"", form, "id=1&tel=%2B48600100203&fields[a]=1&fields[b][c]=2&settings[call.from]=1&email=a%40b.pl&role=admin"},
		{"", multipart, "--b\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\n1\r\n--b--\r\n"},
		{"", "application/json", `{"widget_id":1,"message_id":"manager.call","enabled":"no","url":"http://127.0.0.1:1/a.mp3","text":":name"}`},
		{"pretty_output=1", "text/plain", `{"id":9223372036854775808,"value":"\u0000\ud800"}`},
		{"%zz=%00", "application/json", `[[[`},
	}
	routes := callpage.Routes()
	for i := range routes {
		for n, b := range bodies {
			f.Add(uint8(i), []string{"1", "x", "-1", "../1"}[n%4], b.query, b.contentType, b.body)
		}
	}
	p := newPlace(f)
	log := slog.New(slog.DiscardHandler)
	unwatched := callpage.New(callpage.Config{
		Office: p.office, Log: log, Switchboard: switchboard.New(switchboard.Config{Store: p.store, Log: log}, "fuzz"),
	})
	key := p.found("fuzz", true).Key
	p.id("widgets/create", `{"url":"https://a.pl"}`, "Authorization", key)
	p.id("widgets/call", `{"id":1,"tel":"600100200","fields":{"a":1}}`, "Authorization", key)
	f.Fuzz(func(t *testing.T, route uint8, name, query, contentType, body string) {
		row := routes[int(route)%len(routes)]
		path := row.Path
		for _, placeholder := range []string{"{id}", "{call}", "{field}"} {
			path = strings.ReplaceAll(path, placeholder, name)
		}
		r := httptest.NewRequest(row.Method, "/", strings.NewReader(body))
		r.URL = &url.URL{Path: callpage.Prefixes[int(route)%len(callpage.Prefixes)] + path, RawQuery: query}
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Authorization", key)
		w := httptest.NewRecorder()
		unwatched.ServeHTTP(w, r)
		what := fmt.Sprintf("%s %s", row.Method, r.URL)
		a := answer{status: w.Code, header: w.Header(), body: w.Body.String()}
		if err := json.Unmarshal(w.Body.Bytes(), &a.doc); err != nil {
			t.Fatalf("%s: %v in %q", what, err, a.body)
		}
		(&place{t: t}).inEnvelope(what, a)
		if w.Code >= 500 {
			t.Errorf("%s: %d %s", what, w.Code, a.body)
		}
	})
}
