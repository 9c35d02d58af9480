package store

import (
	"fmt"
	"strings"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

// A HistoryFilter says which calls are wanted. The zero value wants all of them, a hundred at a time.
type HistoryFilter struct {
	CallIDs             []int64
	Number              ringback.Number
	UserIDs             []int64 // who answered in the last attempt
	WidgetIDs           []int64
	TagIDs, IncomingIDs []int64 // no call has any yet
	Statuses            []ringback.Status
	From, To            time.Time // when the call was ordered, both inclusive, to the millisecond
	URL                 string    // how the address of the widget's website begins, whatever its scheme and with or without www
	HideHidden          bool
	Descending          bool // the newest first
	Limit, Offset       int  // a Limit of 0 is 100
}

// historySQL holds statements, and the pieces that a filter adds to them.
var historySQL = struct{ calls, count, answeredBy, onSite query }{
	calls: `SELECT ` + callColumns + `, (SELECT w.description FROM widgets w WHERE w.id = c.widget_id)
		FROM calls c WHERE c.account_id = $1`,
	count: `SELECT count(*) FROM calls c WHERE c.account_id = $1`,
	answeredBy: `EXISTS (SELECT 1 FROM attempts a JOIN managers m ON m.id = a.manager_id WHERE a.call_id = c.id
		AND a.number = (SELECT max(number) FROM attempts WHERE call_id = c.id) AND m.user_id IN %s)`,
	onSite: `c.widget_id IN (SELECT w.id FROM widgets w
		WHERE w.account_id = $1 AND (w.site = %s OR (w.site > %s AND w.site < %s)))`,
}

// History returns the calls that the filter wants, the oldest first, and how many there are on all pages together.
func (tx *Tx) History(account int64, f HistoryFilter) ([]CallRecord, int, error) {
	if len(f.TagIDs) > 0 || len(f.IncomingIDs) > 0 {
		return nil, 0, nil
	}
	if f.Limit <= 0 {
		f.Limit = 100
	}
	page := f.page(account)
	records, err := sqldb.All(tx.db, scanRecord, query(page.text.String()), page.args...)
	if err != nil {
		return nil, 0, err
	}
	count, err := tx.countHistory(account, f, len(records))
	if err != nil {
		return nil, 0, err
	}
	return records, count, tx.complete(account, records)
}

// countHistory counts the calls on all pages. The last page tells without counting.
func (tx *Tx) countHistory(account int64, f HistoryFilter, onPage int) (int, error) {
	if onPage > 0 && onPage < f.Limit {
		return f.Offset + onPage, nil
	}
	s := f.statement(historySQL.count, account)
	return sqldb.One(tx.db, sqldb.Value[int], query(s.text.String()), s.args...)
}

// page composes the statement of one page. Its order is that of an index.
func (f HistoryFilter) page(account int64) *statement {
	s := f.statement(historySQL.calls, account)
	order := " ORDER BY c.created_at, c.id"
	if f.Descending {
		order = " ORDER BY c.created_at DESC, c.id DESC"
	}
	s.text.WriteString(order + " LIMIT " + s.arg(f.Limit) + " OFFSET " + s.arg(f.Offset))
	return s
}

// statement adds a condition for everything that is asked for, and none for the rest.
func (f HistoryFilter) statement(start query, account int64) *statement {
	s := &statement{args: []any{account}}
	s.text.WriteString(string(start))
	if len(f.CallIDs) > 0 {
		s.and("c.id IN %s", list(s, f.CallIDs))
	}
	if f.Number != "" {
		s.and("c.number = %s", s.arg(string(f.Number)))
	}
	if len(f.UserIDs) > 0 {
		s.and(historySQL.answeredBy, list(s, f.UserIDs))
	}
	if len(f.WidgetIDs) > 0 {
		s.and("c.widget_id IN %s", list(s, f.WidgetIDs))
	}
	if len(f.Statuses) > 0 {
		s.and("c.status IN %s", list(s, f.Statuses))
	}
	if !f.From.IsZero() {
		s.and("c.created_at >= %s", s.arg(f.From.UnixMilli()))
	}
	if !f.To.IsZero() {
		s.and("c.created_at <= %s", s.arg(f.To.UnixMilli()))
	}
	if f.URL != "" {
		whole := site(f.URL) // its pages lie between "site/" and "site0", the character after the slash
		s.and(historySQL.onSite, s.arg(whole), s.arg(whole+"/"), s.arg(whole+"0"))
	}
	if f.HideHidden {
		s.and("NOT c.hidden")
	}
	return s
}

// A statement is composed of pieces. Every value is a parameter.
type statement struct {
	text strings.Builder
	args []any
}

func (s *statement) and(condition query, args ...any) {
	fmt.Fprintf(&s.text, " AND "+string(condition), args...)
}

// arg adds a parameter and returns its place, $n.
func (s *statement) arg(v any) string {
	s.args = append(s.args, v)
	return fmt.Sprintf("$%d", len(s.args))
}

// list adds parameters and returns their places, ($n, $m). Their number is rounded up to a power of two, by
// repeating the last, so that there are few different statements.
func list[T int64 | ringback.Status](s *statement, values []T) string {
	n := 1
	for n < len(values) {
		n *= 2
	}
	places := make([]string, n)
	for i := range places {
		v := values[min(i, len(values)-1)]
		places[i] = s.arg(v)
	}
	return "(" + strings.Join(places, ", ") + ")"
}
