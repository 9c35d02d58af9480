package ringback

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Settings are a widget's settings that differ from their defaults, by key. The zero value is all defaults.
type Settings map[string]any

// A Setting is one row of the settings table (API document, "Widget Settings").
type Setting struct {
	Key      string
	Default  any      // bool, int or string; gives the type
	Min, Max int      // for int
	Options  []string // for string; none: any
	Clamp    bool     // a number outside the range is moved to its edge instead of refused
}

// The keys that the switchboard reads.
const (
	SettingCallerID    = "callerId"
	SettingCountdown   = "countdown"
	SettingAlgorithm   = "call.algorithm"
	SettingRecording   = "call.recording"
	SettingDirection   = "call.direction"
	SettingShowNumber  = "call.from"
	SettingUnavailable = "api.call.whenUnavailable"
	SettingNumber      = "callerIdNumber"
	SettingHide        = "widget.hideAfterHours"
	SettingColor       = "widget.style.color"
)

// settingHideMisspelt is how the API document writes SettingHide.
const settingHideMisspelt = "widget.hideAfterHourss"

// SettingsTable lists every setting: its type, range and default. A new setting is a new row.
var SettingsTable = []Setting{
	{Key: SettingCallerID, Default: 0, Min: 0, Max: 2},
	{Key: SettingNumber, Default: ""},
	{Key: SettingCountdown, Default: 28, Min: 28, Max: 59},
	{Key: SettingAlgorithm, Default: "simulring", Options: []string{"simulring", "findme"}},
	{Key: SettingRecording, Default: true},
	{Key: SettingDirection, Default: "ab", Options: []string{"ab", "ba"}},
	{Key: SettingShowNumber, Default: true},
	{Key: SettingUnavailable, Default: "schedule", Options: []string{"schedule", "error"}},
	{Key: "widget.showMobile", Default: true},
	{Key: SettingHide, Default: false},
	{Key: "widget.enableSmsName", Default: true},
	{Key: "widget.playSound", Default: true},
	{Key: "widget.showScheduled", Default: true},
	{Key: "widget.showCallStats", Default: true},
	{Key: "widget.showHint", Default: true},
	{Key: "widget.showFlags", Default: false},
	{Key: "widget.style.position", Default: "bottom-right", Options: []string{"top-left", "top-right", "bottom-left", "bottom-right"}},
	{Key: "widget.style.scheme", Default: "blue", Options: []string{"blue", "green", "red", "yellow", "grey", "custom"}},
	{Key: SettingColor, Default: ""},
	{Key: "widget.button.autoShow", Default: true},
	{Key: "widget.button.showTimeout", Default: 3000, Min: 0, Max: 600_000, Clamp: true},
	{Key: "widget.button.showManagersCount", Default: true},
	{Key: "etc.allowRecording", Default: true},
}

// Bool returns the value of a yes-or-no setting.
func (s Settings) Bool(key string) bool { b, _ := s.value(key).(bool); return b }

// Text returns the value of a setting that is a text.
func (s Settings) Text(key string) string { t, _ := s.value(key).(string); return t }

// Int returns the value of a setting that is a whole number.
func (s Settings) Int(key string) int { n, _ := s.value(key).(int); return n }

// VisitorFirst reports whether the visitor's telephone rings before the managers' ("ba" on the wire).
func (s Settings) VisitorFirst() bool { return s.Text(SettingDirection) == "ba" }

// RingInTurn reports whether managers are rung one after the other instead of all at once.
func (s Settings) RingInTurn() bool { return s.Text(SettingAlgorithm) == "findme" }

// All returns every setting with its value, and one of them under both of its spellings.
func (s Settings) All() map[string]any {
	all := make(map[string]any, len(SettingsTable)+1)
	for _, row := range SettingsTable {
		all[row.Key] = s.value(row.Key)
	}
	all[settingHideMisspelt] = all[SettingHide]
	return all
}

func (s Settings) value(key string) any {
	if v, ok := s[key]; ok {
		return v
	}
	if row, ok := settingOf(key); ok {
		return row.Default
	}
	return nil
}

func settingOf(key string) (Setting, bool) {
	i := slices.IndexFunc(SettingsTable, func(row Setting) bool { return row.Key == key })
	if i < 0 {
		return Setting{}, false
	}
	return SettingsTable[i], true
}

