package callpage_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/ringback-hq/ringback/internal/store"
)

func TestR3_TheRootValidatesAKey(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for _, target := range []string{"/api/v1/external", "/api/v1/external/", "/api/v2/external", "/api/v3/external"} {
		a := p.send("GET", target, "")
		if got, want := compact(t, a.body), compact(t, sample(t, "root.json")); got != want {
			t.Errorf("%s: %s, want %s", target, got, want)
		}
		if a := p.send("GET", target, "", "Authorization", "xxxxxxxxxxxx"); a.status != 401 || a.doc.ErrorCode != "unauthorized" {
			t.Errorf("%s with a bad key: %d %s", target, a.status, a.body)
		}
	}
}

func TestR2_TheKeyIsRawOrBearer(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for _, header := range []string{p.ada.Key, "Bearer " + p.ada.Key, "bearer " + p.ada.Key} {
		if a := p.send("GET", v1, "", "Authorization", header); a.status != 200 {
			t.Errorf("%.10s...: %d %s", header, a.status, a.body)
		}
	}
	for _, header := range []string{strings.Repeat("k", 300), "Bearer " + strings.Repeat("k", 4000), "Basic x"} {
		if a := p.send("GET", v1, "", "Authorization", header); a.status != 401 {
			t.Errorf("%.10s...: %d %s", header, a.status, a.body)
		}
	}
}

func TestR1_TheHostDoesNotMatter(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for _, host := range []string{"https://core.callpage.io", "http://app.callpage.io:8080", "http://[::1]"} {
		if a := p.send("GET", host+"/api/v1/external/calls/history", ""); a.status != 200 {
			t.Errorf("%s: %d %s", host, a.status, a.body)
		}
	}
}

func TestE11_EverythingIsInTheEnvelope(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for _, tt := range []struct {
		method, target, body string
		status               int
		code                 string
	}{
		{"GET", "/api/v1/external/nothing", "", 404, "not-found"},
		{"GET", "/api/v1/", "", 404, "not-found"},
		{"GET", "/api/v1/web/nothing", "", 404, "not-found"},
		{"POST", "/api/v3/external", "", 405, "method-not-allowed"},
		{"GET", "/api/v1/external/widgets/call", "", 405, "method-not-allowed"},
		{"DELETE", "/api/v1/external/calls/1", "", 405, "method-not-allowed"},
		{"POST", "/api/v1/external/calls/history", "", 405, "method-not-allowed"},
		{"POST", "/api/v1/external/widgets/call", "{", 422, "invalid-json"},
		{"POST", "/api/v1/external/widgets/call", "{}", 422, "validation-failed"},
		{"POST", "/api/v1/external/widgets/call", strings.Repeat(" ", 1<<20) + "{}", 413, "request-too-large"},
	} {
		a := p.send(tt.method, tt.target, tt.body)
		if a.status != tt.status || a.doc.ErrorCode != tt.code {
			t.Errorf("%s %s: %d %s; want %d %s", tt.method, tt.target, a.status, a.body, tt.status, tt.code)
		}
	}
	if err := p.closeStore(); err != nil { // the database is gone
		t.Fatal(err)
	}
	for _, target := range []string{"calls/history", "calls/1"} {
		if a := p.send("GET", v1+target, ""); a.status < 500 || strings.Contains(a.body, "sql") {
			t.Errorf("without a database: %d %s", a.status, a.body)
		}
	}
	if a := p.post("widgets/call", `{"id":1,"tel":"600100200"}`); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("an order without a database: %d %s", a.status, a.body)
	}
}

func TestE15_SlashAndHead(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	if a := p.send("GET", v1+"calls/history/", ""); a.status != 200 {
		t.Errorf("a slash: %d %s", a.status, a.body)
	}
	if a := p.send("POST", v1+"widgets/create/", `{"url":"https://a.pl"}`); a.status != 200 {
		t.Errorf("a slash after a POST: %d %s", a.status, a.body)
	}
	server := httptest.NewServer(p.handler)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, server.URL+"/api/v3/external/calls/history", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", p.ada.Key)
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || answer.ContentLength <= 0 {
		t.Errorf("HEAD: %d, %d bytes", answer.StatusCode, answer.ContentLength)
	}
}

func TestR16_ThePreflightNeedsNoKey(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	r := httptest.NewRequest(http.MethodOptions, v1+"widgets/call", nil)
	r.Header.Set("Origin", "https://a.pl")
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	if w.Code != 204 || w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if a := p.send("GET", v1, "", "Authorization", "bad", "Origin", "https://a.pl"); a.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("a failure cannot be read: %v", a.header)
	}
}

func TestE10_PrettyOutput(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for _, tt := range []struct{ method, target, body string }{
		{"GET", "calls/history?pretty_output=1", ""},
		{"GET", "calls/999?pretty_output=1", ""},
		{"POST", "widgets/create?pretty_output=true", `{"url":"https://a.pl"}`},
	} {
		if a := p.send(tt.method, v1+tt.target, tt.body); !strings.HasPrefix(a.body, "{\n    \"hasError\": ") {
			t.Errorf("%s: %s", tt.target, a.body)
		}
	}
	if a := p.send("GET", v1+"calls/history?pretty_output=0", ""); strings.Contains(a.body, "\n") {
		t.Errorf("unasked: %s", a.body)
	}
}

