package callpage_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/callpage"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/store"
)

// widget reads a widget from the store.
func (p *place) widget(id int64) ringback.Widget {
	p.t.Helper()
	var w ringback.Widget
	p.write(func(tx *store.Tx) (err error) {
		w, err = tx.Widget(p.ada.Account.ID, id)
		return err
	})
	return w
}

// told asks for a widget and returns what widgets/get tells of it.
func (p *place) told(id int64) map[string]any {
	p.t.Helper()
	a := p.send("GET", fmt.Sprintf("%swidgets/get?id=%d", v1, id), "")
	doc, ok := a.doc.Data.(map[string]any)
	if !ok || a.status != 200 {
		p.t.Fatalf("widget %d: %d %s", id, a.status, a.body)
	}
	return doc
}

// change updates a widget with more parameters in JSON.
func (p *place) change(id int64, rest string) answer {
	p.t.Helper()
	return p.post("widgets/update", fmt.Sprintf(`{"id":%d,%s}`, id, rest))
}

// hook lets ada hear of cancelled calls too.
func (p *place) hook() {
	p.write(func(tx *store.Tx) error {
		kinds := append(ringback.DocumentedEvents(), ringback.EventCallCancelled)
		return tx.AddWebhook(&ringback.Webhook{AccountID: p.ada.Account.ID, URL: "https://hook.example", Events: kinds})
	})
}

// events are those that the first webhook is to hear of, the oldest first.
func (p *place) events() []ringback.EventKind {
	var kinds []ringback.EventKind
	p.write(func(tx *store.Tx) error {
		deliveries, err := tx.Deliveries(p.ada.Account.ID, 1, 100)
		kinds = nil
		for _, d := range slices.Backward(deliveries) {
			kinds = append(kinds, d.Kind)
		}
		return err
	})
	return kinds
}

// bookedWidget makes a widget where ada is on duty for an hour tomorrow, which is returned.
func (p *place) bookedWidget(settings string) (int64, time.Time) {
	p.t.Helper()
	id := p.closedWidget(settings)
	at := time.Now().UTC().Add(25 * time.Hour)
	p.post("widgets/add-users", fmt.Sprintf(`{"id":%d,"user_id":%d,"business_times":`+
		`[{"day_of_week":%d,"timezone":"UTC","start_time":"%02d:00","end_time":"%02d:59"}]}`, id, p.ada.Owner.ID, at.Weekday(), at.Hour(), at.Hour()))
	return id, at.Truncate(time.Hour)
}

func TestW4_TheSettingsAndTheEncryptedIdAreInGetOnly(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	id := p.id("widgets/create", `{"url":"https://a.pl","settings":{"countdown":40}}`)
	doc := p.told(id)
	settings, _ := doc["settings"].(map[string]any)
	if settings["countdown"] != 40.0 || settings["call.recording"] != true || settings["callerId"] != 0.0 || settings["widget.style.color"] != "" {
		t.Errorf("settings %v", settings)
	}
	if settings["widget.hideAfterHourss"] != false || settings["widget.hideAfterHours"] != false { // row W3
		t.Errorf("settings %v", settings)
	}
	if doc["encrypted_id"] != p.widget(id).PublicID {
		t.Errorf("encrypted_id %v", doc["encrypted_id"])
	}
	a := p.send("GET", v1+"widgets/all", "")
	if strings.Contains(a.body, "encrypted_id") || strings.Contains(a.body, `"settings"`) {
		t.Errorf("widgets/all: %s", a.body)
	}
}

