package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
)

func TestR7_NumbersAndBooleansInAnySpelling(t *testing.T) {
	t.Parallel()
	for _, spelled := range []string{`3`, `"3"`, `3.0`, `" 3"`, `"3.0"`, `3e0`} {
		got, err := read(t, request("POST", "/", "", `{"id":`+spelled+`}`))
		if err != nil || got.ID != 3 {
			t.Errorf("%s is read as %d, %v", spelled, got.ID, err)
		}
	}
	for _, spelled := range []string{`3.5`, `"x"`, `"3x"`, `true`, `{}`, `[[]]`, `1e300`, `99999999999999999999`, `"0x3"`, `"٣"`} {
		got, err := read(t, request("POST", "/", "", `{"id":`+spelled+`}`))
		if ringback.KindOf(err) != ringback.Invalid {
			t.Errorf("%s is read as %d, %v", spelled, got.ID, err)
		}
	}
	for spelled, want := range map[string]bool{ // row E14
		`true`: true, `false`: false, `1`: true, `0`: false, `"1"`: true, `"0"`: false, `"true"`: true, `"false"`: false,
		`"on"`: true, `"off"`: false, `"yes"`: true, `"no"`: false, `"TRUE"`: true,
	} {
		got, err := read(t, request("POST", "/", "", `{"maybe":`+spelled+`}`))
		if err != nil || got.Maybe == nil || *got.Maybe != want {
			t.Errorf("%s is read as %v, %v", spelled, got.Maybe, err)
		}
	}
	for _, spelled := range []string{`2`, `"maybe"`, `[]`, `{}`, `-1`} {
		if got, err := read(t, request("POST", "/", "", `{"maybe":`+spelled+`}`)); ringback.KindOf(err) != ringback.Invalid {
			t.Errorf("%s is read as %v, %v", spelled, got.Maybe, err)
		}
	}
}

func TestR8_ListsInAnySpelling(t *testing.T) {
	t.Parallel()
	for _, r := range []*http.Request{
		request("GET", "/?ids[]=1&ids[]=2", "", ""),
		request("GET", "/?ids%5B%5D=1&ids%5B%5D=2", "", ""),
		request("GET", "/?ids[0]=1&ids[1]=2", "", ""),
		request("GET", "/?ids[1]=2&ids[0]=1", "", ""),
		request("GET", "/?ids[][]=1&ids[][]=2", "", ""),
		request("GET", "/?ids=1&ids=2", "", ""),
		request("GET", "/?ids=1,2", "", ""),
		request("GET", "/?ids=1%2C%202", "", ""),
		request("GET", "/?ids[]=1,2", "", ""),
		request("GET", "/?ids[7]=1&ids[]=2", "", ""),
		request("POST", "/", "", `{"ids":[1,2]}`),
		request("POST", "/", "", `{"ids":["1","2"]}`),
		request("POST", "/", "", `{"ids":[[1],[2]]}`),
		request("POST", "/", "", `{"ids":"1,2"}`),
		request("POST", "/", "", `{"ids":[1,null,2]}`),
		request("POST", "/", "application/x-www-form-urlencoded", "ids[]=1&ids[]=2"),
	} {
		got, err := read(t, r)
		if err != nil || !slices.Equal(got.IDs, []int64{1, 2}) {
			t.Errorf("%s: %v, %v", r.URL, got.IDs, err)
		}
	}
	for _, r := range []*http.Request{ // a scalar where a list is documented
		request("GET", "/?ids=7", "", ""), request("POST", "/", "", `{"ids":7}`), request("POST", "/", "", `{"ids":"7"}`),
	} {
		if got, err := read(t, r); err != nil || !slices.Equal(got.IDs, []int64{7}) {
			t.Errorf("%s: %v, %v", r.URL, got.IDs, err)
		}
	}
	if got, err := read(t, request("GET", "/?ids[]=1&ids[]=x", "", "")); ringback.KindOf(err) != ringback.Invalid {
		t.Errorf("nonsense in a list: %v, %v", got.IDs, err)
	}
	if got, err := read(t, request("GET", "/?loose[]=1&loose[]=x", "", "")); err != nil || !slices.Equal(got.Loose, []int64{1, Nothing}) {
		t.Errorf("nonsense in a loose list: %v, %v", got.Loose, err)
	}
	if got, err := read(t, request("POST", "/", "", `{"ids":[`+strings.Repeat("1,", 1000)+`1]}`)); ringback.KindOf(err) != ringback.Invalid {
		t.Errorf("a very long list: %d, %v", len(got.IDs), err)
	}
}

