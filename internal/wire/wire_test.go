package wire

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback-hq/ringback"
)

func encoded(t *testing.T, v any) string {
	t.Helper()
	b, err := Encode(v, false)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestE1_AlwaysFourKeysInOrder(t *testing.T) {
	t.Parallel()
	for want, doc := range map[string]any{
		`{"hasError":false,"errorCode":0,"message":"","data":{"id":6}}`:                                        OK(ID{6}),
		`{"hasError":false,"errorCode":0,"message":"","data":{"id":6},"meta":[]}`:                              Get(ID{6}),
		`{"hasError":false,"errorCode":0,"message":"","data":[],"meta":{"offset":null,"limit":100,"count":0}}`: List([]ID{}, Paging{}.MetaV3(0)),
		`{"hasError":true,"errorCode":"not-found","message":"No.","data":[]}`:                                  Failure{HasError: true, ErrorCode: "not-found", Message: "No."},
		`{"hasError":true,"errorCode":"x","message":"No.","data":[],"errors":{"tel":["No."]}}`: Failure{
			HasError: true, ErrorCode: "x", Message: "No.", Errors: map[string][]string{"tel": {"No."}},
		},
	} {
		if got := encoded(t, doc); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestE8_NothingIsEscapedForHTML(t *testing.T) {
	t.Parallel()
	r := Record{Call: ringback.Call{Visit: ringback.Visit{URL: "https://a.pl/?x=1&y=<ż>"}}, WidgetDescription: `<b>"Ż" & /`}
	got := encoded(t, History(r, Style{Zone: time.UTC, International: func(n ringback.Number) string { return string(n) }}))
	for _, want := range []string{`"https://a.pl/?x=1&y=<ż>"`, `"<b>\"Ż\" & /"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
	if strings.Contains(got, `\u`) || strings.Contains(got, `\/`) {
		t.Errorf("escaped: %s", got)
	}
}

func TestE10_PrettyOutputIsIndentedByFour(t *testing.T) {
	t.Parallel()
	got, err := Encode(History(Record{}, Style{Zone: time.UTC, International: func(ringback.Number) string { return "" }}), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"{\n    \"data\": {\n        \"id\": 0,", "        \"call\": {\n            \"data\": []\n        },"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

func TestE6_MetaEchoesWhatWasGiven(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		p             Paging
		want          Meta
		limit, offset int
	}{
		{Paging{}, Meta{nil, 100, 7}, 100, 0},
		{Paging{GivenOffset: "1", GivenLimit: "2"}, Meta{"1", "2", 7}, 2, 1},
		{Paging{GivenOffset: "0", GivenLimit: "0"}, Meta{"0", 100, 7}, 100, 0}, // row E7
		{Paging{GivenOffset: "-1", GivenLimit: "-5"}, Meta{nil, 100, 7}, 100, 0},
		{Paging{GivenOffset: "x", GivenLimit: "x"}, Meta{nil, 100, 7}, 100, 0},
		{Paging{GivenLimit: "5000"}, Meta{nil, "5000", 7}, 1000, 0},
		{Paging{GivenLimit: "99999999999999999999", GivenOffset: "99999999999"}, Meta{"99999999999", 100, 7}, 100, 1 << 31},
	} {
		if diff := cmp.Diff(tt.want, tt.p.MetaV3(7)); diff != "" {
			t.Errorf("%+v: -want +got:\n%s", tt.p, diff)
		}
		if tt.p.Limit() != tt.limit || tt.p.Offset() != tt.offset {
			t.Errorf("%+v: limit %d, offset %d; want %d, %d", tt.p, tt.p.Limit(), tt.p.Offset(), tt.limit, tt.offset)
		}
	}
}

func TestW1_AWidgetIsNamedByEitherID(t *testing.T) {
	t.Parallel()
	const public = "8hQk_VGwTHvIkHn2vZmsWez6EGVbr_xEFyKPUeaU0AM"
	for ref, want := range map[WidgetRef]struct {
		id     int64
		public string
	}{
		"3": {3, ""}, " 3 ": {3, ""}, public: {0, public}, "0": {-1, ""}, "abc": {-1, ""}, public + "x": {-1, ""}, "3.5": {-1, ""},
		"99999999999999999999": {-1, ""},
	} {
		if id, key := ref.IDs(); id != want.id || key != want.public {
			t.Errorf("%q: %d, %q; want %d, %q", ref, id, key, want.id, want.public)
		}
	}
}

func TestC20_ScheduledSuccessNeedsBoth(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		booked bool
		status ringback.Status
		want   bool
	}{
		{true, ringback.StatusCompleted, true},
		{false, ringback.StatusCompleted, false},
		{true, ringback.StatusManagerFailed, false},
		{true, ringback.StatusScheduled, false},
	} {
		c := sampleCall(tt.status)
		if tt.booked {
			c.ScheduledAt = c.CreatedAt.Add(time.Hour)
		}
		got := History(Record{Call: c}, Style{Zone: time.UTC, International: spaced}).Data.ScheduledSuccess
		if got != tt.want {
			t.Errorf("booked %v, %s: %v", tt.booked, tt.status, got)
		}
	}
}

func TestC10_TimesAreThoseOfTheAccount(t *testing.T) {
	t.Parallel()
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	c := sampleCall(ringback.StatusCancelled)
	c.EndedAt = c.CreatedAt.Add(time.Minute)
	doc := History(Record{Call: c}, Style{Zone: tokyo, International: spaced}).Data
	if got, want := doc.CreatedAt, "2016-09-08 22:32:54"; got != want {
		t.Errorf("created_at %q, want %q", got, want)
	}
	if got, want := doc.CreatedAtISO, "2016-09-08T22:32:54+09:00"; got != want {
		t.Errorf("created_at_iso %q, want %q", got, want)
	}
	if got, want := *doc.CancelledAt, "2016-09-08 22:33:54"; got != want {
		t.Errorf("cancelled_at %q, want %q", got, want)
	}
	body, err := EventBody(ringback.EventCallNew, Happening{Call: c}, tokyo)
	if err != nil || !strings.Contains(string(body), `"created_at":"2016-09-08 22:32:54"`) {
		t.Errorf("the event: %s, %v", body, err)
	}
}

func TestH5_TheRequestIsNullWhereAProgramAsked(t *testing.T) {
	t.Parallel()
	c := sampleCall(ringback.StatusNew)
	body, err := EventBody(ringback.EventCallNew, Happening{Call: c}, time.UTC)
	if err != nil || !strings.Contains(string(body), `"request":null`) {
		t.Errorf("a program's call: %s, %v", body, err)
	}
	c.Visit = ringback.Visit{URL: "https://a.pl/x", IP: "192.0.2.1"}
	body, err = EventBody(ringback.EventCallNew, Happening{Call: c}, time.UTC)
	if err != nil || !strings.Contains(string(body), `"request":{"id":3419,"ip":"192.0.2.1","url":"https://a.pl/x","locale":null,`) {
		t.Errorf("a visitor's call: %s, %v", body, err)
	}
}

// In a "ba" call the visitor is dialled first, and is still _b: a and b are persons.
func TestH7_TheManagerIsAlwaysA(t *testing.T) {
	t.Parallel()
	c := sampleCall(ringback.StatusCompleted)
	a := sampleTalk()
	a.VisitorFirst = true
	c.Ref = "order 12"
	body, err := EventBody(ringback.EventCallCompleted, Happening{Call: c, Attempt: a, RecordingURL: "https://x/r?a=1&b=2"}, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"direction":"ba"`, `"dialed_at_a":"2016-09-08 13:33:17"`, `"dialed_at_b":"2016-09-08 13:33:21"`,
		`"dialed_time_a":"14"`, `"answered_time_a":"5"`, `"dialed_time_b":"18"`, `"answered_time_b":"4"`, `"billing_time":"248"`,
		`"recording":"https://x/r?a=1&b=2"`, `"call_attempt":{"manager":null}`, `"ref_id":"order 12"`,
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("%s is not in %s", want, body)
		}
	}
}

func TestEveryEventOfACallHasADocument(t *testing.T) {
	t.Parallel()
	for _, row := range ringback.Events {
		if _, err := EventBody(row.Kind, Happening{Call: sampleCall(ringback.StatusCompleted)}, time.UTC); err != nil {
			t.Errorf("%s: %v", row.Kind, err)
		}
	}
}
