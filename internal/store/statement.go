package store

import (
	"fmt"
	"strings"

	"github.com/ringback-hq/ringback"
)

// A statement is composed of pieces. Every value is a parameter.
type statement struct {
	text strings.Builder
	args []any
}

func newStatement(start query, account int64) *statement {
	s := &statement{args: []any{account}}
	s.add(string(start))
	return s
}

func (s *statement) add(text string) { s.text.WriteString(text) }

func (s *statement) and(condition query, args ...any) {
	fmt.Fprintf(&s.text, " AND "+string(condition), args...)
}

// among adds the condition that a column has one of the values, where there are any.
func among[T any](s *statement, column query, values []T) {
	switch len(values) {
	case 0:
	case 1:
		s.and("%s = %s", column, s.arg(plain(values[0])))
	default:
		s.and("%s IN %s", column, list(s, values))
	}
}

// arg adds a parameter and returns its place, $n.
func (s *statement) arg(v any) string {
	s.args = append(s.args, v)
	return fmt.Sprintf("$%d", len(s.args))
}

// list adds parameters and returns their places, ($n, $m). Their number is rounded up to a power of two, by
// repeating the last, so that there are few different statements.
func list[T any](s *statement, values []T) string {
	n := 1
	for n < len(values) {
		n *= 2
	}
	places := make([]string, n)
	for i := range places {
		places[i] = s.arg(plain(values[min(i, len(values)-1)]))
	}
	return "(" + strings.Join(places, ", ") + ")"
}

// plain is a value as a driver takes it.
func plain(v any) any {
	if status, ok := v.(ringback.Status); ok {
		return string(status)
	}
	return v
}

// mostBranches is how many values of one filter are looked up one by one. More are mere conditions: where so many are
// wanted, a walk through all of the history soon finds a page.
const mostBranches = 50

// A driver is the filter by whose index the history is walked; the others are conditions on the way. Calls are in order
// of time within one value only, so each value is walked for itself and the page is merged.
type driver struct {
	column query
	values []any
}

// driver returns the filter that leaves the fewest calls, of those that have an index; none for the index of all calls.
func (f HistoryFilter) driver() driver {
	for _, d := range []driver{
		{"c.id", anys(f.CallIDs)},
		{"c.number", f.numbers()},
		{"t.tag_id", anys(f.TagIDs)},
		{"c.incoming_id", anys(f.IncomingIDs)},
		{"c.answered_by", anys(f.UserIDs)},
		{"c.widget_id", anys(f.WidgetIDs)},
		{"c.status", anys(f.Statuses)},
	} {
		switch {
		case len(d.values) == 0:
		case d.column == "c.id" || len(d.values) > mostBranches: // no more calls than that: they are sorted; or too many
			return driver{}
		default:
			return d
		}
	}
	return driver{}
}

func (f HistoryFilter) numbers() []any {
	if f.Number == "" {
		return nil
	}
	return []any{string(f.Number)}
}

// page composes the statement that finds the keys of a page.
func (f HistoryFilter) page(account int64, skip, limit int, descending bool) *statement {
	order := " ORDER BY created_at, id"
	if descending {
		order = " ORDER BY created_at DESC, id DESC"
	}
	d := f.driver()
	s := newStatement("", account)
	switch len(d.values) {
	case 0:
		s.add(string(historySQL.keys))
		f.conditions(s, "")
	case 1:
		f.branch(s, d, d.values[0])
	default:
		f.branches(s, d, order+" LIMIT "+s.arg(skip+limit))
	}
	s.add(order + " LIMIT " + s.arg(limit) + " OFFSET " + s.arg(skip))
	return s
}

// branches adds the beginnings of the walks of all values. A call may have several tags and is wanted once.
func (f HistoryFilter) branches(s *statement, d driver, until string) {
	union := " UNION ALL "
	if d.column == "t.tag_id" {
		union = " UNION "
	}
	before, after, _ := strings.Cut(string(historySQL.merge), "%s")
	for i, v := range d.values {
		if i > 0 {
			s.add(union)
		}
		s.add(before)
		f.branch(s, d, v)
		s.add(until + after)
	}
}

// branch walks the calls with one value of the driver.
func (f HistoryFilter) branch(s *statement, d driver, v any) {
	start := string(historySQL.keys)
	if d.column == "t.tag_id" {
		start = fmt.Sprintf(string(historySQL.tagKeys), f.tagCalls())
	}
	s.add(start)
	s.and("%s = %s", d.column, s.arg(v))
	f.conditions(s, d.column)
}

// tagCalls joins the calls to their tags, where anything but tags and dates is asked for.
func (f HistoryFilter) tagCalls() string {
	f.TagIDs = nil
	if f.tallied() && len(f.WidgetIDs)+len(f.Statuses) == 0 && !f.HideHidden {
		return ""
	}
	return string(historySQL.tagCalls)
}

// count composes the statement that counts the calls on all pages.
func (f HistoryFilter) count(account int64) *statement {
	if len(f.TagIDs) == 0 || len(f.CallIDs) > 0 || f.Number != "" {
		s := newStatement(historySQL.count, account)
		f.conditions(s, "")
		return s
	}
	what := "*"
	if len(f.TagIDs) > 1 {
		what = "DISTINCT t.call_id"
	}
	s := newStatement(query(fmt.Sprintf(string(historySQL.countTags), what, f.tagCalls())), account)
	among(s, "t.tag_id", f.TagIDs)
	f.conditions(s, "t.tag_id")
	return s
}

// conditions adds a condition for everything that is asked for but the driver, and none for the rest.
func (f HistoryFilter) conditions(s *statement, driver query) {
	createdAt := query("c.created_at")
	if driver == "t.tag_id" {
		createdAt = "t.created_at"
	} else if len(f.TagIDs) > 0 {
		s.and(historySQL.tagged, list(s, f.TagIDs))
	}
	if driver != "c.number" {
		among(s, "c.number", f.numbers())
	}
	for _, other := range []struct {
		column query
		values []int64
	}{{"c.id", f.CallIDs}, {"c.incoming_id", f.IncomingIDs}, {"c.answered_by", f.UserIDs}} {
		if other.column != driver {
			among(s, other.column, other.values)
		}
	}
	if !f.From.IsZero() {
		s.and("%s >= %s", createdAt, s.arg(f.From.UnixMilli()))
	}
	if !f.To.IsZero() {
		s.and("%s <= %s", createdAt, s.arg(f.To.UnixMilli()))
	}
	switch driver {
	case "c.widget_id":
		f.WidgetIDs = nil
	case "c.status":
		f.Statuses = nil
	}
	f.facts(s, "c.widget_id", "c.status", "c.hidden")
}

// facts adds the conditions that the tallies know, on columns of calls or of tallies.
func (f HistoryFilter) facts(s *statement, widget, status, hidden query) {
	among(s, widget, f.WidgetIDs)
	among(s, status, f.Statuses)
	if f.HideHidden {
		s.and("NOT %s", hidden)
	}
}

// anys returns the values as parameters, each once.
func anys[T comparable](values []T) []any {
	seen := make(map[T]bool, len(values))
	var list []any
	for _, v := range values {
		if !seen[v] {
			seen[v] = true
			list = append(list, plain(v))
		}
	}
	return list
}
