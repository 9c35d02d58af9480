package openapi

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/web"
)

type parcelQuery struct {
	ID     int64     `in:"id" rule:"path=parcel"`
	Tel    string    `in:"tel,phone_number" rule:"required,max=20"`
	Role   *string   `in:"role" rule:"oneof=admin manager"`
	Email  string    `in:"email" rule:"email,cut=30"`
	Limit  int       `in:"limit" rule:"min=1,max=9"`
	From   time.Time `in:"date_from"`
	Groups []int64   `in:"tag_ids"`
	Hidden bool      `in:"display_hidden" rule:"loose"`
	More   any       `in:"settings"`
}

type nothing struct{}

func (nothing) MarshalJSON() ([]byte, error) { return []byte("[]"), nil }
func (nothing) Forms() []any                 { return []any{[0]int{}} }

type maybe[T any] struct{ Thing *T }

func (maybe[T]) Forms() []any { return []any{nothing{}, *new(T)} }

type stamped struct {
	At time.Time `json:"at"`
}

type parcel struct {
	stamped
	ID     int64          `json:"id"`
	Name   *string        `json:"name"`
	Weight float64        `json:"weight,omitempty"`
	Tags   []string       `json:"tags"`
	Inner  maybe[stamped] `json:"inner"`
	Owner  *stamped       `json:"owner"`
	Any    any            `json:"any" type:"string,null"`
	By     map[string]int `json:"by"`
	hidden int
}

func sent(context.Context, ringback.Actor, parcelQuery) (parcel, error) {
	return parcel{hidden: 1}, nil
}

func parcels() API {
	return API{
		Title: "Parcels <script>", Version: "1.2.3", About: "One.\n\nTwo & more.", Servers: []string{"/api/v9"}, Address: "/p.json",
		FailureKind: "application/json", Failure: stamped{},
		Routes: []web.Route{
			{Method: "POST", Path: "parcels/{id}/send-off", Do: web.Do(sent), AnyOf: []ringback.Scope{"a", "b"}, Summary: "Send <one>."},
			{Method: "GET", Path: "parcels/{id}", Do: web.Do(sent), Summary: "Find."},
			{Method: "DELETE", Path: "parcels/{id}", Status: 204, Do: web.Do(sent), Summary: "Delete."},
		},
	}
}

// document returns a part of the document of an API, by the keys on the way to it.
func document(t *testing.T, a API, keys ...string) any {
	t.Helper()
	text, err := a.Document()
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		v = v.(map[string]any)[key]
	}
	return v
}

