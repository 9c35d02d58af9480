package wire

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ringback-hq/ringback"
)

// mostShifts is how many entries business times may have for one manager.
const mostShifts = 70

// ReadHours reads business_times for a number of users (API document, "Business Times"): a list of days for all of
// them, or a list of such lists, one for each (row W19). It returns one set of hours for each, which hold only the days
// that were sent; nil where none were sent at all.
func ReadHours(v any, users int) ([]ringback.Hours, error) {
	list, ok := listOf(v)
	switch {
	case !ok:
		return nil, badHours("The business_times field must be a list of days.")
	case len(list) == 0:
		return make([]ringback.Hours, users), nil
	}
	if _, nested := listOf(list[0]); !nested {
		return sameHours(list, users)
	}
	if len(list) != users {
		return nil, badHours("The business_times field has %d entries for %d users.", len(list), users)
	}
	all := make([]ringback.Hours, users)
	for i, days := range list {
		week, ok := listOf(days)
		if !ok {
			return nil, badHours("The business_times field must be a list of days for each user.")
		}
		hours, err := readWeek(week)
		if err != nil {
			return nil, err
		}
		all[i] = hours
	}
	return all, nil
}

func sameHours(week []any, users int) ([]ringback.Hours, error) {
	hours, err := readWeek(week)
	if err != nil {
		return nil, err
	}
	all := make([]ringback.Hours, users)
	for i := range all {
		all[i] = hours
	}
	return all, nil
}

func readWeek(days []any) (ringback.Hours, error) {
	if len(days) > mostShifts {
		return nil, badHours("The business_times field has more than %d entries for a user.", mostShifts)
	}
	var hours ringback.Hours
	for _, day := range days {
		entry, ok := day.(map[string]any)
		if !ok {
			return nil, badHours("Each entry of the business_times field must be a day.")
		}
		shift, err := readShift(entry)
		if err != nil {
			return nil, err
		}
		hours = append(hours, shift)
	}
	return hours, nil
}

// readShift reads one day. A second entry for the same day is a second interval (row M7).
func readShift(entry map[string]any) (ringback.Shift, error) {
	day, err := strconv.Atoi(textOf(entry["day_of_week"]))
	if err != nil || day < 0 || day > 6 {
		return ringback.Shift{}, badHours("The day_of_week of business times must be a number from 0, Sunday, to 6.")
	}
	s := ringback.Shift{Weekday: time.Weekday(day), Zone: textOf(entry["timezone"])}
	if s.Zone == "" {
		s.Zone = ringback.DefaultZone // row M5
	}
	if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "Local" {
		return s, badHours("The timezone %q of business times is not known.", s.Zone)
	}
	start, end := textOf(entry["start_time"]), textOf(entry["end_time"])
	s.Enabled = start != "" && end != ""
	if enabled := entry["enabled"]; enabled != nil {
		on, ok := ringback.ParseBool(boolOrText(enabled))
		if !ok {
			return s, badHours("The enabled of business times must be true or false.")
		}
		if on && !s.Enabled {
			return s, badHours("A day of business times that is enabled needs a start_time and an end_time.")
		}
		s.Enabled = on
	}
	if start == "" || end == "" {
		return s, nil
	}
	return s, readClocks(&s, start, end)
}

func readClocks(s *ringback.Shift, start, end string) (err error) {
	if s.Start, err = ringback.ParseClock(start); err != nil {
		return badHours("The start_time of business times: %s.", err)
	}
	if s.End, err = ringback.ParseClock(end); err != nil {
		return badHours("The end_time of business times: %s.", err)
	}
	return nil
}

func badHours(format string, args ...any) *ringback.Error {
	return ringback.Invalidf("business_times", format, args...)
}

// ReadSettings reads the settings of a widget in any of the ways that clients write them (row W2): with dots in the
// keys, as objects within objects, or as a list of {"key", "value"}.
func ReadSettings(v any) (map[string]any, error) {
	changes := map[string]any{}
	if list, ok := listOf(v); ok {
		for _, each := range list {
			pair, ok := each.(map[string]any)
			if !ok || textOf(pair["key"]) == "" {
				return nil, ringback.Invalidf("settings", "Each entry of the settings field must have a key and a value.")
			}
			changes[textOf(pair["key"])] = boolOrText(pair["value"])
		}
		return changes, nil
	}
	tree, ok := objectOf(v)
	if !ok {
		return nil, ringback.Invalidf("settings", "The settings field must be an object.")
	}
	spread(changes, nil, tree)
	return changes, nil
}

// objectOf returns the object in v, which some clients write as JSON in a text.
func objectOf(v any) (map[string]any, bool) {
	text, ok := v.(string)
	if !ok {
		object, ok := v.(map[string]any)
		return object, ok
	}
	var object map[string]any
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	return object, dec.Decode(&object) == nil
}

// deepest is how far down a setting can be: none has more dots in its key.
const deepest = 5

// spread puts the leaves of a tree into changes, under the names on the way to them.
func spread(changes map[string]any, above []string, tree map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(tree)) { // of two spellings of one key, the same counts every time
		v := tree[key]
		names := append(slices.Clone(above), key)
		if branch, ok := v.(map[string]any); ok {
			if len(names) < deepest {
				spread(changes, names, branch)
			}
			continue
		}
		changes[strings.Join(names, ".")] = boolOrText(v)
	}
}

// listOf returns the list in v, which some clients write as JSON in a text. Nothing is an empty list.
func listOf(v any) ([]any, bool) {
	switch v := v.(type) {
	case nil:
		return nil, true
	case []any:
		return v, true
	case string:
		if strings.HasPrefix(strings.TrimSpace(v), "[") {
			var list []any
			dec := json.NewDecoder(strings.NewReader(v))
			dec.UseNumber()
			return list, dec.Decode(&list) == nil
		}
	}
	return nil, false
}

// textOf returns a text or a number as a text; anything else is empty.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	}
	return ""
}

// boolOrText keeps what is true or false, and nothing, and makes a text of what may be one.
func boolOrText(v any) any {
	switch v := v.(type) {
	case nil, bool:
		return v
	case string, json.Number:
		return textOf(v)
	default:
		return []any{} // no setting is a list: it is refused under its name
	}
}
