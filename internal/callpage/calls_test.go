package callpage_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store"
)

func TestTheWholeJob(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	// The requests and answers of the API document, as they stand there.
	a := p.post("users/create", sample(t, "users-create.request.json"))
	if got, want := compact(t, a.body, "id"), compact(t, sample(t, "users-create.json"), "id"); got != want {
		t.Errorf("users/create: %s, want %s", got, want)
	}
	a = p.post("widgets/create", sample(t, "widgets-create.request.json"))
	if got, want := compact(t, a.body, "id"), compact(t, sample(t, "widgets-create.json"), "id"); got != want {
		t.Errorf("widgets/create: %s, want %s", got, want)
	}
	p.openWidget()
	if third := p.openWidget(); third != 3 {
		t.Fatalf("widget %d is not the third, which the sample names", third)
	}
	ann := p.id("users/create", `{"name":"Ann","tel":"600100200"}`) // users 3 and 4: ada is 1, eve is 2
	request := strings.Replace(sample(t, "widgets-add-users.request.json"), `[2, 3]`, fmt.Sprintf("[3, %d]", ann), 1)
	a = p.post("widgets/add-users", request)
	if got, want := compact(t, a.body, "user_id", "manager_id"), compact(t, sample(t, "widgets-add-users.json"), "user_id", "manager_id"); got != want {
		t.Errorf("widgets/add-users: %s, want %s", got, want)
	}
	if !strings.Contains(a.body, `"data":[{"user_id":3,`) || !strings.Contains(a.body, fmt.Sprintf(`{"user_id":%d,`, ann)) {
		t.Errorf("row W18: %s", a.body)
	}
	a = p.post("widgets/call", `{"id":3,"tel":"+48 888 888 888"}`)
	if got, want := compact(t, a.body, "id"), compact(t, sample(t, "widgets-call.json"), "id"); got != want {
		t.Errorf("widgets/call: %s, want %s", got, want)
	}
	a = p.send("GET", "/api/v3/external/calls/history", "")
	if !strings.Contains(a.body, `"to":"+48888888888"`) || !strings.HasSuffix(a.body, `"meta":{"offset":null,"limit":100,"count":1}}`) {
		t.Errorf("calls/history: %s", a.body)
	}
	a = p.send("GET", "/api/v3/external/calls/1", "")
	if !strings.Contains(a.body, `"human_status":"new"`) || !strings.HasSuffix(a.body, `"meta":[]}`) {
		t.Errorf("calls/1: %s", a.body)
	}
}

