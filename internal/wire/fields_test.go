package wire

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback-hq/ringback"
)

func emailField() ringback.Field { return ringback.Field{ID: 3, Slug: "email", Label: "E-mail"} }

func nameField() ringback.Field { return ringback.Field{ID: 4, Slug: "name", Label: "Your name"} }

func TestC17_AnAnswerStandsTwiceInAHistoryAndOnceInAnEvent(t *testing.T) {
	t.Parallel()
	rating := ringback.Field{ID: 113855, Slug: "rating", Hint: "Jak podobała ci się rozmowa"}
	answers := []ringback.Answer{{Field: rating, Value: "4.5"}}
	got := encoded(t, History(Record{Answers: answers}, Style{Zone: time.UTC, International: unspoken}))
	want := `"call_request_fields":{"data":[{"id":113855,"hint":"Jak podobała ci się rozmowa","slug":"rating","label":"",` +
		`"value":"4.5","field_value":"4.5","placeholder":null}]}`
	if !strings.Contains(got, want) {
		t.Errorf("%s is not in %s", want, got)
	}
	body, err := EventBody(ringback.EventCallCompleted, Happening{Answers: answers}, time.UTC)
	want = `"fields":[{"id":113855,"label":"","placeholder":null,"hint":"Jak podobała ci się rozmowa","value":null,` +
		`"slug":"rating","field_value":"4.5"}]`
	if err != nil || !strings.Contains(string(body), want) {
		t.Errorf("%s is not in %s, %v", want, body, err)
	}
}

// unspoken writes no number at all.
func unspoken(ringback.Number) string { return "" }

func TestH6_FieldsAreNullUntilThereIsAValue(t *testing.T) {
	t.Parallel()
	for _, row := range ringback.Events {
		body, err := EventBody(row.Kind, Happening{}, time.UTC)
		if err != nil || !strings.Contains(string(body), `"fields":null`) {
			t.Errorf("%s: %s, %v", row.Kind, body, err)
		}
		body, err = EventBody(row.Kind, Happening{Answers: []ringback.Answer{{Field: nameField(), Value: ""}}}, time.UTC)
		if err != nil || !strings.Contains(string(body), `"fields":[{"id":4,`) {
			t.Errorf("%s with a value: %s, %v", row.Kind, body, err)
		}
	}
}