func TestW1_R15_AWidgetIsNamedInEveryWay(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	id := p.openWidget()
	public := p.widget(id).PublicID
	for i, name := range []string{"id", "widget_id", "encrypted_id"} {
		for j, value := range []string{fmt.Sprint(id), public} {
			query := url.Values{name: {value}}.Encode()
			if a := p.send("GET", v1+"widgets/get?"+query, ""); a.status != 200 {
				t.Errorf("get %s: %d %s", query, a.status, a.body)
			}
			for path, rest := range map[string]string{
				"widgets/update": "description=x", "widgets/add-users": fmt.Sprint("user_id=", p.ada.Owner.ID),
				"widgets/call": fmt.Sprintf("tel=60010020%d", 2*i+j), "widgets/call-or-schedule": fmt.Sprintf("tel=60010021%d", 2*i+j),
			} {
				if a := p.send("POST", v1+path, query+"&"+rest); a.status != 200 {
					t.Errorf("%s %s: %d %s", path, query, a.status, a.body)
				}
			}
			if a := p.send("POST", v1+"widgets/delete", url.Values{name: {p.widget(p.openWidget()).PublicID}}.Encode()); a.status != 200 {
				t.Errorf("delete by %s: %d %s", name, a.status, a.body)
			}
		}
	}
}