// Merge returns s with the changes applied. Unknown keys are ignored; a value that does not fit is an
// [Invalid] error that names the key.
func (s Settings) Merge(changes map[string]any) (Settings, error) {
	out := make(Settings, len(s)+len(changes))
	maps.Copy(out, s)
	changes = s.spelt(changes)
	for _, key := range slices.Sorted(maps.Keys(changes)) { // of several bad values, the same is named every time
		v := changes[key]
		row, known := settingOf(key)
		if !known || v == nil {
			continue
		}
		value, err := row.read(v)
		if err != nil {
			return nil, err
		}
		out[key] = value
	}
	return out, nil
}

// spelt returns changes with the document's spelling made ours. Of both, the one that changes something counts: a client
// may send back all that it was shown, with one of them changed.
func (s Settings) spelt(changes map[string]any) map[string]any {
	v, ok := changes[settingHideMisspelt]
	if !ok || v == nil {
		return changes
	}
	changes = maps.Clone(changes)
	ours, good := ParseBool(changes[SettingHide])
	if changes[SettingHide] == nil || good && ours == s.Bool(SettingHide) {
		changes[SettingHide] = v
	}
	return changes
}

// UnmarshalJSON reads stored settings; whole numbers come back as int.
func (s *Settings) UnmarshalJSON(b []byte) error {
	var raw map[string]any
	if err := json.Unmarshal(b, &raw); err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	merged, err := Settings(nil).Merge(raw)
	if err != nil {
		return err
	}
	*s = merged
	return nil
}

// read turns what a client sent into a value of the row's type.
func (row Setting) read(v any) (any, error) {
	switch row.Default.(type) {
	case bool:
		if b, ok := ParseBool(v); ok {
			return b, nil
		}
		return nil, Invalidf(row.Key, "The setting %s must be true or false.", row.Key)
	case int:
		return row.readInt(v)
	default:
		return row.readText(v)
	}
}

func (row Setting) readInt(v any) (any, error) {
	n, ok := wholeNumber(v)
	if row.Clamp {
		n = min(max(n, row.Min), row.Max)
	}
	if !ok || n < row.Min || n > row.Max {
		return nil, Invalidf(row.Key, "The setting %s must be a whole number from %d to %d.", row.Key, row.Min, row.Max)
	}
	return n, nil
}

func (row Setting) readText(v any) (any, error) {
	t, ok := v.(string)
	switch {
	case !ok || len(t) > 200:
		return nil, Invalidf(row.Key, "The setting %s must be a short text.", row.Key)
	case row.Key == SettingColor:
		return hexColor(t)
	case row.Options != nil && !slices.Contains(row.Options, t):
		return nil, Invalidf(row.Key, "The setting %s must be one of %s.", row.Key, strings.Join(row.Options, ", "))
	}
	return t, nil
}

// hexColor reads "#RRGGBB", "RRGGBB" or "#RGB"; empty means none.
func hexColor(t string) (any, error) {
	hex := strings.ToLower(strings.TrimPrefix(t, "#"))
	if hex == "" {
		return "", nil
	}
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	if _, err := strconv.ParseUint(hex, 16, 32); err != nil || len(hex) != 6 {
		return nil, Invalidf(SettingColor, "The setting widget.style.color must be a colour such as #1a73e8.")
	}
	return "#" + hex, nil
}

func wholeNumber(v any) (int, bool) {
	switch v := v.(type) {
	case int:
		return v, true
	case int64:
		return int(v), true
	case float64: // what is far too large stays too large
		return int(min(max(v, -1e9), 1e9)), v == math.Trunc(v)
	case string:
		v = strings.TrimSpace(v)
		f, err := strconv.ParseFloat(v, 64)
		if err != nil || strings.Trim(v, "0123456789.eE+-") != "" {
			return 0, false
		}
		return wholeNumber(f)
	default:
		return 0, false
	}
}

// ParseBool reads a yes or no in any of the ways that clients send it: true, 1, "1", "on", "yes" ...
func ParseBool(v any) (value, ok bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "1", "true", "on", "yes":
			return true, true
		case "0", "false", "off", "no":
			return false, true
		}
		return false, false
	default:
		n, ok := wholeNumber(v)
		return n == 1, ok && (n == 0 || n == 1)
	}
}