func TestE16_TheLimitIsTold(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	a := p.send("GET", v1, "")
	if a.header.Get("X-RateLimit-Limit") != "600" || a.header.Get("X-RateLimit-Remaining") != "599" {
		t.Errorf("%v", a.header)
	}
}

// TestR4_AnOrderInEveryForm sends the same order in each form that clients use.
func TestR4_AnOrderInEveryForm(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	var public string
	p.write(func(tx *store.Tx) error {
		w, err := tx.Widget(p.ada.Account.ID, widget)
		public = w.PublicID
		return err
	})
	n := 0
	tel := func() string { n++; return fmt.Sprintf("+48 600 100 %03d", n) }
	parts := func() (string, string) {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		_ = w.WriteField("id", fmt.Sprint(widget))
		_ = w.WriteField("tel", tel())
		w.Close()
		return b.String(), w.FormDataContentType()
	}
	body, kind := parts()
	for name, tt := range map[string]struct{ target, body, kind string }{
		"JSON":                        {"", fmt.Sprintf(`{"id":%d,"tel":%q}`, widget, tel()), "application/json"},
		"texts (R7)":                  {"", fmt.Sprintf(`{"id":"%d","tel":%q,"department_id":"0","manager_id":null}`, widget, tel()), "application/json"},
		"JSON as a form":              {"", fmt.Sprintf(`{"id":%d,"tel":%q}`, widget, tel()), "application/x-www-form-urlencoded"},
		"a form":                      {"", url.Values{"id": {fmt.Sprint(widget)}, "tel": {tel()}}.Encode(), "application/x-www-form-urlencoded"},
		"a form, the plus as it is":   {"", fmt.Sprintf("id=%d&tel=%s", widget, strings.ReplaceAll(tel(), " ", "")), "application/x-www-form-urlencoded"},
		"multipart":                   {"", body, kind},
		"the query (E13)":             {"?" + url.Values{"id": {fmt.Sprint(widget)}, "tel": {tel()}}.Encode(), "", ""},
		"query and body":              {fmt.Sprintf("?id=%d&tel=nonsense", widget), fmt.Sprintf(`{"tel":%q}`, tel()), "application/json"},
		"widget_id (R15)":             {"", fmt.Sprintf(`{"widget_id":%d,"tel":%q}`, widget, tel()), ""},
		"encrypted_id":                {"", fmt.Sprintf(`{"encrypted_id":%q,"tel":%q}`, public, tel()), ""},
		"the encrypted id as id (W1)": {"", fmt.Sprintf(`{"id":%q,"tel":%q}`, public, tel()), ""},
		"a number for tel":            {"", fmt.Sprintf(`{"id":%d,"tel":48600200300}`, widget), ""},
		"stray parameters (R5)":       {"?foo=1", fmt.Sprintf(`{"id":%d,"tel":%q,"url":{"x":1},"foo":[{}]}`, widget, tel()), ""},
	} {
		a := p.send("POST", v1+"widgets/call"+tt.target, tt.body, "Content-Type", tt.kind)
		if a.status != 200 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if got, want := p.count(), 13; got != want {
		t.Errorf("%d calls, want %d", got, want)
	}
}

func TestU1_UsersAreCheckedFieldByField(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	a := p.post("users/create", `{"email":"nonsense","role":"owner"}`)
	for _, field := range []string{"name", "tel", "email", "role"} { // row E3
		if len(a.doc.Errors[field]) != 1 {
			t.Errorf("%s is not named: %s", field, a.body)
		}
	}
	if a.status != 422 || *a.doc.Message != "The name field is required." {
		t.Errorf("%d %s", a.status, a.body)
	}
	for body, code := range map[string]string{
		`{"name":"x","tel":"hello"}`:                                    "invalid-phone-number",
		`{"name":"x","tel":"+49 1512 3456789"}`:                         "forbidden-country",
		`{"name":"x","tel":"+48 701 234 567"}`:                          "blacklisted-phone-number",
		`{"name":"x","tel":"888888888","email":"ADA@example.com"}`:      "email-taken",
		`{"name":"x","tel":"888888888","role":"owner"}`:                 "validation-failed", // row U3
		`{"name":"` + strings.Repeat("x", 256) + `","tel":"888888888"}`: "validation-failed",
	} {
		if a := p.post("users/create", body); a.status != 422 || a.doc.ErrorCode != code {
			t.Errorf("%.60s: %d %s, want %s", body, a.status, a.body, code)
		}
	}
	if id := p.id("users/create", `{"name":"Ann","tel":"888 888 888","email":null,"role":"admin","tel_extension":"12"}`); id == 0 { // rows U2 and U10
		t.Error("no user")
	}
}

func TestW19_BusinessTimesMustFitTheUsers(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	ann, ben := p.id("users/create", `{"name":"Ann","tel":"888888888"}`), p.id("users/create", `{"name":"Ben","tel":"888888888"}`)
	users := fmt.Sprintf(`"id":%d,"user_id":[%d,%d]`, widget, ann, ben)
	for body, status := range map[string]int{
		`{` + users + `}`:                                                  200,
		`{` + users + `,"business_times":null}`:                            200,
		`{` + users + `,"business_times":[]}`:                              200,
		`{` + users + `,"business_times":` + always + `}`:                  200,
		`{` + users + `,"business_times":[` + always + `,` + always + `]}`: 200,
		`{` + users + `,"business_times":[` + always + `]}`:                422,
		`{` + users + `,"business_times":"always"}`:                        422,
		fmt.Sprintf(`{"id":%d,"user_id":%d}`, widget, ann):                 200,
		fmt.Sprintf(`{"id":%d,"user_id":"%d,%d"}`, widget, ann, ben):       200,
		fmt.Sprintf(`{"id":%d}`, widget):                                   422,
		fmt.Sprintf(`{"id":%d,"user_id":[]}`, widget):                      422,
		fmt.Sprintf(`{"id":%d,"user_id":"x"}`, widget):                     422,
		fmt.Sprintf(`{"id":%d,"user_id":[%d,999]}`, widget, ann):           404,
		fmt.Sprintf(`{"id":999,"user_id":%d}`, ann):                        404,
		fmt.Sprintf(`{"id":%d,"user_id":%d}`, widget, p.eve.Owner.ID):      404,
	} {
		if a := p.post("widgets/add-users", body); a.status != status {
			t.Errorf("%.100s: %d %s, want %d", body, a.status, a.body, status)
		}
	}
	form := fmt.Sprintf("id=%d&user_id[]=%d&business_times[0][day_of_week]=1&business_times[0][enabled]=1&business_times[0][start_time]=08:00&business_times[0][end_time]=16:00", widget, ann)
	if a := p.send("POST", v1+"widgets/add-users", form); a.status != 200 {
		t.Errorf("a form: %d %s", a.status, a.body)
	}
	p.write(func(tx *store.Tx) error {
		managers, err := tx.Managers(p.ada.Account.ID, widget)
		for _, m := range managers {
			if m.UserID == ann && (m.Hours[1].Start != 8*3600 || m.Hours[0].Start != 0 || !m.Hours[0].Enabled) { // row M3
				t.Errorf("hours %v", m.Hours)
			}
		}
		return err
	})
}

func TestW2_SettingsOfANewWidget(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for _, body := range []string{
		`{"url":"https://a.pl","settings":{"call.algorithm":"findme"}}`, `{"url":"https://a.pl","settings":{"call":{"algorithm":"findme"}}}`,
		`{"url":"https://a.pl","settings":[{"key":"call.algorithm","value":"findme"}]}`, `url=https://a.pl&settings[call.algorithm]=findme`,
	} {
		a := p.send("POST", v1+"widgets/create", body)
		id, _ := a.doc.Data.(map[string]any)["id"].(float64)
		p.write(func(tx *store.Tx) error {
			w, err := tx.Widget(p.ada.Account.ID, int64(id))
			if !w.Settings.RingInTurn() {
				t.Errorf("%s: %v", body, w.Settings)
			}
			return err
		})
	}
	a := p.post("widgets/create", `{"url":"https://a.pl","settings":{"countdown":60}}`)
	if a.status != 422 || a.doc.Errors["countdown"] == nil {
		t.Errorf("row W8: %d %s", a.status, a.body)
	}
	if a := p.post("widgets/create", `{"description":"no address"}`); a.status != 422 || a.doc.Errors["url"] == nil {
		t.Errorf("no url: %d %s", a.status, a.body)
	}
}

// FuzzCall looks for an order that is answered with anything but the envelope, or by an error of ours.
func FuzzCall(f *testing.F) {
	for _, seed := range []string{
		`{"id":1,"tel":"+48 888 888 888"}`, `id=1&tel=+48600100200`, `{"id":"x","tel":{}}`, `{"id":1,"tel":"\u0000"}`, `{"id":1e400,"tel":1}`,
		`{"id":1,"tel":"600100200","ref_id":"\ud800","url":"\u0000"}`, "id[]=1&tel[a]=b", "[", "{\"id\":1,\"tel\":\"6\x00\xff\"}",
	} {
		f.Add(seed)
	}
	p := newPlace(f)
	p.ada = p.found("free", true) // a thousand requests in a minute are a good start
	f.Fuzz(func(t *testing.T, body string) {
		p.t = t
		for _, path := range []string{"widgets/call", "users/create", "widgets/create", "widgets/add-users"} {
			if a := p.send("POST", v1+path, body); a.status >= 500 {
				t.Errorf("%s %q: %d %s", path, body, a.status, a.body)
			}
		}
		if a := p.send("GET", v1+"calls/history?"+url.PathEscape(body), ""); a.status >= 500 {
			t.Errorf("history %q: %d %s", body, a.status, a.body)
		}
	})
}
