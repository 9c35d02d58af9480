package store

import (
	"database/sql"
	"slices"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

// A HistoryFilter says which calls are wanted. The zero value wants all of them, a hundred at a time.
type HistoryFilter struct {
	CallIDs     []int64
	Number      ringback.Number
	UserIDs     []int64 // who answered in the last attempt
	WidgetIDs   []int64
	TagIDs      []int64 // calls with any of them
	IncomingIDs []int64 // the numbers of ours that were called
	Statuses    []ringback.Status
	From, To    time.Time // when the call was ordered, both inclusive, to the millisecond
	URL         string    // how the address of the widget's website begins, whatever its scheme and with or without www
	HideHidden  bool
	Descending  bool // the newest first
	Limit       int  // 0 is 100
	Offset      int
}

// historySQL holds statements, and the pieces that a filter composes them of.
var historySQL = struct{ calls, keys, tagKeys, tagCalls, tagged, merge, count, countTags, onSite, tallied query }{
	calls: `SELECT ` + callColumns + `, (SELECT w.description FROM widgets w WHERE w.id = c.widget_id)
		FROM calls c WHERE c.account_id = $1 AND c.id IN `,

	keys:     `SELECT c.id AS id, c.created_at AS created_at FROM calls c WHERE c.account_id = $1`,
	tagKeys:  `SELECT t.call_id AS id, t.created_at AS created_at FROM call_tags t%s WHERE t.account_id = $1`,
	tagCalls: ` JOIN calls c ON c.id = t.call_id`,
	tagged:   `c.id IN (SELECT t.call_id FROM call_tags t WHERE t.account_id = $1 AND t.tag_id IN %s)`,
	merge:    `SELECT * FROM (%s) AS branch`,

	count:     `SELECT count(*) FROM calls c WHERE c.account_id = $1`,
	countTags: `SELECT count(%s) FROM call_tags t%s WHERE t.account_id = $1`,

	onSite: `SELECT w.id FROM widgets w
		WHERE w.account_id = $1 AND (w.site = $2 OR (w.site > $3 AND w.site < $4)) ORDER BY w.id`,
	tallied: `SELECT COALESCE(sum(y.calls), 0) FROM call_tallies y WHERE y.account_id = $1`,
}

// A historyKey is where a call stands in the history.
type historyKey struct{ id, createdAt int64 }

// History returns the calls that the filter wants, the oldest first, and how many there are on all pages together.
func (tx *Tx) History(account int64, f HistoryFilter) ([]CallRecord, int, error) {
	count, err := tx.CountHistory(account, f)
	if err != nil {
		return nil, 0, err
	}
	page, err := tx.HistoryPage(account, f, count)
	return page, count, err
}

// CountHistory returns how many calls the filter wants, on all pages together.
func (tx *Tx) CountHistory(account int64, f HistoryFilter) (int, error) {
	f, possible, err := tx.narrow(account, f)
	if err != nil || !possible {
		return 0, err
	}
	return tx.countHistory(account, f)
}

// HistoryPage returns a page of the history, given what CountHistory said in the same transaction: the page is looked
// for from whichever end is nearer. The number of statements does not depend on the page.
func (tx *Tx) HistoryPage(account int64, f HistoryFilter, count int) ([]CallRecord, error) {
	f, possible, err := tx.narrow(account, f)
	if err != nil || !possible || f.Offset >= count {
		return nil, err
	}
	keys, err := tx.pageKeys(account, f, count)
	if err != nil {
		return nil, err
	}
	records, err := withIDs(tx, scanRecord, historySQL.calls, account, ids(keys, func(k historyKey) int64 { return k.id }))
	if err != nil {
		return nil, err
	}
	byID := index(records, func(r CallRecord) int64 { return r.ID })
	page := make([]CallRecord, 0, len(keys))
	for _, k := range keys {
		if r := byID[k.id]; r != nil { // PostgreSQL shows a Write what others committed between its statements
			page = append(page, *r)
		}
	}
	return page, tx.complete(account, page)
}

// narrow turns an address into widgets and a limit of 0 into a hundred. A filter that no call can pass is not possible.
func (tx *Tx) narrow(account int64, f HistoryFilter) (_ HistoryFilter, possible bool, err error) {
	if f.Limit <= 0 {
		f.Limit = 100
	}
	f.Offset = max(f.Offset, 0)
	if !f.From.IsZero() && !f.To.IsZero() && f.From.After(f.To) {
		return f, false, nil
	}
	if f.URL == "" {
		return f, true, nil
	}
	whole := site(f.URL) // its pages lie between "site/" and "site0", the character after the slash
	there, err := sqldb.All(tx.db, sqldb.Value[int64], historySQL.onSite, account, whole, whole+"/", whole+"0")
	if err != nil {
		return f, false, err
	}
	if len(f.WidgetIDs) > 0 {
		there = slices.DeleteFunc(there, func(id int64) bool { return !slices.Contains(f.WidgetIDs, id) })
	}
	f.WidgetIDs = there
	return f, len(there) > 0, nil
}

// pageKeys returns the keys of one page, in its order.
func (tx *Tx) pageKeys(account int64, f HistoryFilter, count int) ([]historyKey, error) {
	n := min(f.Limit, count-f.Offset)
	skip, backward := f.Offset, false
	if rest := count - f.Offset - n; rest < skip {
		skip, backward = rest, true
	}
	s := f.page(account, skip, n, f.Descending != backward)
	keys, err := sqldb.All(tx.db, scanHistoryKey, query(s.text.String()), s.args...)
	if backward {
		slices.Reverse(keys)
	}
	return keys, err
}

func scanHistoryKey(r *sql.Rows) (k historyKey, err error) {
	err = r.Scan(&k.id, &k.createdAt)
	return k, err
}
