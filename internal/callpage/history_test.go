package callpage_test

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/callpage"
	"github.com/ringback-hq/ringback/internal/store"
	"github.com/ringback-hq/ringback/internal/wire"
)

// history asks for the ids of calls.
func (p *place) history(query string) []int64 {
	p.t.Helper()
	a := p.send("GET", "/api/v3/external/calls/history?"+query, "")
	if a.status != 200 {
		p.t.Fatalf("%s: %d %s", query, a.status, a.body)
	}
	ids := []int64{}
	rows, _ := a.doc.Data.([]any)
	for _, row := range rows {
		r := row.(map[string]any)
		inner := r["data"].(map[string]any)
		if inner["id"] != r["id"] { // row R10
			p.t.Errorf("%s: %v in %v", query, r["id"], inner["id"])
		}
		ids = append(ids, int64(r["id"].(float64)))
	}
	return ids
}

// A past is a place with three calls of ada's: two that she answered, at a shop and at another widget, and one at the
// shop that was missed.
type past struct {
	*place
	noon         time.Time // of the first; the others follow by the hour
	shop, closed int64     // widgets
	public       string    // the shop's other id
}

// newPast makes one, after what is done before anybody asks for anything.
func newPast(t *testing.T, before ...func(p *place)) past {
	t.Helper()
	p := past{place: newPlace(t), noon: time.Date(2023, 1, 17, 12, 0, 0, 500e6, time.UTC)}
	for _, do := range before {
		do(p.place)
	}
	p.shop, p.closed = p.openWidget(), p.closedWidget(`{}`)
	p.completed(p.shop, "+48600100200", p.noon)                  // 1
	p.completed(p.closed, "+48600100201", p.noon.Add(time.Hour)) // 2
	p.write(func(tx *store.Tx) error {
		c := ringback.Call{
			AccountID: p.ada.Account.ID, WidgetID: p.shop, To: "+48600100200", Status: ringback.StatusManagerFailed,
			Type: ringback.CallFromWidget, CreatedAt: p.noon.Add(2 * time.Hour), IncomingID: 66,
		} // 3
		w, err := tx.Widget(p.ada.Account.ID, p.shop)
		p.public = w.PublicID
		return errors.Join(err, tx.AddCall(&c))
	})
	return p
}

// A search is a query of the history, and the ids that it finds.
type search struct {
	query string
	want  []int64
}

func (p past) finds(searches ...search) {
	p.t.Helper()
	for _, s := range searches {
		if diff := cmp.Diff(s.want, p.history(s.query)); diff != "" {
			p.t.Errorf("%s: -want +got:\n%s", s.query, diff)
		}
	}
}

var (
	all  = []int64{1, 2, 3}
	none = []int64{}
)

func TestC1_ACallIdMayBeOneOrMany(t *testing.T) {
	t.Parallel()
	newPast(t).finds(
		search{"call_id=2", []int64{2}}, search{"call_id[]=1&call_id[]=3", []int64{1, 3}}, search{"call_id=1,3", []int64{1, 3}},
		search{"call_id[0]=1&call_id[1]=3", []int64{1, 3}}, search{"call_ids[]=2", []int64{2}},
	)
}

func TestC2_ANumberIsFoundHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	newPast(t).finds(
		search{"phone_number=%2B48600100200", []int64{1, 3}}, search{"phone_number=+48600100200", []int64{1, 3}},
		search{"tel=48600100200", []int64{1, 3}}, search{"tel=600100201", []int64{2}},
		search{"tel=0048%20600%20100%20201", []int64{2}}, search{"phone_number=%2B48600100200&tel=600100201", []int64{1, 3}},
		search{"phone_number=&tel=600100201", []int64{2}},
	)
}

func TestC3_NoTagIsTheDefault(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	p.write(func(tx *store.Tx) error {
		hot, cold := ringback.Tag{AccountID: p.ada.Account.ID, Name: "hot"}, ringback.Tag{AccountID: p.ada.Account.ID, Name: "cold"}
		return errors.Join(tx.AddTag(&hot), tx.AddTag(&cold), tx.TagCall(hot.AccountID, 1, hot.ID), tx.TagCall(hot.AccountID, 3, hot.ID),
			tx.TagCall(hot.AccountID, 3, cold.ID))
	})
	p.finds(
		search{"", all}, search{"tag_ids[]=1", []int64{1, 3}}, search{"tag_ids[]=2", []int64{3}},
		search{"tag_ids[]=2&tag_ids[]=1", []int64{1, 3}}, search{"tag_ids=1,2&statuses[]=completed", []int64{1}}, search{"tag_ids[]=107", none},
	)
}

