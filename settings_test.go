package ringback_test

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/ringback-hq/ringback"
)

// TestTheSettingsAreThoseOfTheDocument has the table of the API document, row by row: what it takes, what it refuses,
// and what holds where nothing was said.
func TestTheSettingsAreThoseOfTheDocument(t *testing.T) {
	t.Parallel()
	yesOrNo := []any{true, false}
	documented := []struct {
		key       string
		otherwise any
		takes     []any
		refuses   []any
	}{
		{"callerId", 0, []any{0, 1, 2}, []any{-1, 3, 0.5, "x", true}},
		{"countdown", 28, []any{28, 40, 59}, []any{27, 60, 0, "", 28.5}}, // row W8
		{"call.algorithm", "simulring", []any{"simulring", "findme"}, []any{"ringall", "", "SIMULRING", 1}},
		{"call.recording", true, yesOrNo, []any{"maybe", 2}},
		{"call.direction", "ab", []any{"ab", "ba"}, []any{"aa", ""}},
		{"call.from", true, yesOrNo, []any{"maybe"}},
		{"widget.showMobile", true, yesOrNo, []any{"maybe"}},
		{"widget.hideAfterHourss", false, yesOrNo, []any{"maybe"}},
		{"widget.enableSmsName", true, yesOrNo, []any{"maybe"}},
		{"widget.playSound", true, yesOrNo, []any{"maybe"}},
		{"widget.showScheduled", true, yesOrNo, []any{"maybe"}},
		{"widget.showCallStats", true, yesOrNo, []any{"maybe"}},
		{"widget.showHint", true, yesOrNo, []any{"maybe"}},
		{"widget.showFlags", false, yesOrNo, []any{"maybe"}},
		{"widget.style.position", "bottom-right", []any{"top-left", "top-right", "bottom-left", "bottom-right"}, []any{"middle"}},
		{"widget.style.scheme", "blue", []any{"blue", "green", "red", "yellow", "grey", "custom"}, []any{"gray", "pink"}},
		{"widget.style.color", "", []any{"", "#1a73e8"}, []any{"blue", "#12", 123456}},
		{"widget.button.autoShow", true, yesOrNo, []any{"maybe"}},
		{"widget.button.showTimeout", 3000, []any{0, 3000, 600_000}, []any{"soon", 0.5}},
		{"widget.button.showManagersCount", true, yesOrNo, []any{"maybe"}},
		{"etc.allowRecording", true, yesOrNo, []any{"maybe"}},
	}
	ours := []string{"api.call.whenUnavailable", "callerIdNumber", "widget.hideAfterHours"} // rows W20, W5 and W3
	for _, row := range documented {
		ours = append(ours, row.key)
		if got := ringback.Settings(nil).All()[row.key]; got != row.otherwise {
			t.Errorf("%s is %v by default, want %v", row.key, got, row.otherwise)
		}
		for _, v := range row.takes {
			s, err := ringback.Settings(nil).Merge(map[string]any{row.key: v})
			if err != nil || s.All()[row.key] != v {
				t.Errorf("%s = %v: %v, %v", row.key, v, s, err)
			}
		}
		for _, v := range row.refuses {
			s, err := ringback.Settings(nil).Merge(map[string]any{row.key: v})
			if e, ok := errors.AsType[*ringback.Error](err); !ok || e.Kind != ringback.Invalid {
				t.Errorf("%s = %v is taken: %v, %v", row.key, v, s, err)
			}
		}
	}
	slices.Sort(ours)
	if got := slices.Sorted(maps.Keys(ringback.Settings(nil).All())); !slices.Equal(got, ours) {
		t.Errorf("the settings are %v,\nwant %v", got, ours)
	}
}

func merged(t *testing.T, old ringback.Settings, changes map[string]any) ringback.Settings {
	t.Helper()
	s, err := old.Merge(changes)
	if err != nil {
		t.Fatalf("%v: %v", changes, err)
	}
	return s
}

func TestW2_SettingsAreMergedAndBadOnesNamed(t *testing.T) {
	t.Parallel()
	s := merged(t, nil, map[string]any{"countdown": 30, "unknown": "x", "call.recording": nil})
	s = merged(t, s, map[string]any{"call.algorithm": "findme"})
	if want := (ringback.Settings{"countdown": 30, "call.algorithm": "findme"}); !reflect.DeepEqual(s, want) {
		t.Errorf("got %v, want %v", s, want)
	}
	for range 20 { // the same key is named every time
		_, err := s.Merge(map[string]any{"countdown": 60, "call.direction": "up", "widget.showHint": 7})
		if e, ok := errors.AsType[*ringback.Error](err); !ok || e.Field != "call.direction" {
			t.Fatalf("got %v", err)
		}
	}
}

