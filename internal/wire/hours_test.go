package wire

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback-hq/ringback"
)

func parsed(t *testing.T, doc string) any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(doc))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return v
}

func monday(start, end ringback.Clock, zone string) ringback.Shift {
	return ringback.Shift{Weekday: time.Monday, Enabled: true, Start: start, End: end, Zone: zone}
}

const (
	nine = ringback.Clock(9 * 3600)
	five = ringback.Clock(17 * 3600)
)

func TestW19_BusinessTimesAreForOneOrForEach(t *testing.T) {
	t.Parallel()
	const day = `{"day_of_week":1,"enabled":true,"start_time":"09:00","end_time":"17:00"}`
	one := ringback.Hours{monday(nine, five, "Europe/Warsaw")}
	for _, tt := range []struct {
		name, doc string
		users     int
		want      []ringback.Hours
	}{
		{"none", `null`, 2, []ringback.Hours{nil, nil}},
		{"empty", `[]`, 2, []ringback.Hours{nil, nil}},
		{"nested for one", `[[` + day + `]]`, 1, []ringback.Hours{one}},
		{"flat for one", `[` + day + `]`, 1, []ringback.Hours{one}},
		{"flat for many", `[` + day + `]`, 2, []ringback.Hours{one, one}},
		{"nested for many", `[[` + day + `],[]]`, 2, []ringback.Hours{one, nil}},
		{"JSON in a text", `"[` + strings.ReplaceAll(day, `"`, `\"`) + `]"`, 1, []ringback.Hours{one}},
	} {
		got, err := ReadHours(parsed(t, tt.doc), tt.users)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tt.name, diff)
		}
	}
	for _, doc := range []string{`[[` + day + `]]`, `[[],[],[]]`} {
		if got, err := ReadHours(parsed(t, doc), 2); err == nil {
			t.Errorf("%s is taken for two users: %v", doc, got)
		}
	}
}

func TestM2_BothSpellingsOfBusinessTimes(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]ringback.Shift{
		`{"day_of_week":1,"enabled":1,"start_time":"09:00:00","end_time":"17:00:00","timezone":"UTC"}`: monday(nine, five, "UTC"),
		`{"day_of_week":"1","enabled":"on","start_time":"9:00","end_time":"17:00","timezone":""}`:      monday(nine, five, "Europe/Warsaw"),
		`{"day_of_week":1,"start_time":"09:00","end_time":"17:00"}`:                                    monday(nine, five, "Europe/Warsaw"),
		`{"day_of_week":1,"enabled":true,"start_time":"22:00","end_time":"06:00"}`:                     monday(22*3600, 6*3600, "Europe/Warsaw"), // row M4
		`{"day_of_week":1,"enabled":true,"start_time":"00:00","end_time":"24:00"}`:                     monday(0, ringback.EndOfDay, "Europe/Warsaw"),
		`{"day_of_week":1,"enabled":true,"start_time":"00:00","end_time":"00:00"}`:                     monday(0, 0, "Europe/Warsaw"),
		`{"day_of_week":0,"enabled":false,"start_time":null,"end_time":null}`:                          {Weekday: time.Sunday, Zone: "Europe/Warsaw"},
		`{"day_of_week":0}`: {Weekday: time.Sunday, Zone: "Europe/Warsaw"},
		`{"day_of_week":1,"enabled":0,"start_time":"09:00","end_time":"17:00"}`: {
			Weekday: time.Monday, Start: nine, End: five, Zone: "Europe/Warsaw",
		},
	} {
		got, err := ReadHours(parsed(t, `[`+doc+`]`), 1)
		if err != nil {
			t.Errorf("%s: %v", doc, err)
			continue
		}
		if diff := cmp.Diff([]ringback.Hours{{want}}, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", doc, diff)
		}
	}
}

