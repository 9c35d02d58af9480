package callpage_test

import (
	"fmt"
	"net/url"
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

func TestTheFiltersOfTheHistory(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	shop, closed := p.openWidget(), p.closedWidget(`{}`)
	noon := time.Date(2023, 1, 17, 12, 0, 0, 500e6, time.UTC)
	p.completed(shop, "+48600100200", noon)                  // 1
	p.completed(closed, "+48600100201", noon.Add(time.Hour)) // 2
	missed := ringback.Call{
		AccountID: p.ada.Account.ID, WidgetID: shop, To: "+48600100200", Status: ringback.StatusManagerFailed, Type: 1, CreatedAt: noon.Add(2 * time.Hour),
	} // 3
	p.write(func(tx *store.Tx) error { return tx.AddCall(&missed) })
	var public string
	p.write(func(tx *store.Tx) error {
		w, err := tx.Widget(p.ada.Account.ID, shop)
		public = w.PublicID
		return err
	})
	unix := noon.Unix()
	for _, tt := range []struct {
		row, query string
		want       []int64
	}{
		{"C8", "", []int64{1, 2, 3}},
		{"C8", "order=desc", []int64{3, 2, 1}},
		{"C1", "call_id=2", []int64{2}},
		{"C1", "call_id[]=1&call_id[]=3", []int64{1, 3}},
		{"R8", "call_id=1,3", []int64{1, 3}},
		{"R8", "call_id[0]=1&call_id[1]=3", []int64{1, 3}},
		{"C2", "phone_number=%2B48600100200", []int64{1, 3}},
		{"C2", "phone_number=+48600100200", []int64{1, 3}},
		{"C2", "tel=48600100200", []int64{1, 3}},
		{"C2", "tel=600100201", []int64{2}},
		{"C2", "tel=0048%20600%20100%20201", []int64{2}},
		{"C2", "phone_number=%2B48600100200&tel=600100201", []int64{1, 3}},
		{"C2", "phone_number=&tel=600100201", []int64{2}},
		{"C6", "phone_number=hello", []int64{}},
		{"user_ids", fmt.Sprintf("user_ids[]=%d", p.ada.Owner.ID), []int64{1, 2}},
		{"user_ids", "user_ids[]=999", []int64{}},
		{"statuses", "statuses[]=completed", []int64{1, 2}},
		{"statuses", "statuses[]=completed&statuses[]=manager-failed", []int64{1, 2, 3}},
		{"statuses", "statuses=manager-failed", []int64{3}},
		{"statuses", "statuses[]=Completed", []int64{1, 2}},
		{"C6", "statuses[]=voicemail", []int64{}},
		{"C6", "statuses[]=voicemail&statuses[]=completed", []int64{1, 2}},
		{"C6", "widget_ids[]=x", []int64{}},
		{"C6", "call_id=999", []int64{}},
		{"C6", "call_id=x", []int64{}},
		{"widget_ids", fmt.Sprintf("widget_ids[]=%d", closed), []int64{2}},
		{"widget_id", fmt.Sprintf("widget_id=%d", closed), []int64{2}},
		{"R15", "widget_ids[]=" + public, []int64{1, 3}},
		{"R15", fmt.Sprintf("widget_ids[]=%s&widget_ids[]=%d", public, closed), []int64{1, 2, 3}},
		{"C3", "tag_ids[]=107", []int64{}},
		{"incoming", "incoming_number_ids[]=66", []int64{}},
		{"C4", "display_hidden=1", []int64{1, 2, 3}},
		{"C4", "display_hidden=0", []int64{1, 2, 3}},
		{"C4", "display_hidden=perhaps", []int64{1, 2, 3}},
		{"C5", fmt.Sprintf("date_from=%d", unix), []int64{1, 2, 3}},
		{"C5", fmt.Sprintf("date_from=%d", unix+1), []int64{2, 3}},
		{"C5", fmt.Sprintf("date_to=%d", unix), []int64{1}}, // inclusive: it was made half a second later
		{"C5", fmt.Sprintf("date_to=%d", unix-1), []int64{}},
		{"R9", fmt.Sprintf("date_from=%d", noon.UnixMilli()+1), []int64{2, 3}},
		{"R9", "date_to=2023-01-17T13:00:00Z", []int64{1, 2}},
		{"R9", "date_to=2023-01-17T14:00:00%2B01:00", []int64{1, 2}},
		{"R9", "date_from=2023-01-17&date_to=2023-01-17", []int64{1, 2, 3}},
		{"R9", "date_from=2023-01-18", []int64{}},
		{"C7", "url=https://shop.example/pl", []int64{1, 3}},
		{"C7", "url=http://www.shop.example/", []int64{1, 3}},
		{"C7", "url=" + url.QueryEscape("http://closed.example"), []int64{2}},
		{"C7", "url=elsewhere.example", []int64{}},
		{"paging", "limit=2", []int64{1, 2}},
		{"paging", "limit=2&offset=2", []int64{3}},
		{"R10", "limit=2&offset=4", []int64{}},
		{"E7", "limit=0", []int64{1, 2, 3}},
		{"E7", "limit=-1&offset=-1", []int64{1, 2, 3}},
		{"E7", "limit=many&offset=few", []int64{1, 2, 3}},
		{"E7", "limit=&offset=", []int64{1, 2, 3}},
		{"E7", "limit=100000", []int64{1, 2, 3}},
		{"R5", "whatever[x][]=y&foo=bar", []int64{1, 2, 3}},
		{"together", "statuses[]=completed&phone_number=600100200&limit=15&offset=0&display_hidden=1", []int64{1}},
	} {
		if diff := cmp.Diff(tt.want, p.history(tt.query)); diff != "" {
			t.Errorf("%s: %s: -want +got:\n%s", tt.row, tt.query, diff)
		}
	}
	if a := p.send("GET", v1+"calls/history?date_from=yesterday", ""); a.status != 422 || a.doc.Errors["date_from"] == nil {
		t.Errorf("a date that is none: %d %s", a.status, a.body)
	}
	if a := p.send("GET", v1+"calls/history?limit=1&offset=1&statuses[]=completed", ""); !strings.HasSuffix(a.body, `"meta":{"offset":"1","limit":"1","count":2}}`) {
		t.Errorf("rows C9 and E6: %s", a.body)
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