func TestR17_ThePublicClientSpeaksVersion2(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	id := p.openWidget()
	form := url.Values{"encrypted_id": {p.widget(id).PublicID}, "tel": {"+48 600 100 200"}}.Encode()
	a := p.send("POST", "/api/v2/external/widgets/call", form, "Content-Type", "application/x-www-form-urlencoded")
	if a.status != 200 || a.body != `{"hasError":false,"errorCode":0,"message":"","data":{"id":1}}` || p.call(1).WidgetID != id {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestE6_ListsOfWidgetsEchoTheirPage(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for range 3 {
		p.openWidget()
	}
	for query, want := range map[string]string{
		"":                   `"meta":{"offset":0,"limit":100,"count":3}`,
		"?offset=1&limit=2":  `"meta":{"offset":"1","limit":"2","count":3}`,
		"?offset=1&limit=1":  `"meta":{"offset":"1","limit":"1","count":3}`,
		"?offset=9":          `"data":[],"meta":{"offset":"9","limit":100,"count":3}`, // row R10
		"?limit=0&offset=-1": `"meta":{"offset":0,"limit":100,"count":3}`,             // row E7
	} {
		for _, prefix := range []string{v1, "/api/v3/external/"} {
			if a := p.send("GET", prefix+"widgets/all"+query, ""); a.status != 200 || !strings.Contains(a.body, want) {
				t.Errorf("%s: %d %s", query, a.status, a.body)
			}
		}
	}
	var ids []any
	list, _ := p.send("GET", v1+"widgets/all?offset=1", "").doc.Data.([]any)
	for _, row := range list {
		ids = append(ids, row.(map[string]any)["id"])
	}
	if diff := cmp.Diff([]any{2.0, 3.0}, ids); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestW12_R14_W16_WhatIsAbsentStaysAsItIs(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	id := p.id("widgets/create", `{"url":"https://a.pl","description":"first","locale_code":"cz","enabled":0,"settings":{"countdown":40,"call.direction":"ba"}}`)
	before := p.widget(id)
	for rest, change := range map[string]func(w *ringback.Widget){
		`"x":1`:                               func(*ringback.Widget) {},
		`"url":null,"enabled":null`:           func(*ringback.Widget) {},
		`"url":"","locale_code":""`:           func(*ringback.Widget) {},
		`"description":"second"`:              func(w *ringback.Widget) { w.Description = "second" },
		`"url":"http://b.pl"`:                 func(w *ringback.Widget) { w.URL = "http://b.pl" },
		`"locale_code":"sv"`:                  func(w *ringback.Widget) { w.Locale = "se" },
		`"enabled":"yes"`:                     func(w *ringback.Widget) { w.Enabled = true },
		`"settings":{"call.direction":"ab"}`:  func(w *ringback.Widget) { w.Settings["call.direction"] = "ab" },
		`"settings":{"unknown":1}`:            func(*ringback.Widget) {},
		`"settings":[]`:                       func(*ringback.Widget) {},
		`"settings":"{\"countdown\":\"41\"}"`: func(w *ringback.Widget) { w.Settings["countdown"] = 41 },
	} {
		p.write(func(tx *store.Tx) error { return tx.SaveWidget(before) })
		want := p.widget(id)
		change(&want)
		a := p.change(id, rest)
		if a.status != 200 || a.body != fmt.Sprintf(`{"hasError":false,"errorCode":0,"message":"","data":{"id":%d}}`, id) { // row R13
			t.Errorf("%s: %d %s", rest, a.status, a.body)
		}
		got := p.widget(id)
		if !got.UpdatedAt.After(want.UpdatedAt) {
			t.Errorf("%s: updated at %v", rest, got.UpdatedAt)
		}
		got.UpdatedAt = want.UpdatedAt
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", rest, diff)
		}
	}
}

func TestW2_W8_BadSettingsAreNamedAndNothingChanges(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	id := p.openWidget()
	before := p.widget(id)
	for rest, field := range map[string]string{
		`"description":"x","settings":{"countdown":27}`:     "countdown",
		`"settings":{"countdown":"60"}`:                     "countdown",
		`"settings":{"call":{"algorithm":"all"}}`:           "call.algorithm",
		`"settings":[{"key":"call.direction","value":"c"}]`: "call.direction",
		`"settings":{"widget":{"style":{"color":"red"}}}`:   "widget.style.color",
		`"settings":{"callerIdNumber":"hello"}`:             "callerIdNumber",
		`"settings":{"call.recording":[1]}`:                 "call.recording",
		`"settings":"x"`:                                    "settings",
		`"settings":7`:                                      "settings",
		`"url":"javascript:alert(1)"`:                       "url",
		`"locale_code":"xx"`:                                "locale_code",
		`"enabled":"perhaps"`:                               "enabled",
	} {
		if a := p.change(id, rest); a.status != 422 || a.doc.ErrorCode != ringback.CodeInvalid || a.doc.Errors[field] == nil {
			t.Errorf("%s: %d %s", rest, a.status, a.body)
		}
	}
	if diff := cmp.Diff(before, p.widget(id)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestW2_SettingsComeInEverySpelling(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for _, body := range []string{
		`{"id":$,"settings":{"call.algorithm":"findme","widget.style.position":"top-left"}}`,
		`{"id":$,"settings":{"call":{"algorithm":"findme"},"widget":{"style":{"position":"top-left"}}}}`,
		`{"id":$,"settings":{"call":{"algorithm":"findme"},"widget":{"style.position":"top-left"}}}`,
		`{"id":$,"settings":[{"key":"call.algorithm","value":"findme"},{"key":"widget.style.position","value":"top-left"}]}`,
		"id=$&settings[call.algorithm]=findme&settings[widget][style][position]=top-left",
		"id=$&settings[0][key]=call.algorithm&settings[0][value]=findme&settings[1][key]=widget.style.position&settings[1][value]=top-left",
		"id=$&" + url.Values{"settings": {`{"call.algorithm":"findme","widget.style.position":"top-left"}`}}.Encode(),
	} {
		id := p.id("widgets/create", `{"url":"https://a.pl","settings":{"countdown":40}}`)
		a := p.send("POST", v1+"widgets/update", strings.Replace(body, "$", fmt.Sprint(id), 1))
		want := ringback.Settings{"countdown": 40, "call.algorithm": "findme", "widget.style.position": "top-left"}
		if diff := cmp.Diff(want, p.widget(id).Settings); a.status != 200 || diff != "" {
			t.Errorf("%s: %d %s\n%s", body, a.status, a.body, diff)
		}
	}
}

func TestW3_BothSpellingsGoInAndOut(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	id := p.openWidget()
	for _, key := range []string{"widget.hideAfterHourss", "widget.hideAfterHours"} {
		for _, value := range []bool{true, false} {
			if a := p.change(id, fmt.Sprintf(`"settings":{%q:%t}`, key, value)); a.status != 200 {
				t.Fatalf("%d %s", a.status, a.body)
			}
			settings := p.told(id)["settings"].(map[string]any)
			if settings["widget.hideAfterHourss"] != value || settings["widget.hideAfterHours"] != value {
				t.Errorf("%s = %t: %v", key, value, settings)
			}
		}
	}
}

func TestTheNumberToShowIsReadAsANumber(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	id := p.openWidget()
	if a := p.change(id, `"settings":{"callerId":2,"callerIdNumber":"570 934 649"}`); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if got := p.widget(id).Settings; got.Int(ringback.SettingCallerID) != 2 || got.Text(ringback.SettingNumber) != "+48570934649" {
		t.Errorf("stored %v", got)
	}
}

func TestS4_EitherScopeAddsUsers(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	body := fmt.Sprintf(`{"id":%d,"user_id":%d}`, p.openWidget(), p.ada.Owner.ID)
	for _, s := range ringback.Scopes {
		want := 403
		if s == ringback.ScopeWidgetsEdit || s == ringback.ScopeManagersEdit {
			want = 200
		}
		if a := p.post("widgets/add-users", body, "Authorization", p.key(0, s)); a.status != want {
			t.Errorf("%s: %d %s, want %d", s, a.status, a.body, want)
		}
	}
}

func TestS7_APageOrdersCallsAndNothingElse(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	id, other := p.openWidget(), p.openWidget()
	key, err := p.office.CreateKey(t.Context(), office.NewKey{
		AccountID: p.ada.Account.ID, Widgets: []int64{id}, Publishable: true, Origins: []string{"https://shop.example"},
	})
	if err != nil {
		t.Fatal(err)
	}
	from := func(origin string) []string { return []string{"Authorization", key, "Origin", origin} }
	order := fmt.Sprintf(`{"id":%d,"tel":"600100200"}`, id)
	if a := p.post("widgets/call", order, from("https://evil.example")...); a.status != 403 || a.doc.ErrorCode != ringback.CodeUntrustedDomain {
		t.Errorf("from another site: %d %s", a.status, a.body)
	}
	if a := p.post("widgets/call", order, "Authorization", key); a.status != 403 {
		t.Errorf("from no site: %d %s", a.status, a.body)
	}
	if a := p.post("widgets/call", order, from("https://shop.example")...); a.status != 200 || a.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("from its own: %d %s", a.status, a.body)
	}
	if a := p.post("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"600100201"}`, other), from("https://shop.example")...); a.status != 404 {
		t.Errorf("at another widget: %d %s", a.status, a.body)
	}
	for _, row := range callpage.Routes() { // the root and users need no scope: a page may not go there either
		if slices.Equal(row.AnyOf, []ringback.Scope{ringback.ScopeWidgetsCall}) {
			continue
		}
		if a := p.send(row.Method, v1+row.Path, "", from("https://shop.example")...); a.status != 403 {
			t.Errorf("%s %s: %d %s", row.Method, row.Path, a.status, a.body)
		}
	}
	last := answer{}
	for i := range ringback.LimitOrdersPublic.Count + 1 {
		last = p.post("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"60010%04d"}`, id, i), from("https://shop.example")...)
	}
	if last.status != 429 || last.header.Get("Retry-After") == "" {
		t.Errorf("too often: %d %s", last.status, last.body)
	}
}

func TestW11_LocalesComeBackAsTheDocumentWritesThem(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	id := p.openWidget()
	for in, want := range map[string]string{"cn": "cn", "zh": "cn", "cz": "cz", "cs": "cz", "ee": "ee", "et": "ee", "se": "se", "sv": "se", "lt": "lt", "lv": "lv", "PL": "pl"} {
		if a := p.change(id, fmt.Sprintf(`"locale_code":%q`, in)); a.status != 200 {
			t.Errorf("%s: %d %s", in, a.status, a.body)
		}
		if got := p.told(id)["locale_code"]; got != want {
			t.Errorf("%s came back as %v, want %s", in, got, want)
		}
	}
}

func TestW15_AWidgetIsInstalledOnceItWasSeenOnItsSite(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	id := p.id("widgets/create", `{"url":"https://www.shop.example/pl"}`)
	public := p.widget(id).PublicID
	state := func() string { d := p.told(id); return fmt.Sprint(d["installation_status"], d["installed_at"] != nil) }
	for page, want := range map[string]string{"https://evil.example/": "0 false", "://": "0 false", "": "0 false"} {
		if err := p.office.Seen(t.Context(), public, page); err != nil || state() != want {
			t.Errorf("%q: %v, %s", page, err, state())
		}
	}
	for _, page := range []string{"http://Shop.example/", "https://shop.example/contact?x=1"} {
		if err := p.office.Seen(t.Context(), public, page); err != nil || state() != "1 true" {
			t.Errorf("%q: %v, %s", page, err, state())
		}
	}
	if err := p.office.Seen(t.Context(), "nothing", "https://shop.example"); ringback.KindOf(err) != ringback.NotFound {
		t.Errorf("no widget: %v", err)
	}
}

func TestW17_ADeletedWidgetIsGoneAndItsBookedCallsAreCancelled(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.hook()
	id, _ := p.bookedWidget(`{}`)
	other := p.openWidget()
	public := p.widget(id).PublicID
	booked := p.id("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"600100200"}`, id))
	kept := p.id("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"600100201"}`, other))
	over := p.completed(id, "+48600100202", time.Now())
	if a := p.post("widgets/delete", fmt.Sprintf(`{"id":%d}`, id)); a.body != compact(t, sample(t, "widgets-delete.json")) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if c := p.call(booked); c.Status != ringback.StatusCancelled || c.EndedAt.IsZero() {
		t.Errorf("the booked call is %s, ended at %v", c.Status, c.EndedAt)
	}
	a := p.send("GET", fmt.Sprintf("/api/v3/external/calls/%d", booked), "")
	if !strings.Contains(a.body, `"human_status":"cancelled"`) || strings.Contains(a.body, `"cancelled_at":null`) {
		t.Errorf("the booked call: %s", a.body)
	}
	if c := p.call(kept); c.Status != ringback.StatusNew {
		t.Errorf("a call at another widget is %s", c.Status)
	}
	if c := p.call(over.ID); c.Status != ringback.StatusCompleted {
		t.Errorf("a call that was over is %s", c.Status)
	}
	if diff := cmp.Diff([]ringback.EventKind{"call.scheduled", "call.new", "call.cancelled"}, p.events()); diff != "" {
		t.Errorf("events: -want +got:\n%s", diff)
	}
	for path, body := range map[string]string{
		"widgets/delete": `{"id":%d}`, "widgets/update": `{"id":%d,"description":"x"}`, "widgets/call": `{"id":%d,"tel":"600100203"}`,
		"widgets/call-or-schedule": `{"id":%d,"tel":"600100203"}`, "widgets/add-users": `{"id":%d,"user_id":1}`,
	} {
		if a := p.post(path, fmt.Sprintf(body, id)); a.status != 404 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	for _, query := range []string{fmt.Sprint("id=", id), "encrypted_id=" + public} {
		if a := p.send("GET", v1+"widgets/get?"+query, ""); a.status != 404 {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
	if a := p.send("GET", v1+"widgets/all", ""); !strings.Contains(a.body, `"count":1}`) {
		t.Errorf("all: %s", a.body)
	}
	if got := p.history(fmt.Sprint("widget_ids[]=", id)); len(got) != 2 { // what was is still told
		t.Errorf("history %v", got)
	}
}

func TestW20_CallOrScheduleBooksAndPromisesAText(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	strict, slot := p.bookedWidget(`{"api.call.whenUnavailable":"error"}`)
	a := p.post("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"600100200"}`, strict))
	if a.status != 422 || a.doc.ErrorCode != ringback.CodeNoManagers {
		t.Errorf("call: %d %s", a.status, a.body)
	}
	c := p.call(p.id("widgets/call-or-schedule", fmt.Sprintf(`{"id":%d,"tel":"600100200"}`, strict)))
	if c.Status != ringback.StatusScheduled || !c.ScheduledAt.Equal(slot) || !c.TextBooking {
		t.Errorf("call-or-schedule made %+v", c)
	}
	lenient, slot := p.bookedWidget(`{}`)
	c = p.call(p.id("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"600100201"}`, lenient)))
	if c.Status != ringback.StatusScheduled || !c.ScheduledAt.Equal(slot) || c.TextBooking {
		t.Errorf("call made %+v", c)
	}
	c = p.call(p.id("widgets/call-or-schedule", fmt.Sprintf(`{"id":%d,"tel":"600100202"}`, p.openWidget())))
	if c.Status != ringback.StatusNew || c.TextBooking {
		t.Errorf("with somebody on duty: %+v", c)
	}
	a = p.post("widgets/call-or-schedule", fmt.Sprintf(`{"id":%d,"tel":"600100203"}`, p.closedWidget(`{}`)))
	if a.status != 422 || a.doc.ErrorCode != ringback.CodeNoManagers {
		t.Errorf("nobody ever: %d %s", a.status, a.body)
	}
}

func TestW22_CallOrScheduleTakesAManager(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	manager := p.onDuty(widget)[0].ID
	c := p.call(p.id("widgets/call-or-schedule", fmt.Sprintf(`{"id":%d,"tel":"600100200","manager_id":"%d","ref_id":"r"}`, widget, manager)))
	if c.Wanted.ManagerID != manager || c.Ref != "r" {
		t.Errorf("stored %+v", c)
	}
	a := p.post("widgets/call-or-schedule", fmt.Sprintf(`{"id":%d,"tel":"600100201","manager_id":%d,"department_id":1}`, widget, manager)) // row W21
	if a.status != 422 || a.doc.Errors["manager_id"] == nil {
		t.Errorf("both: %d %s", a.status, a.body)
	}
}

func TestW23_CallOrScheduleRefusesAsCallDoes(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	open := p.openWidget()
	off := p.id("widgets/create", `{"url":"https://a.pl","enabled":0}`)
	for body, code := range map[string]string{
		fmt.Sprintf(`{"id":%d,"tel":"600100200"}`, off):          ringback.CodeDisabledWidget,
		fmt.Sprintf(`{"id":%d,"tel":"+4915123456789"}`, open):    ringback.CodeForbiddenCountry,
		fmt.Sprintf(`{"id":%d,"tel":"+48 701 234 567"}`, open):   ringback.CodeBlacklistedNumber,
		fmt.Sprintf(`{"id":%d,"tel":"hello"}`, open):             ringback.CodeInvalidNumber,
		"{\n\"id\": 1,\n\"tel\": \"1\"\n\"department_id\": 1\n}": ringback.CodeInvalidJSON, // row E12: the document's own slip
	} {
		if a := p.post("widgets/call-or-schedule", body); a.status != 422 || a.doc.ErrorCode != code {
			t.Errorf("%s: %d %s, want %s", body, a.status, a.body, code)
		}
	}
}

func TestTheWidgetsOfTheDocument(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	id := p.openWidget()
	numbered := func(name, digits string) string {
		return strings.Replace(sample(t, name), digits, fmt.Sprint(id), 1)
	}
	a := p.post("widgets/update", numbered("widgets-update.request.json", "3409"))
	if got, want := compact(t, a.body, "id"), compact(t, sample(t, "widgets-update.json"), "id"); got != want {
		t.Errorf("update: %s, want %s", got, want)
	}
	doc := p.told(id)
	if doc["url"] != "http://test.com" || doc["description"] != "Test Widget" || doc["locale_code"] != "en" || doc["enabled"] != false {
		t.Errorf("updated to %v", doc)
	}
	p.change(id, `"enabled":1`)
	department := ringback.Department{Name: "Sales"}
	p.write(func(tx *store.Tx) error {
		if err := tx.AddDepartment(p.ada.Account.ID, &department); err != nil {
			return err
		}
		managers, err := tx.Managers(p.ada.Account.ID, id)
		if err != nil {
			return err
		}
		return tx.PutInDepartment(p.ada.Account.ID, managers[0].ID, department.ID)
	})
	a = p.post("widgets/call-or-schedule", sample(t, "widgets-call-or-schedule.request.json"))
	if got, want := compact(t, a.body, "id"), compact(t, sample(t, "widgets-call-or-schedule.json"), "id"); got != want {
		t.Errorf("call-or-schedule: %s, want %s", got, want)
	}
	doc = p.told(id)
	managers, _ := doc["managers"].([]any)
	first, _ := managers[0].(map[string]any)
	if doc["call_requests_count"] != 1.0 || len(managers) != 1 || fmt.Sprint(first["departments"]) != "[map[id:1 name:Sales]]" {
		t.Errorf("told %v", doc)
	}
	a = p.post("widgets/delete", numbered("widgets-delete.request.json", "3409"))
	if a.body != compact(t, sample(t, "widgets-delete.json")) {
		t.Errorf("delete: %s", a.body)
	}
}
