package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ringback-hq/ringback"
)

// everything has a field of every kind.
type everything struct {
	ID      int64     `in:"id,widget_id"`
	Name    string    `in:"name" rule:"max=10"`
	Tel     string    `in:"tel" rule:"raw"`
	On      bool      `in:"on"`
	Maybe   *bool     `in:"maybe"`
	Count   *int      `in:"count" rule:"min=1,max=9"`
	IDs     []int64   `in:"ids"`
	Words   []string  `in:"words"`
	Loose   []int64   `in:"loose" rule:"loose"`
	Page    string    `in:"page" rule:"loose,cut=5"`
	Role    string    `in:"role" rule:"oneof=admin manager"`
	Email   string    `in:"email" rule:"email"`
	From    time.Time `in:"from"`
	To      time.Time `in:"to" rule:"until"`
	Any     any       `in:"any"`
	Ignored string
}

func request(method, target, contentType, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func read(t *testing.T, r *http.Request) (everything, error) {
	t.Helper()
	tree, err := ReadTree(r)
	if err != nil {
		return everything{}, err
	}
	var in everything
	return in, tree.Into(&in)
}

func TestR4_EveryFormOfABodyIsRead(t *testing.T) {
	t.Parallel()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for name, value := range map[string]string{"id": "3", "name": "Ann", "on": "1"} {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	file, err := w.CreateFormFile("tel", "tel.txt")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(file, "a file is left aside")
	w.Close()

	const doc = `{"id":3,"name":"Ann","on":true}`
	want := everything{ID: 3, Name: "Ann", On: true}
	for name, r := range map[string]*http.Request{
		"JSON":                             request("POST", "/", "application/json", doc),
		"JSON with a charset":              request("POST", "/", "application/json; charset=utf-8", doc),
		"JSON of a vendor":                 request("POST", "/", "application/vnd.api+json", doc),
		"JSON that says it is a form":      request("POST", "/", "application/x-www-form-urlencoded", doc),
		"JSON that says it is text":        request("POST", "/", "text/plain", "\n "+doc),
		"JSON that says nothing":           request("POST", "/", "", doc),
		"JSON with a byte order mark":      request("POST", "/", "application/json", "\ufeff"+doc),
		"JSON with a broken content type":  request("POST", "/", ";;;", doc),
		"a form":                           request("POST", "/", "application/x-www-form-urlencoded", "id=3&name=Ann&on=1"),
		"a form that says nothing":         request("POST", "/", "", "id=3&name=Ann&on=1\r\n"),
		"multipart":                        request("POST", "/", w.FormDataContentType(), form.String()),
		"the query of a POST":              request("POST", "/?id=3&name=Ann&on=1", "", ""),
		"the query and an empty JSON body": request("POST", "/?id=3&name=Ann&on=1", "application/json", ""),
		"the query and PHP's empty object": request("POST", "/?id=3&name=Ann&on=1", "application/json", "[]"),
		"the query and null":               request("POST", "/?id=3&name=Ann&on=1", "application/json", "null"),
		"the query of a GET":               request("GET", "/?id=3&name=Ann&on=1", "", ""),
		"query and body: the body wins":    request("POST", "/?id=9&name=Bob&on=1", "", `{"id":3,"name":"Ann"}`),
		"stray parameters (R5)":            request("POST", "/?url=https://x", "", `{"id":3,"name":"Ann","on":1,"x":{"y":[1]},"Ignored":"x"}`),
		"an alias":                         request("POST", "/", "", `{"widget_id":3,"name":"Ann","on":"yes"}`),
		"the stronger name wins":           request("POST", "/", "", `{"widget_id":4,"id":3,"name":"Ann","on":"on"}`),
		"null is absent (R6)":              request("POST", "/", "", `{"id":null,"widget_id":3,"name":"Ann","on":1,"count":null,"maybe":null}`),
		"empty is absent":                  request("POST", "/?count=&maybe=&from=", "", `{"id":3,"name":"Ann","on":1}`),
		"spaces around are dropped":        request("POST", "/", "", `{"id":" 3 ","name":" Ann\n","on":" true "}`),
		"the last of several wins":         request("GET", "/?id=1&id=3&name=Bob&name=Ann&on=0&on=1", "", ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(t, r)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestC2_ALeadingSpaceSurvives(t *testing.T) {
	t.Parallel()
	got, err := read(t, request("GET", "/?tel=+48123123123", "", ""))
	if err != nil || got.Tel != " 48123123123" {
		t.Errorf("%q, %v", got.Tel, err)
	}
	got, err = read(t, request("POST", "/", "", `{"tel":48123123123}`))
	if err != nil || got.Tel != "48123123123" {
		t.Errorf("a number: %q, %v", got.Tel, err)
	}
}

func TestW2_DottedKeysStayWhole(t *testing.T) {
	t.Parallel()
	want := map[string]any{"call.algorithm": "findme", "a": []any{"x", "y"}, "b": map[string]any{"c": "d"}}
	got, err := read(t, request("POST", "/", "", "any[call.algorithm]=findme&any[a][]=x&any[a][]=y&any[b][c]=d"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(any(want), got.Any); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPHPListsOfObjects(t *testing.T) {
	t.Parallel()
	want := []any{
		[]any{map[string]any{"day": "0", "on": "0"}, map[string]any{"day": "1", "on": "1"}},
		[]any{map[string]any{"day": "6", "on": "0"}},
	}
	got, err := read(t, request("POST", "/", "", "any[0][0][day]=0&any[0][0][on]=0&any[0][1][day]=1&any[0][1][on]=1&any[1][0][day]=6&any[1][0][on]=0"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(any(want), got.Any); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestE12_BrokenJSONSaysWhere(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"{\n  \"id\": 1,\n  \"tel\": \"+48 888 888 888\"\n  \"department_id\": 1\n}": "line 4, column 3", // the sample of call-or-schedule
		"{\n    \"user_id\": 3,\n    \"widget_id\": 3,\n}":                           "line 4, column 1", // the sample of managers/delete
		`{"id": 1`:    "line 1, column 9",
		`{"id": 1}}`:  "line 1, column 10",
		`{"id": 1} x`: "line 1, column 11",
		`{id: 1}`:     "line 1, column 2",
		`{'id': 1}`:   "line 1, column 2",
		`["x"`:        "line 1, column 5",
	} {
		_, err := read(t, request("POST", "/", "application/json", body))
		e, ok := errors.AsType[*ringback.Error](err)
		if !ok || e.Code != ringback.CodeInvalidJSON || !strings.HasSuffix(e.Detail, "at "+want+".") {
			t.Errorf("%q: %v, want %s", body, err, want)
		}
	}
	for _, body := range []string{`[1]`, `"x"`, `1`, `true`} {
		_, err := read(t, request("POST", "/", "application/json", body))
		if e, ok := errors.AsType[*ringback.Error](err); !ok || e.Code != ringback.CodeInvalid {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestBodiesAreLimited(t *testing.T) {
	t.Parallel()
	for body, code := range map[string]string{
		`{"name":"` + strings.Repeat("x", MaxBody) + `"}`: ringback.CodeTooLarge,
		strings.Repeat("a=1&", maxPairs) + "a=1":          ringback.CodeInvalid,
		`{"name":"12345678901"}`:                          ringback.CodeInvalid,
		`{"name":"\u0000"}`:                               ringback.CodeInvalid,
		`{"any":` + strings.Repeat("[", 100_000) + `}`:    ringback.CodeInvalidJSON,
	} {
		_, err := read(t, request("POST", "/", "", body))
		if e, ok := errors.AsType[*ringback.Error](err); !ok || e.Code != code {
			t.Errorf("%.20q...: %v, want %s", body, err, code)
		}
	}
	if _, err := read(t, request("POST", "/", "multipart/form-data; boundary=x", "--x\r\nrubbish")); ringback.KindOf(err) != ringback.Invalid {
		t.Errorf("broken multipart: %v", err)
	}
	if _, err := read(t, request("POST", "/", "multipart/form-data", "--x\r\nrubbish")); ringback.KindOf(err) != ringback.Invalid {
		t.Errorf("multipart without a boundary: %v", err)
	}
	if got, err := read(t, request("POST", "/", "", "name=%00%ff")); ringback.KindOf(err) != ringback.Invalid {
		t.Errorf("broken text: %q, %v", got.Name, err)
	}
	if got, err := read(t, request("POST", "/", "", "name=100%")); err != nil || got.Name != "100%" {
		t.Errorf("broken escape: %q, %v", got.Name, err)
	}
}

func TestRequiredFieldsAreAllNamed(t *testing.T) {
	t.Parallel()
	type order struct {
		ID  int64   `in:"id,widget_id" rule:"required"`
		Tel string  `in:"tel" rule:"required,raw"`
		IDs []int64 `in:"ids" rule:"required"`
	}
	for _, body := range []string{`{}`, `{"id":null,"tel":null,"ids":null}`, `{"id":"","tel":"","ids":""}`, `{"ids":[]}`, `{"ids":","}`} {
		tree, err := ReadTree(request("POST", "/", "", body))
		if err != nil {
			t.Fatal(err)
		}
		f := failureOf(tree.Into(&order{}))
		got := slices.Sorted(maps.Keys(f.Fields))
		if diff := cmp.Diff([]string{"id", "ids", "tel"}, got); diff != "" || f.Detail != "The id field is required." {
			t.Errorf("%s: %q, %s", body, f.Detail, diff)
		}
	}
}

func TestWhatThePathCannotMeanDoesNotExist(t *testing.T) {
	t.Parallel()
	type named struct {
		ID int64 `in:"id" rule:"path=call"`
	}
	for id, want := range map[string]ringback.Kind{"7": -1, "x": ringback.NotFound, "7x": ringback.NotFound, "99999999999999999999": ringback.NotFound} {
		r := request("GET", "/calls/"+id+"?id=9", "", "")
		r.Pattern = "/calls/{id}"
		r.SetPathValue("id", id)
		tree, err := ReadTree(r)
		if err != nil {
			t.Fatal(err)
		}
		var in named
		err = tree.Into(&in)
		if want == -1 {
			if err != nil || in.ID != 7 {
				t.Errorf("%s: %d, %v", id, in.ID, err)
			}
		} else if ringback.KindOf(err) != want {
			t.Errorf("%s: %d, %v", id, in.ID, err)
		}
	}
}

func TestAMisspeltRuleIsAnError(t *testing.T) {
	t.Parallel()
	type wrong struct {
		ID int64 `in:"id" rule:"requierd"`
	}
	if err := (Tree{}).Into(&wrong{}); err == nil {
		t.Error("nobody noticed")
	}
}

// TestE13_AllEncodingsMeanTheSame sends the same values as JSON, form, multipart and query.
func TestE13_AllEncodingsMeanTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Int64Range(-1<<53+1, 1<<53-1).Draw(t, "id")
		name := rapid.StringOfN(rapid.RuneFrom([]rune("aż&=+%[]\"<>/ ;")), 0, 10, -1).Draw(t, "name")
		on := rapid.Bool().Draw(t, "on")
		ids := rapid.SliceOfN(rapid.Int64Range(0, 1<<40), 1, 5).Draw(t, "ids")

		doc, err := json.Marshal(map[string]any{"id": id, "name": name, "on": on, "ids": ids})
		if err != nil {
			t.Fatal(err)
		}
		form := url.Values{"id": {fmt.Sprint(id)}, "name": {name}, "on": {fmt.Sprint(on)}}
		var parts bytes.Buffer
		w := multipart.NewWriter(&parts)
		for key, values := range form {
			_ = w.WriteField(key, values[0])
		}
		for _, each := range ids {
			form.Add("ids[]", fmt.Sprint(each))
			_ = w.WriteField("ids[]", fmt.Sprint(each))
		}
		_ = w.Close()
		var got []everything
		for _, r := range []*http.Request{
			request("POST", "/", "application/json", string(doc)),
			request("POST", "/", "application/x-www-form-urlencoded", form.Encode()),
			request("POST", "/", w.FormDataContentType(), parts.String()),
			request("POST", "/?"+form.Encode(), "", ""),
		} {
			tree, err := ReadTree(r)
			if err != nil {
				t.Fatal(err)
			}
			var in everything
			if err := tree.Into(&in); err != nil {
				t.Fatal(err)
			}
			got = append(got, in)
		}
		want := everything{ID: id, Name: strings.TrimSpace(name), On: on, IDs: ids}
		for i, in := range got {
			if diff := cmp.Diff(want, in); diff != "" {
				t.Errorf("encoding %d: -want +got:\n%s", i, diff)
			}
		}
	})
}

// FuzzBind looks for a request that is neither read nor refused in words that its sender may read.
func FuzzBind(f *testing.F) {
	for _, seed := range [][3]string{
		{"", "application/json", `{"id":1,"tel":"+48 888 888 888","ids":[1,"2",[3]],"on":0,"from":1509227999}`},
		{"ids[]=1&ids[]=2&any[a.b][]=c&id=3", "", ""},
		{"id=1", "application/x-www-form-urlencoded", "any[0][0][x]=1&any[][y]=2&any[x][[]]]=3&ids=1,2,,x"},
		{"", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\n3\r\n--b--\r\n"},
		{"&&=&%&a%5B%5D=%zz", "text/plain", "\ufeff[]"},
		{"", "application/json", `{"a":{"b":{"c":[{}]}},"on":"maybe","to":"2017-10-28T21:59:59Z"} trailing`},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, query, contentType, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", contentType)
		tree, err := ReadTree(r)
		if err == nil {
			_ = tree.Hash()
			var in everything
			err = tree.Into(&in)
		}
		if f := failureOf(err); err != nil && f.Status != 422 && f.Status != 413 {
			t.Errorf("%q %q %q: %+v", query, contentType, body, f)
		}
	})
}