func TestH7_DataAddedIsTheSample(t *testing.T) {
	t.Parallel()
	c := sampleCall(ringback.StatusCompleted)
	c.Attempts = 1
	got, err := EventBody(ringback.EventDataAdded, Happening{
		Call: c, Attempt: sampleTalk(), Manager: sampleManager(), Feedback: &ringback.Feedback{Email: "happy@customer.com"},
		Answers: []ringback.Answer{
			{Field: emailField(), Value: "customer@example.com"}, {Field: nameField(), Value: "Happy Customer"},
		},
	}, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(flat(t, sample(t, "event.data.added.json")), flat(t, got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestH1_TheMessageIsTheSampleWithItsEvent(t *testing.T) {
	t.Parallel()
	got, err := EventBody(ringback.EventMessageNew, Happening{
		Call:    ringback.Call{ID: 1, WidgetID: 1, Status: ringback.StatusNew, Visit: ringback.Visit{URL: "https://test.com"}},
		Message: &ringback.Message{Email: "happy@customer.com", Text: "Some text"},
		Number:  "+48 123 123 123", UserID: 2, Link: "https://core.callpage.io/calls/1",
	}, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(flat(t, sample(t, "event.new.message.json"), "call_request"), flat(t, got, "call_request", "event")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !strings.HasSuffix(string(got), `,"event":"new.message"}}`) {
		t.Errorf("the event is not said: %s", got)
	}
}

func TestH2_TheCallOfAMessageIsItsWebhookForm(t *testing.T) {
	t.Parallel()
	c := sampleCall(ringback.StatusNew)
	c.Ref = "order 12"
	got, err := EventBody(ringback.EventMessageNew, Happening{
		Call: c, Message: &ringback.Message{Text: "x"}, Answers: []ringback.Answer{{Field: nameField(), Value: "Eve"}},
	}, time.UTC)
	want := `"call_request":[{"id":3419,"status":"new","ref_id":"order 12","to":"+48888888769","widget_id":3,` +
		`"created_at":"2016-09-08 13:32:54","scheduled_at":null,"request":null,"fields":[{"id":4,`
	if err != nil || !strings.Contains(string(got), want) || !strings.Contains(string(got), `"widget":"3","user":"0"`) {
		t.Errorf("%s is not in %s, %v", want, got, err)
	}
}

func TestC16_AMessageIsTheExtension(t *testing.T) {
	t.Parallel()
	r := Record{
		Call: sampleCall(ringback.StatusNew), Message: &ringback.Message{Email: "john5@callpage.io", Text: "test"},
	}
	got := encoded(t, History(r, Style{Zone: time.UTC, International: spaced}))
	for _, want := range []string{
		`"extension":{"data":{"email":"john5@callpage.io","message":"test"}}`, `"human_status":"new"`, `"call":{"data":[]}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
}

func TestC15_TheShapesThatNoSampleShows(t *testing.T) {
	t.Parallel()
	r := Record{
		Call: sampleCall(ringback.StatusCompleted), Attempt: sampleTalk(), Department: &ringback.Department{ID: 5, Name: "Sales"},
		Tags:     []ringback.Tag{{ID: 107, Name: "hot"}, {ID: 108, Name: "b2b"}},
		Notes:    []ringback.Note{{ID: 9, UserID: 4, Text: "call again", CreatedAt: at("2016-09-08 13:40:00")}},
		Feedback: &ringback.Feedback{Email: "happy@customer.com", Text: "thanks", Rate: 4, Issues: []string{"noise"}},
	}
	style := Style{Zone: time.UTC, International: spaced}
	for name, got := range map[string]string{"history": encoded(t, History(r, style)), "single": encoded(t, Single(r, style))} {
		for _, want := range []string{
			`"tags":{"data":[{"id":107,"name":"hot"},{"id":108,"name":"b2b"}]}`,
			`"notes":{"data":[{"id":9,"text":"call again","created_at":"2016-09-08 13:40:00"}]}`,
			`"feedback":{"data":{"email":"happy@customer.com","message":"thanks"}}`,
			`"rating":{"data":{"rate":4,"issues":["noise"]}}`, `"department":{"data":{"id":5,"name":"Sales"}}`,
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %s is not in %s", name, want, got)
			}
		}
	}
	r.Feedback = &ringback.Feedback{Rate: 5}
	got := encoded(t, History(r, style))
	if !strings.Contains(got, `"feedback":{"data":[]}`) || !strings.Contains(got, `"rating":{"data":{"rate":5,"issues":[]}}`) {
		t.Errorf("a mere rating: %s", got)
	}
}

func TestW26_FieldsComeInEverySpelling(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]ringback.Reply{
		`null`:                          nil,
		`{}`:                            nil,
		`{"name":"Eve","email":"e@x"}`:  {{Name: "email", Value: "e@x"}, {Name: "name", Value: "Eve"}},
		`{"vip":true,"age":4.5,"x":""}`: {{Name: "age", Value: "4.5"}, {Name: "vip", Value: "true"}, {Name: "x"}},
		`{"name":null}`:                 nil,
		`[{"slug":"name","value":"Eve"},{"id":"7","value":7}]`:                        {{Name: "name", Value: "Eve"}, {FieldID: 7, Value: "7"}},
		`[{"id":3,"label":"E-mail","value":null,"slug":"email","field_value":"e@x"}]`: {{FieldID: 3, Name: "email", Value: "e@x"}},
	} {
		got, err := ReadFields(decoded(t, in))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v, -want +got:\n%s", in, err, diff)
		}
	}
	for _, in := range []string{`"x"`, `1`, `["x"]`, `[{"value":"x"}]`, `[{"slug":"x"}]`, `{"x":{}}`, `{"x":[]}`, `[{"id":"x","value":1}]`, `[{"id":-1,"value":1}]`} {
		if got, err := ReadFields(decoded(t, in)); ringback.KindOf(err) != ringback.Invalid {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
}

func decoded(t *testing.T, doc string) any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(doc))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestC14_TheTypeOfACallIsTheWires(t *testing.T) {
	t.Parallel()
	for kind, want := range map[ringback.CallType]string{
		ringback.CallFromWidget: `"type":1,`, ringback.CallIncoming: `"type":2,`, ringback.CallManual: `"type":3,`,
	} {
		r := Record{Call: ringback.Call{Type: kind}, Attempt: &ringback.Attempt{ID: 7}}
		style := Style{Zone: time.UTC, International: unspoken}
		for _, got := range []string{encoded(t, History(r, style)), encoded(t, Single(r, style))} {
			if !strings.Contains(got, want) {
				t.Errorf("%s is not in %s", want, got)
			}
		}
	}
}

func TestC19_ACallBelongsToAWidget(t *testing.T) {
	t.Parallel()
	r := Record{Call: ringback.Call{WidgetID: 47317}, WidgetDescription: "plan"}
	got := encoded(t, History(r, Style{Zone: time.UTC, International: unspoken}))
	for _, want := range []string{`"leadable_id":47317`, `"leadable_type":"Widget"`, `"leadable_description":"plan"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
}

func TestC22_TheAttemptIsThereWithoutAManager(t *testing.T) {
	t.Parallel()
	r := Record{Attempt: &ringback.Attempt{ID: 7}}
	got := encoded(t, History(r, Style{Zone: time.UTC, International: unspoken}))
	if want := `"call_attempt":{"data":{"id":7,"manager":{"data":[]}}}`; !strings.Contains(got, want) {
		t.Errorf("%s is not in %s", want, got)
	}
	body, err := EventBody(ringback.EventCallCompleted, Happening{Attempt: r.Attempt}, time.UTC)
	if err != nil || !strings.Contains(string(body), `"call_attempt":{"manager":null}`) {
		t.Errorf("%s, %v", body, err)
	}
}

func TestC23_BillingTimeIsANumberAndInEventsAText(t *testing.T) {
	t.Parallel()
	got := encoded(t, History(Record{Attempt: sampleTalk()}, Style{Zone: time.UTC, International: unspoken}))
	if !strings.Contains(got, `"billing_time":248,`) {
		t.Errorf("no number in %s", got)
	}
	body, err := EventBody(ringback.EventCallCompleted, Happening{Attempt: sampleTalk()}, time.UTC)
	if err != nil || !strings.Contains(string(body), `"billing_time":"248"`) {
		t.Errorf("no text in %s, %v", body, err)
	}
}

func TestH8_TheRecordingIsALinkOrNull(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{"": `"recording":null`, "https://x/r?a=1&b=2": `"recording":"https://x/r?a=1&b=2"`} {
		for _, kind := range []ringback.EventKind{ringback.EventCallCompleted, ringback.EventRecordingReady} {
			body, err := EventBody(kind, Happening{Attempt: sampleTalk(), RecordingURL: url}, time.UTC)
			if err != nil || !strings.Contains(string(body), want) {
				t.Errorf("%s: %s is not in %s, %v", kind, want, body, err)
			}
		}
	}
}