func TestC4_DisplayHiddenIsTheDefault(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	p.write(func(tx *store.Tx) error { return tx.HideCall(p.ada.Account.ID, 2, true) })
	p.finds(
		search{"", all}, search{"display_hidden=1", all}, search{"display_hidden=perhaps", all},
		search{"display_hidden=0", []int64{1, 3}}, search{"display_hidden=false", []int64{1, 3}},
	)
}

func TestC5_DatesAreInclusive(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	unix := p.noon.Unix()
	p.finds(
		search{fmt.Sprint("date_from=", unix), all}, search{fmt.Sprint("date_from=", unix+1), []int64{2, 3}},
		search{fmt.Sprint("date_to=", unix), []int64{1}}, // it was made half a second later
		search{fmt.Sprint("date_to=", unix-1), none}, search{fmt.Sprintf("date_from=%d&date_to=%d", unix+3600, unix+3600), []int64{2}},
		search{fmt.Sprintf("date_from=%d&date_to=%d", unix+10, unix), none},
	)
	if a := p.send("GET", v1+"calls/history?date_from=yesterday", ""); a.status != 422 || a.doc.Errors["date_from"] == nil {
		t.Errorf("a date that is none: %d %s", a.status, a.body)
	}
}

func TestR9_DatesComeInEverySpelling(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	p.finds(
		search{fmt.Sprint("date_from=", p.noon.UnixMilli()+1), []int64{2, 3}}, search{"date_to=2023-01-17T13:00:00Z", []int64{1, 2}},
		search{"date_to=2023-01-17T14:00:00%2B01:00", []int64{1, 2}}, search{"date_from=2023-01-17&date_to=2023-01-17", all},
		search{"date_from=2023-01-18", none},
	)
}

func TestC6_WhatIsUnknownMatchesNothing(t *testing.T) {
	t.Parallel()
	newPast(t).finds(
		search{"statuses[]=voicemail", none}, search{"statuses[]=voicemail&statuses[]=completed", []int64{1, 2}},
		search{"widget_ids[]=x", none}, search{"call_id=999", none}, search{"call_id=x", none}, search{"phone_number=hello", none},
		search{"user_ids[]=999", none}, search{"user_ids[]=x", none}, search{"incoming_number_ids[]=x", none}, search{"tag_ids[]=x", none},
	)
}

func TestC7_TheURLIsThatOfTheWidget(t *testing.T) {
	t.Parallel()
	newPast(t).finds(
		search{"url=https://shop.example/pl", []int64{1, 3}}, search{"url=http://www.shop.example/", []int64{1, 3}},
		search{"url=" + url.QueryEscape("http://closed.example"), []int64{2}}, search{"url=elsewhere.example", none},
	)
}

func TestC8_TheOldestComesFirst(t *testing.T) {
	t.Parallel()
	newPast(t).finds(
		search{"", all}, search{"order=desc", []int64{3, 2, 1}}, search{"order=DESC&limit=2", []int64{3, 2}},
		search{"order=desc&limit=2&offset=2", []int64{1}}, search{"order=asc", all}, search{"order=sideways", all},
	)
	newPast(t, func(p *place) {
		p.write(func(tx *store.Tx) error { return tx.SetNewestFirst(p.ada.Account.ID, true) })
	}).finds(search{"", []int64{3, 2, 1}}, search{"order=asc", all}, search{"order=desc", []int64{3, 2, 1}})
}

func TestC9_TheCountIsOfAllPages(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	for query, want := range map[string]string{
		"limit=1&offset=1&statuses[]=completed": `"meta":{"offset":"1","limit":"1","count":2}}`,
		"limit=1":                               `"meta":{"offset":null,"limit":"1","count":3}}`,
		"offset=10":                             `"meta":{"offset":"10","limit":100,"count":3}}`,
		"phone_number=hello":                    `"meta":{"offset":null,"limit":100,"count":0}}`,
	} {
		if a := p.send("GET", "/api/v3/external/calls/history?"+query, ""); !strings.HasSuffix(a.body, want) {
			t.Errorf("%s: %s", query, a.body)
		}
	}
}