func TestM4_MidnightToMidnightIsTheWholeDay(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"00:00", "24:00"} {
		hours, err := ReadHours(parsed(t, `[{"day_of_week":1,"enabled":true,"timezone":"UTC","start_time":"00:00","end_time":"`+end+`"}]`), 1)
		if err != nil {
			t.Fatal(err)
		}
		for clock, want := range map[string]bool{
			"2024-01-01 00:00:00": true, "2024-01-01 12:00:00": true, "2024-01-01 23:59:59": true,
			"2023-12-31 23:59:59": false, "2024-01-02 00:00:00": false,
		} {
			if got := hours[0].Open(at(clock)); got != want {
				t.Errorf("until %s, open at %s: %v", end, clock, got)
			}
		}
	}
}

func TestM7_TwoEntriesForADayAreTwoIntervals(t *testing.T) {
	t.Parallel()
	got, err := ReadHours(parsed(t, `[{"day_of_week":1,"start_time":"09:00","end_time":"12:00"},{"day_of_week":1,"start_time":"13:00","end_time":"17:00"}]`), 1)
	if err != nil {
		t.Fatal(err)
	}
	want := []ringback.Hours{{monday(nine, 12*3600, "Europe/Warsaw"), monday(13*3600, five, "Europe/Warsaw")}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestNonsenseInBusinessTimesIsRefused(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		`"always"`, `{}`, `true`, `["monday"]`, `[[[]]]`, `[[{}]]`, `[{"day_of_week":7}]`, `[{"day_of_week":-1}]`, `[{"day_of_week":null}]`,
		`[{"day_of_week":1,"enabled":true}]`, `[{"day_of_week":1,"enabled":true,"start_time":"09:00"}]`,
		`[{"day_of_week":1,"enabled":"perhaps"}]`, `[{"day_of_week":1,"start_time":"9","end_time":"17:00"}]`,
		`[{"day_of_week":1,"start_time":"09:00","end_time":"25:00"}]`, `[{"day_of_week":1,"timezone":"Mars/Olympus"}]`,
		`[{"day_of_week":1,"timezone":"../../etc/passwd"}]`, `[{"day_of_week":1,"timezone":"Local"}]`,
		`[` + strings.Repeat(`{"day_of_week":1},`, mostShifts) + `{"day_of_week":1}]`, `"[1"`,
	} {
		got, err := ReadHours(parsed(t, doc), 1)
		if ringback.KindOf(err) != ringback.Invalid {
			t.Errorf("%.100s is taken: %v, %v", doc, got, err)
		}
	}
}

func TestTheSampleOfAddUsersIsRead(t *testing.T) {
	t.Parallel()
	var body struct {
		BusinessTimes any `json:"business_times"`
	}
	if err := json.Unmarshal(sample(t, "widgets-add-users.request.json"), &body); err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(sample(t, "widgets-add-users.request.json"))))
	dec.UseNumber()
	if err := dec.Decode(&body); err != nil {
		t.Fatal(err)
	}
	got, err := ReadHours(body.BusinessTimes, 2)
	if err != nil {
		t.Fatal(err)
	}
	week := ringback.DefaultHours(ringback.DefaultZone)
	if diff := cmp.Diff([]ringback.Hours{week, week}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestW2_SettingsComeInThreeShapes(t *testing.T) {
	t.Parallel()
	want := map[string]any{"call.algorithm": "findme", "call.recording": false, "countdown": "30"}
	for _, doc := range []string{
		`{"call.algorithm":"findme","call.recording":false,"countdown":30}`,
		`{"call":{"algorithm":"findme","recording":false},"countdown":30}`,
		`[{"key":"call.algorithm","value":"findme"},{"key":"call.recording","value":false},{"key":"countdown","value":30}]`,
	} {
		got, err := ReadSettings(parsed(t, doc))
		if err != nil {
			t.Errorf("%s: %v", doc, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", doc, diff)
		}
	}
	for _, doc := range []string{`"x"`, `1`, `["x"]`, `[{"value":1}]`} {
		if got, err := ReadSettings(parsed(t, doc)); err == nil {
			t.Errorf("%s is taken: %v", doc, got)
		}
	}
	deep := strings.Repeat(`{"a":`, 5000) + `1` + strings.Repeat(`}`, 5000)
	if got, err := ReadSettings(parsed(t, deep)); err != nil || len(got) != 0 {
		t.Errorf("a deep tree: %d settings, %v", len(got), err)
	}
}
