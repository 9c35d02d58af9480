package ringback

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// DefaultZone is the time zone of business times that name none (API document, "Business Times").
const DefaultZone = "Europe/Warsaw"

// Hours are the business times of a week. A weekday may have several entries, for a lunch break.
type Hours []Shift

// A Shift is one interval of business times on a weekday. One that ends at or before its start ends on the next day.
type Shift struct {
	Weekday    time.Weekday
	Enabled    bool
	Start, End Clock
	Zone       string // IANA; empty: DefaultZone
}

// A Clock is a time of day in seconds after midnight, from 0 to 24 hours.
type Clock int

// EndOfDay is midnight at the end of a day, 24:00.
const EndOfDay Clock = 24 * 60 * 60

// ParseClock reads "09:00" or "09:00:00"; "24:00" is [EndOfDay].
func ParseClock(s string) (Clock, error) {
	parts := strings.Split(s, ":")
	limits := []int{24, 59, 59}
	if len(parts) < 2 || len(parts) > 3 {
		return 0, fmt.Errorf("%q is not a time such as 09:00", s)
	}
	total := 0
	for i, limit := range limits {
		total *= 60
		if i >= len(parts) {
			continue
		}
		n, err := strconv.Atoi(parts[i])
		if err != nil || n < 0 || n > limit || len(parts[i]) > 2 {
			return 0, fmt.Errorf("%q is not a time such as 09:00", s)
		}
		total += n
	}
	if c := Clock(total); c <= EndOfDay {
		return c, nil
	}
	return 0, fmt.Errorf("%q is after the end of the day", s)
}

// String returns "09:00:00".
func (c Clock) String() string {
	return fmt.Sprintf("%02d:%02d:%02d", c/3600, c/60%60, c%60)
}

// DefaultHours are Monday to Friday, nine to five, in a zone (API document, "Default Business Times").
func DefaultHours(zone string) Hours {
	hours := make(Hours, 7)
	for d := range hours {
		day := time.Weekday(d)
		hours[d] = Shift{Weekday: day, Zone: zone}
		if day != time.Sunday && day != time.Saturday {
			hours[d].Enabled, hours[d].Start, hours[d].End = true, 9*3600, 17*3600
		}
	}
	return hours
}

// Open reports whether t is within the hours.
func (h Hours) Open(t time.Time) bool {
	for _, s := range h {
		if s.open(t) {
			return true
		}
	}
	return false
}

// Next returns the first instant after t at which a shift begins, at most two weeks ahead; false where none does.
func (h Hours) Next(t time.Time) (time.Time, bool) {
	var first time.Time
	for _, s := range h {
		if next, ok := s.next(t); ok && (first.IsZero() || next.Before(first)) {
			first = next
		}
	}
	return first, !first.IsZero()
}

func (s Shift) open(t time.Time) bool {
	if !s.Enabled {
		return false
	}
	local := t.In(s.zone())
	clock := Clock(local.Hour()*3600 + local.Minute()*60 + local.Second())
	overnight := s.End <= s.Start
	today := local.Weekday() == s.Weekday && clock >= s.Start && (overnight || clock < s.End)
	sinceYesterday := local.Weekday() == (s.Weekday+1)%7 && overnight && clock < s.End
	return today || sinceYesterday
}

func (s Shift) next(t time.Time) (time.Time, bool) {
	if !s.Enabled {
		return time.Time{}, false
	}
	local := t.In(s.zone())
	for d := range 15 {
		day := local.AddDate(0, 0, d)
		if day.Weekday() != s.Weekday {
			continue
		}
		begin := wallTime(day, s.Start)
		if begin.After(t) && s.open(begin) {
			return begin, true
		}
	}
	return time.Time{}, false
}

// wallTime is the clock on the day. Where the clock is skipped that night, it is the first instant after the gap;
// time.Date alone would answer an hour early in zones west of Greenwich.
func wallTime(day time.Time, c Clock) time.Time {
	t := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, int(c), 0, day.Location())
	want := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, int(c), 0, time.UTC)
	got := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	start, end := t.ZoneBounds()
	switch {
	case got.Before(want):
		return end
	case got.After(want):
		return start
	default:
		return t
	}
}

func (s Shift) zone() *time.Location {
	name := s.Zone
	if name == "" {
		name = DefaultZone
	}
	if loc, ok := zones.Load(name); ok {
		return loc.(*time.Location)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	zones.Store(name, loc)
	return loc
}

// zones keeps the time zones that were read; there are only some hundreds, and reading one costs a file.
var zones sync.Map
