package ringback_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ringback-hq/ringback"
)

func hoursOf(t *testing.T, day time.Weekday, start, end, zone string) ringback.Hours {
	t.Helper()
	from, err := ringback.ParseClock(start)
	if err != nil {
		t.Fatal(err)
	}
	to, err := ringback.ParseClock(end)
	if err != nil {
		t.Fatal(err)
	}
	return ringback.Hours{{Weekday: day, Enabled: true, Start: from, End: to, Zone: zone}}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, start, end, zone, at string
		want                       bool
	}{
		{"in the middle", "09:00", "17:00", "Europe/Warsaw", "2026-06-01T08:00:00Z", true},
		{"at the start", "09:00", "17:00", "Europe/Warsaw", "2026-06-01T07:00:00Z", true},
		{"at the end", "09:00", "17:00", "Europe/Warsaw", "2026-06-01T15:00:00Z", false},
		{"a second before the end", "09:00", "17:00", "Europe/Warsaw", "2026-06-01T14:59:59Z", true},
		{"the day before", "09:00", "17:00", "Europe/Warsaw", "2026-05-31T08:00:00Z", false},
		{"whole day", "00:00", "24:00", "UTC", "2026-06-01T23:59:59Z", true},
		{"whole day, written otherwise", "00:00", "00:00", "UTC", "2026-06-01T12:00:00Z", true},
		{"past midnight", "22:00", "02:00", "UTC", "2026-06-02T01:00:00Z", true},
		{"past midnight, over", "22:00", "02:00", "UTC", "2026-06-02T02:00:00Z", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			at, err := time.Parse(time.RFC3339, tt.at)
			if err != nil {
				t.Fatal(err)
			}
			if got := hoursOf(t, time.Monday, tt.start, tt.end, tt.zone).Open(at); got != tt.want {
				t.Errorf("%s to %s at %s: got %v, want %v", tt.start, tt.end, tt.at, got, tt.want)
			}
		})
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, start, zone, at, want string }{
		{"the same day", "09:00", "Europe/Warsaw", "2026-06-01T04:00:00Z", "2026-06-01T07:00:00Z"},
		{"next week", "09:00", "Europe/Warsaw", "2026-06-01T12:00:00Z", "2026-06-08T07:00:00Z"},
		{"in a gap of New York", "02:30", "America/New_York", "2026-03-02T12:00:00Z", "2026-03-09T06:30:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			at, _ := time.Parse(time.RFC3339, tt.at)
			want, _ := time.Parse(time.RFC3339, tt.want)
			got, ok := hoursOf(t, time.Monday, tt.start, "17:00", tt.zone).Next(at)
			if !ok || !got.Equal(want) {
				t.Errorf("after %s: got %s, want %s", tt.at, got, want)
			}
		})
	}
}

// The night when the clock jumps over the start: the first instant after the gap, not an hour early.
func TestNextInAGap(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ zone, start, day, want string }{
		{"Europe/Warsaw", "02:30", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"America/New_York", "02:30", "2026-03-07T12:00:00Z", "2026-03-08T07:00:00Z"},
		{"America/Santiago", "00:00", "2026-09-05T12:00:00Z", "2026-09-06T04:00:00Z"},
	} {
		at, _ := time.Parse(time.RFC3339, tt.day)
		want, _ := time.Parse(time.RFC3339, tt.want)
		got, ok := hoursOf(t, time.Sunday, tt.start, "17:00", tt.zone).Next(at)
		if !ok || !got.Equal(want) {
			t.Errorf("%s %s: got %s, want %s", tt.zone, tt.start, got, want)
		}
	}
}

// Whatever the hours, the next start is in the future and open.
func TestNextIsOpen(t *testing.T) {
	t.Parallel()
	zones := []string{"Europe/Warsaw", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "America/Santiago"}
	rapid.Check(t, func(r *rapid.T) {
		h := ringback.Hours{{
			Weekday: time.Weekday(rapid.IntRange(0, 6).Draw(r, "weekday")), Enabled: true,
			Start: ringback.Clock(rapid.IntRange(0, 86399).Draw(r, "start")), End: ringback.Clock(rapid.IntRange(0, 86400).Draw(r, "end")),
			Zone: rapid.SampledFrom(zones).Draw(r, "zone"),
		}}
		at := time.Unix(rapid.Int64Range(1_700_000_000, 2_000_000_000).Draw(r, "at"), 0)
		if next, ok := h.Next(at); ok && (!next.After(at) || !h.Open(next)) {
			r.Errorf("%v: after %s comes %s, open: %v", h, at, next, h.Open(next))
		}
	})
}

func TestM6_HoursAreWallClock(t *testing.T) {
	t.Parallel()
	hours := hoursOf(t, time.Monday, "09:00", "17:00", "Europe/Warsaw")
	for at, want := range map[string]bool{
		"2026-01-05T07:59:59Z": false, "2026-01-05T08:00:00Z": true, "2026-01-05T16:00:00Z": false, // winter
		"2026-07-06T06:59:59Z": false, "2026-07-06T07:00:00Z": true, "2026-07-06T15:00:00Z": false, // summer
	} {
		moment, _ := time.Parse(time.RFC3339, at)
		if got := hours.Open(moment); got != want {
			t.Errorf("%s: open: %t, want %t", at, got, want)
		}
	}
}

func TestParseClockRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "9", "25:00", "24:01", "09:60", "aa:bb", "09:00:00:00", "-1:00", "009:00"} {
		if c, err := ringback.ParseClock(s); err == nil {
			t.Errorf("%q: got %s, want an error", s, c)
		}
	}
}
