package wire

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback-hq/ringback"
)

// additive lists the keys that we add to the documents, each with the row that allows it.
var additive = []string{
	"created_at_iso", // C10
	"recording",      // C13, in the single call only
	"encrypted_id",   // W4, in the single widget only
	"settings",       // W4, in the single widget only
}

// TestSamplesFitTheirTypes puts each sample of the API document through the type that we answer with: no key of the
// sample may be unknown, and what comes out must be the sample again, key for key.
func TestSamplesFitTheirTypes(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]any{
		"root.json":                     &Success[Empty]{},
		"calls-history.json":            &Listed[HistoryRow]{},
		"calls-field.json":              &Success[Empty]{},
		"calls-single.json":             &Got[SingleRow]{},
		"users-all.json":                &Listed[UserRow]{},
		"users-get.json":                &Got[UserRow]{},
		"users-create.json":             &Success[ID]{},
		"users-update.json":             &Success[ID]{},
		"users-delete.json":             &Success[*Empty]{},
		"managers-all.json":             &Listed[ManagerRow]{},
		"managers-get.json":             &Got[ManagerRow]{},
		"managers-create.json":          &Success[ID]{},
		"managers-update.json":          &Success[ID]{},
		"managers-delete.json":          &Success[*Empty]{},
		"voice-create.json":             &Success[ID]{},
		"voice-update.json":             &Success[ID]{},
		"voice-reset.json":              &Success[*Empty]{},
		"sms-create.json":               &Success[ID]{},
		"sms-update.json":               &Success[ID]{},
		"sms-reset.json":                &Success[*Empty]{},
		"widgets-all.json":              &Listed[WidgetRow]{},
		"widgets-get.json":              &Got[WidgetDetail]{},
		"widgets-update.json":           &Success[ID]{},
		"widgets-delete.json":           &Success[*Empty]{},
		"widgets-create.json":           &Success[ID]{},
		"widgets-call.json":             &Success[ID]{},
		"widgets-call-or-schedule.json": &Success[ID]{},
		"widgets-add-users.json":        &Success[[]Added]{},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := sample(t, name)
			if err := strictly(want, doc); err != nil {
				t.Fatalf("the type cannot hold the sample: %v", err)
			}
			got, err := Encode(doc, false)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(flat(t, want), flat(t, got, additive...)); diff != "" {
				t.Errorf("sample and answer differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestS8_TheRootSaysHello(t *testing.T) {
	t.Parallel()
	got, err := Encode(Success[Empty]{Message: Hello}, false)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(flat(t, sample(t, "root.json")), flat(t, got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func at(clock string) time.Time {
	t, err := time.Parse(TimeLayout, clock)
	if err != nil {
		return time.Time{}
	}
	return t
}

// sampleCall is the call that the webhook samples tell of.
func sampleCall(s ringback.Status) ringback.Call {
	return ringback.Call{
		ID: 3419, WidgetID: 3, To: "+48888888769", Status: s, Type: ringback.CallFromWidget,
		CreatedAt: at("2016-09-08 13:32:54"),
	}
}

func sampleTalk() *ringback.Attempt {
	return &ringback.Attempt{
		ID: 7, ManagerID: 4, Number: 1, Outcome: ringback.OutcomeCompleted,
		QueuedAt: at("2016-09-08 13:33:03"), TalkingAt: at("2016-09-08 13:33:25"), EndedAt: at("2016-09-08 13:37:33"),
		Legs: []ringback.Leg{
			{Party: ringback.PartyManager, DialedAt: at("2016-09-08 13:33:10")}, // rang, and another was quicker
			{
				Party: ringback.PartyManager, ManagerID: 4, DialedAt: at("2016-09-08 13:33:17"),
				AnsweredAt: at("2016-09-08 13:33:22"), EndedAt: at("2016-09-08 13:37:33"),
			},
			{
				Party: ringback.PartyVisitor, DialedAt: at("2016-09-08 13:33:21"),
				AnsweredAt: at("2016-09-08 13:33:25"), EndedAt: at("2016-09-08 13:37:25"),
			},
		},
	}
}

func sampleManager() *ringback.Manager {
	return &ringback.Manager{ID: 4, User: ringback.User{ID: 4, Name: "Admin", Tel: "+48570934649", Email: "admin@callpage.io"}}
}

func TestH7_EventsAreTheSamples(t *testing.T) {
	t.Parallel()
	booked := sampleCall(ringback.StatusScheduled)
	booked.ScheduledAt = at("2016-09-08 14:30:00")
	missed := sampleCall(ringback.StatusManagerFailed)
	missed.Attempts = 3
	completed := sampleCall(ringback.StatusCompleted)
	completed.Attempts = 1
	for kind, h := range map[ringback.EventKind]Happening{
		ringback.EventCallNew:       {Call: sampleCall(ringback.StatusNew)},
		ringback.EventCallScheduled: {Call: booked},
		ringback.EventCallMissed:    {Call: missed},
		ringback.EventCallCompleted: {Call: completed, Attempt: sampleTalk(), Manager: sampleManager()},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			got, err := EventBody(kind, h, time.UTC)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(flat(t, sample(t, "event."+string(kind)+".json")), flat(t, got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// beyond lists what the samples of calls hold and a call does not know yet.
var beyond = []string{
	"geo_loc", "geo_org", "geo_city", "geo_full", "geo_postal", "geo_region", "geo_country_code", "geo_country_name",
	"geo_continent_code", "geo_continent_name", "user_agent_device", "user_agent_device_type",
	"call_request_fields", "extension", "referer",
}

// TestACallBecomesTheSample makes the single call of the document from our own words.
func TestACallBecomesTheSample(t *testing.T) {
	t.Parallel()
	want := sample(t, "calls-single.json")
	r := Record{
		Call: ringback.Call{
			ID: 11925829, WidgetID: 47317, To: "+48512737669", Status: ringback.StatusCompleted, Type: ringback.CallFromWidget,
			CreatedAt: at("2023-12-19 09:46:56"), Visit: ringback.Visit{URL: "https://cpnow.me/d/JV4k", IP: "62.121.131.18", Locale: "pl"},
		},
		WidgetDescription: "plan",
		Attempt: &ringback.Attempt{
			ID: 18876778, TalkingAt: at("2023-12-19 09:47:20"), EndedAt: at("2023-12-19 09:47:28"),
		},
		Manager: &ringback.Manager{ID: 95653, User: ringback.User{
			ID: 71727, Tel: "+48535019417", Name: "ada", Email: "adriana.swierczek@outlook.com",
		}},
	}
	warsaw, err := time.LoadLocation("Europe/Warsaw")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Encode(Get(Single(r, Style{Zone: warsaw, International: spaced})), false)
	if err != nil {
		t.Fatal(err)
	}
	made := []string{"call/data/id", "call/data/sid", "caller_id/data/id", "request/data/id", "activated_at"}
	if diff := cmp.Diff(
		normal(flat(t, want, beyond...), made...),
		normal(flat(t, got, append(additive, beyond...)...), made...),
	); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// spaced writes the numbers of the samples as package dialplan would.
func spaced(n ringback.Number) string {
	s := string(n)
	return s[:3] + " " + s[3:6] + " " + s[6:9] + " " + s[9:]
}

func TestE9_EmptySinglesAreArrays(t *testing.T) {
	t.Parallel()
	style := Style{Zone: time.UTC, International: spaced}
	waiting := Record{Call: sampleCall(ringback.StatusNew)}
	rung := Record{Call: sampleCall(ringback.StatusManagerFailed), Attempt: &ringback.Attempt{ID: 7}}
	for _, tt := range []struct {
		name string
		doc  any
		path []string
	}{
		{"a call without an attempt", History(waiting, style), []string{"data", "call", "data"}},
		{"the same, alone", Single(waiting, style), []string{"data", "call", "data"}},
		{"a call without a visit", History(waiting, style), []string{"data", "request", "data"}},
		{"a call without a department", History(waiting, style), []string{"data", "department", "data"}},
		{"a call without feedback", History(waiting, style), []string{"data", "feedback", "data"}},
		{"a call without a message", History(waiting, style), []string{"data", "extension", "data"}},
		{"a call without tags", History(waiting, style), []string{"data", "tags", "data"}},
		{"a call without notes", History(waiting, style), []string{"data", "notes", "data"}},
		{"a call without fields", History(waiting, style), []string{"data", "call_request_fields", "data"}},
		{"an attempt without a manager", History(rung, style), []string{"data", "call", "data", "call_attempt", "data", "manager", "data"}},
		{"an attempt without a rating", Single(rung, style), []string{"data", "call", "data", "rating", "data"}},
		{"the meta of one thing", Get(ID{1}), []string{"meta"}},
		{"an empty list", List([]ID(nil), Meta{}), []string{"data"}},
		{"the data of a failure", Failure{HasError: true, ErrorCode: "x"}, []string{"data"}},
	} {
		b, err := Encode(tt.doc, false)
		if err != nil {
			t.Fatal(err)
		}
		got := json.RawMessage(b)
		for _, name := range tt.path {
			var object map[string]json.RawMessage
			if err := json.Unmarshal(got, &object); err != nil {
				t.Fatalf("%s: %v in %s", tt.name, err, got)
			}
			got = object[name]
		}
		if string(got) != "[]" {
			t.Errorf("%s: got %s, want []", tt.name, got)
		}
	}
}