func TestR9_DatesInAnySpelling(t *testing.T) {
	t.Parallel()
	second := time.Date(2017, 10, 28, 21, 59, 59, 0, time.UTC)
	for _, tt := range []struct {
		text     string
		from, to time.Time
	}{
		{`1509227999`, second, second.Add(999 * time.Millisecond)},
		{`"1509227999"`, second, second.Add(999 * time.Millisecond)},
		{`1509227999000`, second, second},
		{`1509227999123`, second.Add(123 * time.Millisecond), second.Add(123 * time.Millisecond)},
		{`1509227999.5`, second.Add(500 * time.Millisecond), second.Add(500 * time.Millisecond)},
		{`"2017-10-28T21:59:59Z"`, second, second.Add(999 * time.Millisecond)},
		{`"2017-10-28T23:59:59+02:00"`, second, second.Add(999 * time.Millisecond)},
		{`"2017-10-28 21:59:59"`, second, second.Add(999 * time.Millisecond)},
		{`"2017-10-28T21:59:59.250Z"`, second.Add(250 * time.Millisecond), second.Add(250 * time.Millisecond)},
		{`"2017-10-28T21:59"`, second.Truncate(time.Minute), second.Add(999 * time.Millisecond)},
		{`"2017-10-28"`, time.Date(2017, 10, 28, 0, 0, 0, 0, time.UTC), time.Date(2017, 10, 28, 23, 59, 59, 999e6, time.UTC)},
		{`99999999999`, time.Unix(99999999999, 0).UTC(), time.Unix(99999999999, 999e6).UTC()},
		{`100000000000`, time.UnixMilli(100000000000).UTC(), time.UnixMilli(100000000000).UTC()},
		{`0`, time.Unix(0, 0).UTC(), time.Unix(0, 999e6).UTC()},
	} {
		got, err := read(t, request("POST", "/", "", `{"from":`+tt.text+`,"to":`+tt.text+`}`))
		if err != nil || !got.From.Equal(tt.from) || !got.To.Equal(tt.to) {
			t.Errorf("%s: from %v to %v, %v; want from %v to %v", tt.text, got.From, got.To, err, tt.from, tt.to)
		}
	}
	for _, text := range []string{`"yesterday"`, `1e20`, `"NaN"`, `"2017-13-01"`, `true`, `"Infinity"`, `{}`} {
		if got, err := read(t, request("POST", "/", "", `{"from":`+text+`}`)); ringback.KindOf(err) != ringback.Invalid {
			t.Errorf("%s is read as %v, %v", text, got.From, err)
		}
	}
}

func TestRulesAreKept(t *testing.T) {
	t.Parallel()
	for body, field := range map[string]string{
		`{"role":"owner"}`: "role", `{"count":0}`: "count", `{"count":10}`: "count", `{"email":"x"}`: "email", `{"email":"a@b"}`: "email",
		`{"email":"A <a@b.pl>"}`: "email", `{"email":"a@b.pl, c@d.pl"}`: "email", `{"email":"a b@c.pl"}`: "email",
		`{"name":"ąąąąąąąąąąą"}`: "name", `{"name":true}`: "name", `{"name":{}}`: "name", `{"words":[true]}`: "words",
	} {
		_, err := read(t, request("POST", "/", "", body))
		if e, ok := errors.AsType[*ringback.Error](err); !ok || e.Field != field || e.Code != ringback.CodeInvalid {
			t.Errorf("%s: %v, want one about %s", body, err, field)
		}
	}
	for _, body := range []string{
		`{"role":"admin"}`, `{"role":""}`, `{"count":9}`, `{"email":"a.b+c@d-e.co.uk"}`, `{"email":""}`, `{"name":"ąąąąąąąąąą"}`,
	} {
		if _, err := read(t, request("POST", "/", "", body)); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
	got, err := read(t, request("POST", "/", "", `{"page":"żółwie"}`))
	if err != nil || got.Page != "żółwi" {
		t.Errorf("cut: %q, %v", got.Page, err)
	}
	if got, err = read(t, request("POST", "/", "", `{"page":{"x":1}}`)); err != nil || got.Page != "" {
		t.Errorf("loose: %q, %v", got.Page, err)
	}
}
