package callpage_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// A text is one row of sms/all.
type text struct {
	Enabled   any     `json:"enabled"`
	MessageID string  `json:"message_id"`
	Text      string  `json:"text"`
	UpdatedAt *string `json:"updated_at"`
}

// texts returns the wordings of a widget, in the order of the document.
func (p *place) texts(widget int64) [4]text {
	p.t.Helper()
	a := p.send("GET", fmt.Sprint(v1, "sms/all?widget_id=", widget), "")
	var doc struct{ Data [4]text }
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil || a.status != 200 {
		p.t.Fatalf("%v in %s", err, a.body)
	}
	return doc.Data
}

// wording is the body of a request about visitor.dial-completed.
func wording(widget int64, text string) string {
	return fmt.Sprintf(`{"widget_id":%d,"message_id":"visitor.dial-completed","text":%q}`, widget, text)
}

func TestE14_TheDefaultTextsAreTheSample(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	a := p.send("GET", fmt.Sprint(v1, "sms/all?widget_id=", p.openWidget()), "")
	if got, want := compact(t, a.body), compact(t, sample(t, "sms-all.json")); got != want { // rows E5 and T3
		t.Errorf("got  %s\nwant %s", got, want)
	}
	polish := p.id("widgets/create", `{"url":"https://a.pl","locale_code":"pl"}`)
	if got := p.texts(polish)[0].Text; !strings.HasPrefix(got, "Dziękujemy") {
		t.Errorf("in Polish: %q", got)
	}
}

func TestT3_EnabledIsANumberOnTheWayOut(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	for given, want := range map[string]float64{
		"": 1, `,"enabled":true`: 1, `,"enabled":false`: 0, `,"enabled":"0"`: 0, `,"enabled":1`: 1, `,"enabled":"off"`: 0, `,"enabled":null`: 1,
	} {
		p.id("sms/create", strings.TrimSuffix(wording(widget, "x"), "}")+given+"}")
		if got := p.texts(widget)[0].Enabled; got != want {
			t.Errorf("%s: %v, want %v", given, got, want)
		}
	}
}

func TestT1_TextsHaveUpTo240Characters(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	for text, status := range map[string]int{
		"x": 200, strings.Repeat("ż", 240): 200, strings.Repeat("ż", 241): 422, "": 422, " \n ": 422,
		strings.Repeat(":company_name", 18): 200, // before the variables are filled
	} {
		for _, path := range []string{"sms/create", "sms/update"} {
			a := p.post(path, wording(widget, text))
			if a.status != status && path == "sms/create" || status == 422 && (a.status != 422 || a.doc.Errors["text"] == nil) {
				t.Errorf("%s with %d bytes: %d %s, want %d", path, len(text), a.status, a.body, status)
			}
		}
	}
	if a := p.post("sms/create", `{"widget_id":1,"message_id":"visitor.dial-completed"}`); a.status != 422 {
		t.Errorf("without a text: %d %s", a.status, a.body)
	}
	if a := p.post("sms/create", `{"widget_id":1,"message_id":"nothing","text":"x"}`); a.status != 422 || a.doc.Errors["message_id"] == nil {
		t.Errorf("an unknown message: %d %s", a.status, a.body)
	}
}

func TestV4_ADefaultTextCannotBeUpdated(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	if a := p.post("sms/update", wording(widget, "x")); a.status != 422 || a.doc.ErrorCode != "not-customized" {
		t.Errorf("%d %s", a.status, a.body)
	}
	made := p.id("sms/create", wording(widget, "Hi, :name!\n"))
	changed := p.id("sms/update", fmt.Sprintf(`{"widget_id":%d,"message_id":"visitor.dial-completed","enabled":0}`, widget)) // row R14
	again := p.id("sms/create", wording(widget, "Hi, :name! <b>ż</b>"))
	if made != changed || made != again {
		t.Errorf("ids %d, %d, %d", made, changed, again)
	}
	if got := p.texts(widget)[0]; got.Text != "Hi, :name! <b>ż</b>" || got.UpdatedAt == nil || got.Enabled != 1.0 {
		t.Errorf("%+v", got)
	}
}

func TestT4_ResetGivesTheDefaultsBack(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	before := p.texts(widget)
	other := fmt.Sprintf(`{"widget_id":%d,"message_id":"user.missed-call-complaint","text":"y"}`, widget)
	p.id("sms/create", wording(widget, "x"))
	p.id("sms/create", other)
	if a := p.post("sms/reset", fmt.Sprintf(`{"widget_id":%d,"message_id":"visitor.dial-completed"}`, widget)); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if got := p.texts(widget); got[0] != before[0] || got[3].Text != "y" {
		t.Errorf("one: %+v", got)
	}
	for range 2 { // resetting a default is fine
		a := p.post("sms/reset", fmt.Sprintf(`{"widget_id":%d}`, widget))
		if compact(t, a.body) != compact(t, sample(t, "sms-reset.json")) { // row E4
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if got := p.texts(widget); got != before {
		t.Errorf("all: %+v", got)
	}
}
