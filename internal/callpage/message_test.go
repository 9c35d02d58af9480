package callpage_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store"
)

// promised returns the kinds and documents of all events that a webhook of ada's was promised. The webhook must be there.
func (p *place) promised(hook int64) (kinds []ringback.EventKind, bodies []string) {
	p.t.Helper()
	p.write(func(tx *store.Tx) error {
		log, err := tx.Deliveries(p.ada.Account.ID, hook, 50)
		for _, d := range log {
			kinds, bodies = append(kinds, d.Kind), append(bodies, string(d.Body))
		}
		return err
	})
	return kinds, bodies
}

// listener adds a webhook that gets every documented event.
func (p *place) listener() int64 {
	p.t.Helper()
	w := ringback.Webhook{AccountID: p.ada.Account.ID, URL: "https://hook.example", Secret: "s"}
	p.write(func(tx *store.Tx) error { return tx.AddWebhook(&w) })
	return w.ID
}

const v2 = "/api/v2/external/"

const form = "application/x-www-form-urlencoded"

func TestP3_AMessageIsALead(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget, hook := p.closedWidget(`{}`), p.listener()
	a := p.send("POST", fmt.Sprintf("%swidgets/%d/message", v2, widget),
		"tel=600+100+200&email=eve%40example.com&text=Do+you+sell+tea%3F&url=https://shop.example/tea", "Content-Type", form)
	if got := compact(t, a.body, "id"); got != `{"hasError":false,"errorCode":0,"message":"","data":{"id":N}}` {
		t.Fatalf("%d %s", a.status, a.body)
	}
	c := p.call(1)
	if c.Status != ringback.StatusNew || c.To != "+48600100200" || c.EndedAt.IsZero() || c.Visit.URL != "https://shop.example/tea" {
		t.Errorf("stored %+v", c)
	}
	a = p.send("GET", "/api/v3/external/calls/1", "")
	for _, want := range []string{
		`"human_status":"new"`, `"extension":{"data":{"email":"eve@example.com","message":"Do you sell tea?"}}`, `"call":{"data":[]}`,
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("%s is not in %s", want, a.body)
		}
	}
	kinds, bodies := p.promised(hook)
	if len(kinds) != 1 || kinds[0] != ringback.EventMessageNew {
		t.Fatalf("told %v", kinds)
	}
	for _, want := range []string{
		`{"data":{"email":"eve@example.com","message_from_client":"Do you sell tea?","call_request":[{"id":1,"status":"new",`,
		`"number":"+48 600 100 200","widget":"1","user":"1","url":"https://shop.example/tea","link":"https://ring.example/calls/1"`,
		`"event":"new.message"`,
	} {
		if !strings.Contains(bodies[0], want) {
			t.Errorf("%s is not in %s", want, bodies[0])
		}
	}
}