func TestTheOtherFiltersOfTheHistory(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	p.finds(
		search{fmt.Sprint("user_ids[]=", p.ada.Owner.ID), []int64{1, 2}}, search{fmt.Sprintf("user_ids[]=%d&user_ids[]=999", p.ada.Owner.ID), []int64{1, 2}},
		search{"statuses[]=completed", []int64{1, 2}}, search{"statuses[]=completed&statuses[]=manager-failed", all},
		search{"statuses=manager-failed", []int64{3}}, search{"statuses[]=Completed", []int64{1, 2}},
		search{fmt.Sprint("widget_ids[]=", p.closed), []int64{2}}, search{fmt.Sprint("widget_id=", p.closed), []int64{2}},
		search{"widget_ids[]=" + p.public, []int64{1, 3}}, search{fmt.Sprintf("widget_ids[]=%s&widget_ids[]=%d", p.public, p.closed), all}, // row R15
		search{"incoming_number_ids[]=66", []int64{3}}, search{"incoming_number_ids[]=67", none},
		search{"limit=2", []int64{1, 2}}, search{"limit=2&offset=2", []int64{3}},
		search{"whatever[x][]=y&foo=bar", all}, // row R5
		search{"statuses[]=completed&phone_number=600100200&limit=15&offset=0&display_hidden=1", []int64{1}},
	)
}

func TestR10_BehindTheEndIsNothing(t *testing.T) {
	t.Parallel()
	newPast(t).finds(search{"limit=2&offset=4", none}, search{"offset=3", none}, search{"offset=99999999999999", none})
}

func TestE7_ALimitThatIsNoneIsTheDefault(t *testing.T) {
	t.Parallel()
	newPast(t).finds(
		search{"limit=0", all}, search{"limit=-1&offset=-1", all}, search{"limit=many&offset=few", all}, search{"limit=&offset=", all},
		search{"limit=100000", all},
	)
}

// TestP4_TheHistoryIsTheSameInEveryVersion compares whole bodies.
func TestP4_TheHistoryIsTheSameInEveryVersion(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	strip := func(a answer) string { return regexp.MustCompile(`recordings/[^"]*`).ReplaceAllString(a.body, "") }
	want := strip(p.send("GET", "/api/v3/external/calls/history?limit=2", ""))
	for _, version := range []string{"v1", "v2"} {
		if got := strip(p.send("GET", "/api/"+version+"/external/calls/history?limit=2", "")); got != want {
			t.Errorf("%s: %s, want %s", version, got, want)
		}
	}
}

// TestP1_ACallIsTheSameInEveryVersion compares whole bodies.
func TestP1_ACallIsTheSameInEveryVersion(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	strip := func(a answer) string { return regexp.MustCompile(`recordings/[^"]*`).ReplaceAllString(a.body, "") }
	want := strip(p.send("GET", "/api/v3/external/calls/1", ""))
	for _, version := range []string{"v1", "v2"} {
		if got := strip(p.send("GET", "/api/"+version+"/external/calls/1", "")); got != want || !strings.Contains(got, `"data":{"data":{"id":1,`) {
			t.Errorf("%s: %s, want %s", version, got, want)
		}
	}
}

func TestC13_TheSingleCallTellsMore(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	c := p.completed(p.openWidget(), "+48600100200", time.Date(2023, 12, 19, 10, 46, 56, 0, time.UTC))
	row := p.send("GET", fmt.Sprintf("/api/v3/external/calls/history?call_id=%d", c.ID), "")
	for _, prefix := range []string{"v1", "v2", "v3"} { // row P1
		a := p.send("GET", fmt.Sprintf("/api/%s/external/calls/%d", prefix, c.ID), "")
		for _, want := range []string{
			`"type":1,"rating":{"data":[]},"transcribed":false,"billing_time":10,"call_attempt":{"data":{"id":`,
			`"recording":"https://ring.example/recordings/`, `"to_formatted":"+48 600 100 200"`, `"created_at":"2023-12-19 10:46:56"`,
			`"name":"ada","email":"ada@example.com","avatar":null,"caller_id":{"data":{"id":`, `"tel_formatted":"+48 570 934 649"`,
			`"meta":[]`, `"human_status":"completed"`, `"leadable_type":"Widget"`,
		} {
			if !strings.Contains(a.body, want) {
				t.Errorf("%s: %s is not in %s", prefix, want, a.body)
			}
		}
	}
	for _, word := range []string{`"sid"`, `"transcribed"`, `"recording"`} {
		if strings.Contains(row.body, word) {
			t.Errorf("the history tells %s: %s", word, row.body)
		}
	}
	if a := p.send("GET", v1+"calls/x", ""); a.status != 404 {
		t.Errorf("calls/x: %d %s", a.status, a.body)
	}
}

func TestC4_HiddenCallsAreShownUnlessUnwanted(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for in, want := range map[*bool]bool{nil: false, &yes: false, &no: true} {
		if got := callpage.QueryOf(wire.HistoryQuery{DisplayHidden: in}).HideHidden; got != want {
			t.Errorf("display_hidden %v: hide %v", in, got)
		}
	}
}