func TestW3_BothSpellingsAreOneSetting(t *testing.T) {
	t.Parallel()
	const documented, ours = "widget.hideAfterHourss", "widget.hideAfterHours"
	for _, key := range []string{documented, ours} {
		s := merged(t, nil, map[string]any{key: "1"})
		if want := (ringback.Settings{ours: true}); !reflect.DeepEqual(s, want) {
			t.Errorf("%s is stored as %v", key, s)
		}
		if all := s.All(); all[documented] != true || all[ours] != true {
			t.Errorf("%s is shown as %v and %v", key, all[documented], all[ours])
		}
	}
	// A client sends back all that it was shown, after it changed one of the two.
	for _, before := range []bool{true, false} {
		for _, key := range []string{documented, ours} {
			s := merged(t, nil, map[string]any{ours: before})
			all := s.All()
			all[key] = !before
			if got := merged(t, s, all).Bool(ours); got == before {
				t.Errorf("%s was changed from %t and nothing happened", key, before)
			}
		}
	}
}

func TestW9_ColoursMayBeShort(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"#1A73E8": "#1a73e8", "1a73e8": "#1a73e8", "#17e": "#1177ee", "17E": "#1177ee", "": "", "#": ""} {
		if got := merged(t, nil, map[string]any{"widget.style.color": in}).Text(ringback.SettingColor); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	for _, in := range []string{"red", "#12345", "#1234567", "+12345", "#ggg", "1_2_3a", "rgb(1,2,3)"} {
		if s, err := ringback.Settings(nil).Merge(map[string]any{"widget.style.color": in}); err == nil {
			t.Errorf("%q became %v", in, s)
		}
	}
}

func TestW10_BooleansAreCoercedAndTheTimeoutClamped(t *testing.T) {
	t.Parallel()
	for in, want := range map[any]bool{
		true: true, 1: true, "1": true, "true": true, "on": true, "yes": true, 1.0: true, " TRUE ": true,
		false: false, 0: false, "0": false, "false": false, "off": false, "no": false,
	} {
		if got := merged(t, nil, map[string]any{"widget.showHint": in}).Bool("widget.showHint"); got != want {
			t.Errorf("%v became %t", in, got)
		}
	}
	for in, want := range map[any]int{
		-1: 0, "-5": 0, 0: 0, "3000": 3000, 3000.0: 3000, "3e3": 3000, 600_001: 600_000, "99999999999999999999": 600_000, 1e300: 600_000,
	} {
		if got := merged(t, nil, map[string]any{"widget.button.showTimeout": in}).Int("widget.button.showTimeout"); got != want {
			t.Errorf("%v became %d, want %d", in, got, want)
		}
	}
	for _, in := range []any{"", "soon", "0x10", "NaN", "inf", "1_000", []any{}, 0.5} {
		if s, err := ringback.Settings(nil).Merge(map[string]any{"widget.button.showTimeout": in}); err == nil {
			t.Errorf("%v became %v", in, s)
		}
	}
}

func TestStoredSettingsComeBack(t *testing.T) {
	t.Parallel()
	s := merged(t, nil, map[string]any{"countdown": 30, "call.recording": false, "widget.style.color": "#fff", "callerIdNumber": "+48500000001"})
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back ringback.Settings
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back, s) {
		t.Errorf("%v became %v, %v", s, back, err)
	}
}

func TestW11_LocalesByTheirDocumentedCodesAndByISO(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"cn": "cn", "zh": "cn", "cz": "cz", "cs": "cz", "ee": "ee", "et": "ee", "se": "se", "sv": "se", "de": "de", "en": "en",
		"es": "es", "fr": "fr", "hu": "hu", "it": "it", "lt": "lt", "pl": "pl", "pt": "pt", "ru": "ru", "tr": "tr", "lv": "lv",
		"PL": "pl", " pt-BR ": "pt", "zh_CN": "cn", "sv-SE": "se", "en-GB": "en",
	} {
		if l, ok := ringback.ParseLocale(in); !ok || l.Code != want {
			t.Errorf("%q became %+v, %t; want %q", in, l, ok, want)
		}
	}
	for _, in := range []string{"", "xx", "-", "english", "p"} {
		if l, ok := ringback.ParseLocale(in); ok {
			t.Errorf("%q became %+v", in, l)
		}
	}
	if len(ringback.Locales) != 16 {
		t.Errorf("there are %d languages: want the fifteen of the document, and Latvian", len(ringback.Locales))
	}
}

func TestW27_LtIsLithuanian(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"lt": "Lithuanian", "lv": "Latvian"} {
		if l, ok := ringback.ParseLocale(code); !ok || l.Name != want || l.Tag != code {
			t.Errorf("%s is %+v", code, l)
		}
	}
}

func TestS7_APublishableKeyIsForItsScopeOnly(t *testing.T) {
	t.Parallel()
	who := ringback.Actor{Scopes: []ringback.Scope{ringback.ScopeWidgetsCall}, Widgets: []int64{3}, Publishable: true}
	if !who.May(ringback.ScopeWidgetsCall) || who.May(ringback.ScopeWidgetsView) || who.May() || !who.Reaches(3) || who.Reaches(4) {
		t.Error("it may do something else, or not that")
	}
	who = ringback.Actor{}
	if !who.May() || !who.Reaches(4) {
		t.Error("another key may not even say hello")
	}
}