func TestR17_AMessageIsLeftByTheOldClient(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	var public string
	p.write(func(tx *store.Tx) error {
		w, err := tx.Widget(p.ada.Account.ID, widget)
		public = w.PublicID
		return err
	})
	a := p.send("POST", v2+"widgets/"+public+"/message", "tel=%2B48600100200&email=e%40example.com&text=Hi", "Content-Type", form)
	if a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	a = p.send("POST", v2+"widgets/call", "tel=600100201&id="+public, "Content-Type", form)
	if a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// A message stays new, and must look like a waiting call to nobody: not to the switchboard and not to the next order.
func TestC16_AMessageRingsNobody(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	id := p.id(fmt.Sprintf("widgets/%d/message", widget), `{"tel":"600100200","text":"Hi"}`)
	far := time.Now().AddDate(100, 0, 0)
	p.write(func(tx *store.Tx) error {
		queues, err := tx.Queues(far)
		if len(queues) != 0 {
			t.Errorf("it waits to be rung: %v", queues)
		}
		return err
	})
	if call := p.id("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"600100200"}`, widget)); call == id {
		t.Errorf("an order became the message %d", id)
	}
	if again := p.id(fmt.Sprintf("widgets/%d/message", widget), `{"tel":"600100200","text":"Hi"}`); again == id {
		t.Errorf("a second message became the first")
	}
}

func TestAMessageThatCannotBeTaken(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	off := p.id("widgets/create", `{"url":"https://a.pl","enabled":0}`)
	for name, tt := range map[string]struct {
		widget            any
		body, code, field string
		status            int
	}{
		"no number":         {widget, `{"text":"Hi"}`, "validation-failed", "tel", 422},
		"a strange number":  {widget, `{"tel":"hello","text":"Hi"}`, "invalid-phone-number", "tel", 422},
		"nothing said":      {widget, `{"tel":"600100200","text":" "}`, "validation-failed", "text", 422},
		"too much said":     {widget, `{"tel":"600100200","text":"` + strings.Repeat("x", 5001) + `"}`, "validation-failed", "text", 422},
		"a strange address": {widget, `{"tel":"600100200","text":"Hi","email":"eve"}`, "validation-failed", "email", 422},
		"strange fields":    {widget, `{"tel":"600100200","text":"Hi","fields":[1]}`, "validation-failed", "fields", 422},
		"another's field":   {widget, `{"tel":"600100200","text":"Hi","fields":[{"id":77,"value":1}]}`, "validation-failed", "fields", 422},
		"no such widget":    {999, `{"tel":"600100200","text":"Hi"}`, "not-found", "", 404},
		"no widget at all":  {"x", `{"tel":"600100200","text":"Hi"}`, "not-found", "", 404},
		"switched off":      {off, `{"tel":"600100200","text":"Hi"}`, "disabled-widget", "id", 422},
	} {
		a := p.send("POST", fmt.Sprintf("%swidgets/%v/message", v2, tt.widget), tt.body, "Content-Type", "application/json")
		if a.status != tt.status || a.doc.ErrorCode != tt.code || tt.field != "" && a.doc.Errors[tt.field] == nil {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if n := p.count(); n != 0 {
		t.Errorf("%d calls were stored", n)
	}
}

func TestE17_AMessageSentAgainIsTakenOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	path := fmt.Sprintf("widgets/%d/message", p.openWidget())
	first := p.id(path, `{"tel":"600100200","text":"Hi"}`, "Idempotency-Key", "k")
	if again := p.id(path, `{"tel":"600100200","text":"Hi"}`, "Idempotency-Key", "k"); again != first || p.count() != 1 {
		t.Errorf("%d and %d, of %d", first, again, p.count())
	}
}

// questioned makes a call with two fields, and returns it with their ids.
func (p *place) questioned() (call int64, fields map[string]int64) {
	p.t.Helper()
	call = p.id("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"600100200","fields":{"E-mail":"e@example.com","Age":41}}`, p.openWidget()))
	return call, p.fields(call)
}

// fields returns the ids of the fields that were answered for a call.
func (p *place) fields(call int64) map[string]int64 {
	p.t.Helper()
	ids := map[string]int64{}
	for slug, f := range p.answers(call) {
		ids[slug] = f.ID
	}
	return ids
}

type fieldDoc struct {
	ID                int64
	Slug, Label       string
	Value, FieldValue *string
}

func (p *place) answers(call int64) map[string]fieldDoc {
	p.t.Helper()
	a := p.send("GET", fmt.Sprint("/api/v3/external/calls/", call), "")
	var doc struct {
		Data struct {
			Data struct {
				Fields struct {
					Data []struct {
						ID         int64   `json:"id"`
						Slug       string  `json:"slug"`
						Label      string  `json:"label"`
						Value      *string `json:"value"`
						FieldValue *string `json:"field_value"`
					} `json:"data"`
				} `json:"call_request_fields"`
			} `json:"data"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
		p.t.Fatal(err)
	}
	answers := map[string]fieldDoc{}
	for _, f := range doc.Data.Data.Fields.Data {
		answers[f.Slug] = fieldDoc(f)
	}
	return answers
}

func TestW26_FieldsOfACallAreKeptAndEchoed(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	hook := p.listener()
	call, _ := p.questioned()
	answers := p.answers(call)
	if got := answers["e-mail"]; got.Label != "E-mail" || *got.Value != "e@example.com" || *got.FieldValue != "e@example.com" {
		t.Errorf("kept %+v", answers)
	}
	if got := answers["age"]; *got.Value != "41" { // row C17: a text
		t.Errorf("kept %+v", answers)
	}
	_, bodies := p.promised(hook)
	if len(bodies) != 1 || !strings.Contains(bodies[0], `"slug":"e-mail","field_value":"e@example.com"`) {
		t.Errorf("told %v", bodies)
	}
	widget := p.call(call).WidgetID
	again := p.id("widgets/call", fmt.Sprintf(`id=%d&tel=600100209&fields[age]=42`, widget), "Content-Type", form)
	if p.fields(again)["age"] != answers["age"].ID { // row C17: the definition's id
		t.Errorf("another call has other fields: %v, %v", p.answers(again), answers)
	}
	many := strings.Repeat(`{"slug":"f","value":1},`, 60)
	a := p.post("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"600100208","fields":[%s{"slug":"x","value":2}]}`, widget, many))
	if a.status != 422 || a.doc.Errors["fields"] == nil {
		t.Errorf("too many: %d %s", a.status, a.body)
	}
}

func TestC18_AFieldIsSetAsAText(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	hook := p.listener()
	call, fields := p.questioned()
	target := fmt.Sprintf("%scalls/%d/fields/%d", v1, call, fields["age"])
	for body, want := range map[string]string{
		sample(t, "calls-field.request.json"): "12", `{"value":"Żółw"}`: "Żółw", `{"value":true}`: "true", `{"value":4.5}`: "4.5", `{"value":""}`: "",
		`{"value":" a "}`: " a ",
	} {
		a := p.send("PATCH", target, body, "Content-Type", "application/json")
		if got, want := compact(t, a.body), compact(t, sample(t, "calls-field.json")); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
		if got := *p.answers(call)["age"].Value; got != want {
			t.Errorf("%s: kept %q", body, got)
		}
	}
	if kinds, _ := p.promised(hook); len(kinds) != 1 || kinds[0] != ringback.EventCallNew { // no data.added
		t.Errorf("told %v", kinds)
	}
	for _, body := range []string{`{}`, `{"value":null}`, `{"value":[1]}`, `{"value":{"a":1}}`, `{"value":"` + strings.Repeat("x", 1001) + `"}`} {
		if a := p.send("PATCH", target, body, "Content-Type", "application/json"); a.status != 422 || a.doc.Errors["value"] == nil {
			t.Errorf("%.40s: %d %s", body, a.status, a.body)
		}
	}
}

func TestC18_AFieldOfAnotherWidgetIsNotThere(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	call, fields := p.questioned()
	other := p.id("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"600100201"}`, p.openWidget()))
	for _, target := range []string{
		fmt.Sprintf("calls/%d/fields/%d", other, fields["age"]), fmt.Sprintf("calls/999/fields/%d", fields["age"]),
		fmt.Sprintf("calls/%d/fields/999", call), fmt.Sprintf("calls/%d/fields/x", call), fmt.Sprintf("calls/x/fields/%d", fields["age"]),
	} {
		if a := p.send("PATCH", v1+target, `{"value":1}`); a.status != 404 {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
}

func TestP2_AFieldIsSetUnderEveryAddress(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	call, fields := p.questioned()
	for i, prefix := range []string{"/api/v1/web/", "/api/v1/external/", "/api/v2/external/", "/api/v3/external/"} {
		target := fmt.Sprintf("%scalls/%d/fields/%d", prefix, call, fields["age"])
		if a := p.send("PATCH", target, fmt.Sprintf(`{"value":%d}`, i)); a.status != 200 || *p.answers(call)["age"].Value != fmt.Sprint(i) {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
		if a := p.send("PATCH", target, `{"value":1}`, "Authorization", ""); a.status != 401 {
			t.Errorf("%s without a key: %d %s", target, a.status, a.body)
		}
		if a := p.send("PATCH", target, `{"value":1}`, "Authorization", p.eve.Key); a.status != 404 {
			t.Errorf("%s with another's key: %d %s", target, a.status, a.body)
		}
	}
	if a := p.send("GET", "/api/v1/web/calls/1", ""); a.status != 404 {
		t.Errorf("all of it is there: %d %s", a.status, a.body)
	}
}

func TestS2_ViewingCallsIsEnoughToSetAField(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	call, fields := p.questioned()
	target := fmt.Sprintf("%scalls/%d/fields/%d", v1, call, fields["age"])
	if a := p.send("PATCH", target, `{"value":1}`, "Authorization", p.key(0, ringback.ScopeCallsView)); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := p.send("PATCH", target, `{"value":1}`, "Authorization", p.key(0, ringback.ScopeWidgetsCall)); a.status != 403 {
		t.Errorf("%d %s", a.status, a.body)
	}
}