// parse reads JSON into what document returns.
func parse(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRulesBecomeSchemas(t *testing.T) {
	t.Parallel()
	path := []string{"paths", "/parcels/{id}/send-off", "post", "requestBody", "content", "application/json", "schema"}
	strict, wide := parcels(), parcels()
	wide.Liberal = true
	for name, want := range map[string][2]string{
		"tel":            {`{"type":"string","maxLength":20}`, `{"type":["string","number"],"maxLength":20}`},
		"role":           {`{"type":"string","maxLength":1000,"enum":["admin","manager"]}`, `{"type":["string","number","null"],"maxLength":1000,"enum":["admin","manager","",null]}`},
		"email":          {`{"type":"string","format":"email"}`, `{"type":["string","number","null"]}`},
		"limit":          {`{"type":"integer","format":"int64","minimum":1,"maximum":9}`, `{"type":["integer","string","null"],"minimum":1,"maximum":9}`},
		"date_from":      {`{"type":"string","format":"date-time"}`, `{"type":["string","number","null"]}`},
		"tag_ids":        {`{"type":"array","items":{"type":"integer","format":"int64"}}`, `{"type":["array","object","string","number","null"]}`},
		"display_hidden": {`{"type":"boolean"}`, `{}`},
		"settings":       {`{}`, `{}`},
	} {
		for i, a := range []API{strict, wide} {
			got := document(t, a, append(path, "properties", name)...).(map[string]any)
			delete(got, "description")
			if diff := cmp.Diff(parse(t, want[i]), any(got)); diff != "" {
				t.Errorf("%s, liberal %v: -want +got:\n%s", name, a.Liberal, diff)
			}
		}
	}
	if diff := cmp.Diff(parse(t, `["tel"]`), document(t, strict, append(path, "required")...)); diff != "" {
		t.Errorf("required: -want +got:\n%s", diff)
	}
	either := parse(t, `[{"anyOf":[{"required":["tel"]},{"required":["phone_number"]}]}]`)
	if diff := cmp.Diff(either, document(t, wide, append(path, "allOf")...)); diff != "" {
		t.Errorf("required under one of its names: -want +got:\n%s", diff)
	}
}

func TestTypesBecomeSchemas(t *testing.T) {
	t.Parallel()
	want := parse(t, `{
		"type": "object", "additionalProperties": false,
		"required": ["any", "at", "by", "id", "inner", "name", "owner", "tags"],
		"properties": {
			"any": {"anyOf": [{"type": "string"}, {"type": "null"}]},
			"at": {"type": "string", "format": "date-time"},
			"by": {"type": "object", "additionalProperties": {"type": "integer", "format": "int64"}},
			"id": {"type": "integer", "format": "int64", "description": "The id."},
			"inner": {"anyOf": [{"type": "array", "minItems": 0, "maxItems": 0}, {"$ref": "#/components/schemas/Stamped"}]},
			"name": {"type": ["string", "null"], "description": "A name."},
			"owner": {"anyOf": [{"$ref": "#/components/schemas/Stamped"}, {"type": "null"}]},
			"tags": {"type": "array", "items": {"type": "string"}},
			"weight": {"type": "number"}
		}}`)
	if diff := cmp.Diff(want, document(t, parcels(), "components", "schemas", "Parcel")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

type secretive struct{}

func (*secretive) MarshalJSON() ([]byte, error) { return []byte("1"), nil }

func TestWhatCannotBeDescribedIsAnError(t *testing.T) {
	t.Parallel()
	row := web.Route{Path: "x", Do: web.Do(func(context.Context, ringback.Actor, struct{}) (o secretive, err error) { return })}
	if _, err := (API{Servers: []string{"/"}, Failure: stamped{}, Routes: []web.Route{row}}).Document(); err == nil {
		t.Error("a type that writes itself was described")
	}
	row = web.Route{Path: "x/{parcel}", Do: web.Do(sent)}
	if _, err := (API{Servers: []string{"/"}, Failure: stamped{}, Routes: []web.Route{row}}).Document(); err == nil {
		t.Error("a name in the path that the input lacks was described")
	}
}

func TestThePageShowsEveryEndpointAndLoadsNothing(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	Page("https://ring.example", parcels()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/docs", nil))
	page := w.Body.String()
	for _, want := range []string{
		"Parcels &lt;script&gt;", "<p>Two &amp; more.</p>", "Send &lt;one&gt;.", "/api/v9/parcels/{id}/send-off",
		"Needs a key with the scope a or b.", "one of admin, manager", "at least 1, at most 9", "Also known as phone_number.",
		"curl &#39;https://ring.example/api/v9/parcels/1?tel=%2B48570934649&#39;", "204 No Content, without a body", `href="/p.json"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if found := regexp.MustCompile(`<script|<link|<img|<iframe|@import|url\(|<[^>]* on[a-z]+=|src=`).FindString(page); found != "" {
		t.Errorf("the page has %s", found)
	}
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(page)[1]
	sum := sha256.Sum256([]byte(style))
	policy := w.Header().Get("Content-Security-Policy")
	if want := "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, want) {
		t.Errorf("the policy %q does not know the style: want %s", policy, want)
	}
	if !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
}

func TestThePageCanBeReadAloudAndByKeyboard(t *testing.T) {
	t.Parallel()
	page, err := render("", []API{parcels()})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, id := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(string(page), -1) {
		if ids[id[1]] {
			t.Errorf("two elements are called %s", id[1])
		}
		ids[id[1]] = true
	}
	for _, name := range regexp.MustCompile(`(?:href="#|aria-labelledby=")([^"]+)"`).FindAllStringSubmatch(string(page), -1) {
		if !ids[name[1]] {
			t.Errorf("nothing is called %s", name[1])
		}
	}
	for _, box := range regexp.MustCompile(`<(?:pre|div class="wide")[^>]*>`).FindAllString(string(page), -1) {
		if !strings.Contains(box, `tabindex="0"`) || !strings.Contains(box, `role="region"`) || !strings.Contains(box, "aria-label=") {
			t.Errorf("%s scrolls, but not by keyboard, or has no name", box)
		}
	}
	for _, want := range []string{`lang="en"`, `<h1>`, `href="#main"`, `<nav aria-label=`, `scope="col"`, `scope="row"`} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

func TestASampleIsOneWordForTheShell(t *testing.T) {
	t.Parallel()
	if got, want := quote(`it's $HOME`), `'it'\''s $HOME'`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
