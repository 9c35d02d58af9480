package store

import (
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

// countHistory counts the calls on all pages.
func (tx *Tx) countHistory(account int64, f HistoryFilter) (int, error) {
	parts := []*statement{f.count(account)}
	if first, last := f.wholeDays(); f.tallied() && first < last {
		parts = f.tallies(account, first, last)
	}
	sum := 0
	for _, s := range parts {
		n, err := sqldb.One(tx.db, sqldb.Value[int], query(s.text.String()), s.args...)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// tallied reports whether the tallies know all that the filter asks for.
func (f HistoryFilter) tallied() bool {
	return len(f.CallIDs)+len(f.UserIDs)+len(f.TagIDs)+len(f.IncomingIDs) == 0 && f.Number == ""
}

// dayMillis is how long a day of the tallies is; endOfDays is after all of them.
const (
	dayMillis = 24 * 60 * 60 * 1000
	endOfDays = 1 << 30
)

// wholeDays returns the first day that the filter wants the whole of, and the day after the last.
func (f HistoryFilter) wholeDays() (first, last int64) {
	last = endOfDays
	if !f.From.IsZero() {
		first = max(0, (f.From.UnixMilli()+dayMillis-1)/dayMillis)
	}
	if !f.To.IsZero() {
		last = min(max(0, (f.To.UnixMilli()+1)/dayMillis), endOfDays)
	}
	return first, last
}

// tallies add up the ended calls of whole days, count those of the same days that have not ended, and all calls of the
// days that the filter cuts.
func (f HistoryFilter) tallies(account, first, last int64) []*statement {
	ended := newStatement(historySQL.tallied, account)
	ended.and("y.day >= %s AND y.day < %s", ended.arg(first), ended.arg(last))
	f.facts(ended, "y.widget_id", "y.status", "y.hidden")

	// What is added to a column keeps SQLite from taking the index of that column instead of that of the few.
	live := newStatement(historySQL.count, account)
	live.and("c.ended_at IS NULL")
	live.and("c.created_at + 0 >= %s AND c.created_at + 0 < %s", live.arg(first*dayMillis), live.arg(last*dayMillis))
	f.facts(live, "c.widget_id + 0", "c.status || ''", "c.hidden")

	parts := []*statement{ended, live}
	if !f.From.IsZero() {
		parts = f.edge(parts, account, f.From.UnixMilli(), first*dayMillis)
	}
	if !f.To.IsZero() {
		parts = f.edge(parts, account, last*dayMillis, f.To.UnixMilli()+1)
	}
	return parts
}

// edge counts the calls of a part of a day, if there is one.
func (f HistoryFilter) edge(parts []*statement, account, from, before int64) []*statement {
	if from >= before {
		return parts
	}
	s := newStatement(historySQL.count, account)
	s.and("c.created_at >= %s AND c.created_at < %s", s.arg(from), s.arg(before))
	f.facts(s, "c.widget_id", "c.status", "c.hidden")
	return append(parts, s)
}