func TestW25_TheIdIsThatOfTheRequest(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	id := p.id("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"+48 888 888 888","ref_id":"order 12","url":"https://a.pl/?x=1"}`, p.openWidget()))
	c := p.call(id)
	if c.Status != ringback.StatusNew || c.To != "+48888888888" || c.Ref != "order 12" || c.Visit.URL != "https://a.pl/?x=1" { // rows W26 and R5
		t.Errorf("stored %+v", c)
	}
	a := p.send("GET", fmt.Sprintf("/api/v3/external/calls/history?call_id=%d", id), "")
	if !strings.Contains(a.body, fmt.Sprintf(`"id":%d}],"meta"`, id)) || !strings.Contains(a.body, `"url":"https://a.pl/?x=1"`) {
		t.Errorf("history: %s", a.body)
	}
}

func TestW20_NobodyOnDutyMeansBookedOrRefused(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	now := time.Now().UTC()
	tomorrow := now.Add(25 * time.Hour)
	day := fmt.Sprintf(`[{"day_of_week":%d,"timezone":"UTC","start_time":"%02d:00","end_time":"%02d:59"}]`, tomorrow.Weekday(), tomorrow.Hour(), tomorrow.Hour())
	booked := p.closedWidget(`{}`)
	p.post("widgets/add-users", fmt.Sprintf(`{"id":%d,"user_id":%d,"business_times":%s}`, booked, p.ada.Owner.ID, day))
	c := p.call(p.id("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"600100200"}`, booked)))
	if c.Status != ringback.StatusScheduled || !c.ScheduledAt.Equal(tomorrow.Truncate(time.Hour)) {
		t.Errorf("%s at %v, want %v", c.Status, c.ScheduledAt, tomorrow.Truncate(time.Hour))
	}
	strict := p.id("widgets/create", `{"url":"https://a.pl","settings":{"api.call.whenUnavailable":"error"}}`)
	never := p.closedWidget(`{}`)
	p.post("widgets/add-users", fmt.Sprintf(`{"id":%d,"user_id":%d,"business_times":%s}`, strict, p.ada.Owner.ID, day))
	for _, widget := range []int64{strict, never} {
		a := p.post("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"600100201"}`, widget))
		if widget == strict && len(p.onDuty(strict)) > 0 {
			continue // the default hours of the other days are open right now
		}
		if a.status != 422 || a.doc.ErrorCode != ringback.CodeNoManagers {
			t.Errorf("widget %d: %d %s", widget, a.status, a.body)
		}
	}
}

func (p *place) onDuty(widget int64) []ringback.Manager {
	p.t.Helper()
	var on []ringback.Manager
	p.write(func(tx *store.Tx) error {
		managers, err := tx.Managers(p.ada.Account.ID, widget)
		on = ringback.OnDuty(managers, ringback.Wanted{}, time.Now())
		return err
	})
	return on
}

// TestBadInputIsRefusedAndNothingIsStored has the list of what a caller can get wrong.
func TestBadInputIsRefusedAndNothingIsStored(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	open := p.openWidget()
	off := p.id("widgets/create", `{"url":"https://a.pl","enabled":0}`)
	order := func(rest string) string { return fmt.Sprintf(`{"id":%d,%s}`, open, rest) }
	for name, tt := range map[string]struct {
		body        string
		status      int
		code, field string
	}{
		"no number":               {order(`"tel":"hello"`), 422, "invalid-phone-number", "tel"},
		"an impossible number":    {order(`"tel":"+48 12"`), 422, "invalid-phone-number", "tel"},
		"an unassigned number":    {order(`"tel":"+48 000 000 000"`), 422, "invalid-phone-number", "tel"},
		"a premium number":        {order(`"tel":"+48 701 234 567"`), 422, "blacklisted-phone-number", "tel"},
		"a shared cost number":    {order(`"tel":"+48 801 234 567"`), 422, "blacklisted-phone-number", "tel"},
		"an emergency number":     {order(`"tel":"112"`), 422, "blacklisted-phone-number", "tel"},
		"the same with a plus":    {order(`"tel":"+48112"`), 422, "", "tel"},
		"another country":         {order(`"tel":"+49 1512 3456789"`), 422, "forbidden-country", "tel"},
		"a satellite":             {order(`"tel":"+8816 12345678"`), 422, "forbidden-country", "tel"},
		"no tel":                  {order(`"x":1`), 422, "validation-failed", "tel"},
		"null for tel":            {order(`"tel":null`), 422, "validation-failed", "tel"},
		"an empty tel":            {order(`"tel":""`), 422, "validation-failed", "tel"},
		"an object for tel":       {order(`"tel":{}`), 422, "validation-failed", "tel"},
		"no widget":               {`{"tel":"600100200"}`, 422, "validation-failed", "id"},
		"nothing at all":          {``, 422, "validation-failed", "id"},
		"an unknown widget":       {`{"id":999,"tel":"600100200"}`, 404, "not-found", ""},
		"nonsense for a widget":   {`{"id":"abc","tel":"600100200"}`, 404, "not-found", ""},
		"a widget with no number": {`{"id":999,"tel":"hello"}`, 404, "not-found", ""},
		"an unknown department":   {order(`"tel":"600100200","department_id":999`), 404, "not-found", ""},
		"an unknown manager":      {order(`"tel":"600100200","manager_id":999`), 404, "not-found", ""},
		"both (W21)":              {order(`"tel":"600100200","manager_id":999,"department_id":999`), 422, "validation-failed", "manager_id"},
		"both, at no widget":      {`{"id":999,"tel":"600100200","manager_id":1,"department_id":1}`, 422, "validation-failed", "manager_id"},
		"a widget that is off":    {fmt.Sprintf(`{"id":%d,"tel":"600100200"}`, off), 422, "disabled-widget", "id"},
		"broken JSON":             {`{"id":1,"tel":"600100200"`, 422, "invalid-json", ""},
		"the document's own slip": {"{\n \"id\": 1,\n \"tel\": \"+48 888 888 888\"\n \"department_id\": 1\n}", 422, "invalid-json", ""},
		"a list":                  {`[1]`, 422, "validation-failed", ""},
		"too much":                {order(`"tel":"` + strings.Repeat("6", 1<<20) + `"`), 413, "request-too-large", ""},
	} {
		a := p.post("widgets/call", tt.body)
		if a.status != tt.status || tt.code != "" && a.doc.ErrorCode != tt.code || tt.field != "" && a.doc.Errors[tt.field] == nil {
			t.Errorf("%s: %d %s; want %d %s %s", name, a.status, a.body, tt.status, tt.code, tt.field)
		}
	}
	if n := p.count(); n != 0 {
		t.Errorf("%d calls are stored", n)
	}
}

func TestW21_AManagerOfAnotherWidgetIsUnknown(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	one, two := p.openWidget(), p.openWidget()
	manager := p.onDuty(two)[0].ID
	if a := p.post("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"600100200","manager_id":%d}`, one, manager)); a.status != 404 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := p.post("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"600100200","manager_id":%d}`, two, manager)); a.status != 200 {
		t.Errorf("at their own: %d %s", a.status, a.body)
	}
	c := p.call(1)
	if c.Wanted.ManagerID != manager {
		t.Errorf("stored %+v", c)
	}
}

func TestW24_NeverTwoCallsToOneNumber(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	one, two := p.openWidget(), p.openWidget()
	first := p.id("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"600 100 200"}`, one))
	if again := p.id("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"+48600100200"}`, one)); again != first {
		t.Errorf("a repeat made call %d", again)
	}
	a := p.post("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"600100200"}`, two))
	if a.status != 422 || a.doc.ErrorCode != ringback.CodeCallInProgress {
		t.Errorf("at another widget: %d %s", a.status, a.body)
	}
	if n := p.count(); n != 1 {
		t.Errorf("%d calls are stored", n)
	}
}

func TestE17_TheIdempotencyKeyOfACall(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	order := fmt.Sprintf(`{"id":%d,"tel":"600100200"}`, widget)
	first := p.id("widgets/call", order, "Idempotency-Key", "k1")
	p.write(func(tx *store.Tx) error { // it ends: a new order would be a new call
		c, err := tx.Call(p.ada.Account.ID, first)
		if err != nil {
			return err
		}
		c.Status = ringback.StatusManagerFailed
		return tx.SaveCall(c)
	})
	for _, spelled := range []string{order, fmt.Sprintf(`{ "tel":"600100200", "id":%d }`, widget)} {
		for _, prefix := range []string{"v1", "v3"} {
			a := p.send("POST", "/api/"+prefix+"/external/widgets/call", spelled, "Idempotency-Key", "k1")
			if a.status != 200 || !strings.Contains(a.body, fmt.Sprintf(`"data":{"id":%d}`, first)) {
				t.Errorf("the same again, %s: %d %s", spelled, a.status, a.body)
			}
		}
	}
	a := p.post("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"600100201"}`, widget), "Idempotency-Key", "k1")
	if a.status != 422 || a.doc.ErrorCode != ringback.CodeKeyReused {
		t.Errorf("another order: %d %s", a.status, a.body)
	}
	if second := p.id("widgets/call", order, "Idempotency-Key", "k2"); second == first {
		t.Error("another key made no other call")
	}
}

func TestE17_CreationsMayBeRepeatedToo(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for path, body := range map[string]string{
		"users/create": `{"name":"Ann","tel":"888888888","email":"ann@example.com"}`, "widgets/create": `{"url":"https://a.pl"}`,
	} {
		ids := make([]int64, 4)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() { ids[i] = p.id(path, body, "Idempotency-Key", path) })
		}
		wg.Wait()
		if diff := cmp.Diff([]int64{ids[0], ids[0], ids[0], ids[0]}, ids); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

func TestE16_OrdersAreLimitedPerKey(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	statuses := map[int]int{}
	var last answer
	for i := range ringback.LimitOrdersPerKey.Count + 5 {
		last = p.post("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"+48600100%03d"}`, widget, i))
		statuses[last.status]++
	}
	if statuses[200] < ringback.LimitOrdersPerKey.Count || statuses[429] == 0 || last.doc.ErrorCode != "rate-limited" || last.header.Get("Retry-After") == "" {
		t.Errorf("%v, last %s %v", statuses, last.body, last.header)
	}
	free := p.found("free", true)
	for range ringback.LimitOrdersPerKey.Count + 5 {
		if a := p.post("widgets/call", `{"id":999,"tel":"1"}`, "Authorization", free.Key); a.status != 404 {
			t.Fatalf("limits off: %d %s", a.status, a.body)
		}
	}
}
