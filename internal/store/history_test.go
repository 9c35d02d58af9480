package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
)

// history returns the ids that a filter finds, and the count.
func (c *company) history(t *testing.T, f HistoryFilter) ([]int64, int) {
	t.Helper()
	ids := []int64{}
	var count int
	read(t, c.Store, func(tx *Tx) error {
		records, n, err := tx.History(c.account.ID, f)
		for _, r := range records {
			ids = append(ids, r.ID)
		}
		count = n
		return err
	})
	return ids, count
}

// answered writes an attempt at a call that the manager has answered.
func (c *company) answered(t *testing.T, call *ringback.Call, m ringback.Manager) ringback.Attempt {
	t.Helper()
	a := c.ringing(t, call, "node", m.User.Tel)
	a.Legs[0].AnsweredAt, a.ManagerID = noon, m.ID
	write(t, c.Store, func(tx *Tx) error { return errors.Join(tx.SaveLeg(a.Legs[0]), tx.SaveAttempt(a)) })
	return a
}

func TestFiltersOfTheHistory(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, other := newCompany(t, s), newCompany(t, s)
		second := ringback.Widget{AccountID: c.account.ID, PublicID: rand.Text(), URL: "http://acme.example/shop2"}
		write(t, s, func(tx *Tx) error { return tx.AddWidget(&second) })
		var calls []ringback.Call
		for i := range 4 {
			calls = append(calls, c.placed(t, visitor(i/2), func(call *ringback.Call) {
				call.CreatedAt = noon.Add(time.Duration(i) * time.Hour)
				if i == 3 {
					call.WidgetID, call.Status = second.ID, ringback.StatusFailed
				}
			}))
		}
		other.placed(t, visitor(0), nil)
		a, b, d, e := calls[0].ID, calls[1].ID, calls[2].ID, calls[3].ID
		c.answered(t, &calls[0], c.jan)
		c.answered(t, &calls[0], c.anna) // the last attempt decides
		c.answered(t, &calls[1], c.jan)
		alter(t, s, query(fmt.Sprintf("UPDATE calls SET hidden = TRUE WHERE id = %d", d)))

		user := func(m ringback.Manager) []int64 { return []int64{m.UserID} }
		for name, tt := range map[string]struct {
			filter HistoryFilter
			want   []int64
		}{
			"all":             {HistoryFilter{}, []int64{a, b, d, e}},
			"newest first":    {HistoryFilter{Descending: true}, []int64{e, d, b, a}},
			"ids":             {HistoryFilter{CallIDs: []int64{e, a, -1}}, []int64{a, e}},
			"number":          {HistoryFilter{Number: visitor(0)}, []int64{a, b}},
			"no such number":  {HistoryFilter{Number: "none"}, []int64{}},
			"Anna":            {HistoryFilter{UserIDs: user(c.anna)}, []int64{a}},
			"Jan":             {HistoryFilter{UserIDs: user(c.jan)}, []int64{b}},
			"Anna or Jan":     {HistoryFilter{UserIDs: []int64{c.anna.UserID, c.jan.UserID, -1}}, []int64{a, b}},
			"widget":          {HistoryFilter{WidgetIDs: []int64{second.ID}}, []int64{e}},
			"status":          {HistoryFilter{Statuses: []ringback.Status{ringback.StatusFailed}}, []int64{e}},
			"no such status":  {HistoryFilter{Statuses: []ringback.Status{"voicemail"}}, []int64{}},
			"two statuses":    {HistoryFilter{Statuses: []ringback.Status{ringback.StatusFailed, ringback.StatusNew}}, []int64{d, e}},
			"tag":             {HistoryFilter{TagIDs: []int64{1}}, []int64{}},
			"incoming number": {HistoryFilter{IncomingIDs: []int64{1}}, []int64{}},
			"from":            {HistoryFilter{From: noon.Add(time.Hour)}, []int64{b, d, e}},
			"from later":      {HistoryFilter{From: noon.Add(time.Hour + time.Millisecond)}, []int64{d, e}},
			"to":              {HistoryFilter{To: noon.Add(time.Hour)}, []int64{a, b}},
			"to earlier":      {HistoryFilter{To: noon.Add(time.Hour - time.Millisecond)}, []int64{a}},
			"shown":           {HistoryFilter{HideHidden: true}, []int64{a, b, e}},
			"site":            {HistoryFilter{URL: "https://acme.example"}, []int64{a, b, d, e}},
			"page":            {HistoryFilter{URL: "http://www.Acme.example/shop?a=b"}, []int64{a, b, d}},
			"half a word":     {HistoryFilter{URL: "acme.example/sho"}, []int64{}},
			"another case":    {HistoryFilter{URL: "acme.example/Shop"}, []int64{}},
			"pattern":         {HistoryFilter{URL: "acme.example/%"}, []int64{}},
			"together": {HistoryFilter{
				Number: visitor(0), UserIDs: user(c.anna), WidgetIDs: []int64{c.widget.ID}, URL: "acme.example", HideHidden: true,
				CallIDs: []int64{a, b}, From: noon, To: noon, Statuses: []ringback.Status{ringback.StatusRinging}, Descending: true,
			}, []int64{a}},
		} {
			got, count := c.history(t, tt.filter)
			same(t, name, got, tt.want)
			same(t, name+": count", count, len(tt.want))
		}
	})
}

func TestPagesOfTheHistory(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		write(t, s, func(tx *Tx) error {
			for i := range 250 {
				call := c.call(visitor(i))
				call.CreatedAt = noon.Add(time.Duration(i/5) * time.Second) // several in a moment
				if err := tx.AddCall(&call); err != nil {
					return err
				}
			}
			return nil
		})
		for _, descending := range []bool{false, true} {
			seen := map[int64]bool{}
			for offset := 0; offset < 300; offset += 60 {
				ids, count := c.history(t, HistoryFilter{Limit: 60, Offset: offset, Descending: descending})
				for _, id := range ids {
					seen[id] = true
				}
				same(t, fmt.Sprint("count at ", offset), count, 250)
				same(t, fmt.Sprint("rows at ", offset), len(ids), max(0, min(60, 250-offset)))
			}
			same(t, "rows in all", len(seen), 250)
		}
		ids, _ := c.history(t, HistoryFilter{})
		same(t, "rows where no limit is given", len(ids), 100)
		ids, count := c.history(t, HistoryFilter{Limit: 10, Offset: 250})
		same(t, "behind the end", ids, []int64{})
		same(t, "count", count, 250)
	})
}

func TestManyValuesInAFilter(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		call := c.placed(t, visitor(1), nil)
		ids := make([]int64, 1000)
		for i := range ids {
			ids[i] = int64(-i)
		}
		ids[999] = call.ID
		found, count := c.history(t, HistoryFilter{CallIDs: ids})
		same(t, "found", found, []int64{call.ID})
		same(t, "count", count, 1)
	})
}

func TestARecordTellsOfTheLastAttempt(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		fresh, call := c.placed(t, visitor(1), nil), c.placed(t, visitor(2), nil)
		c.answered(t, &call, c.jan)
		last := c.answered(t, &call, c.anna)
		heard := ringback.Recording{AccountID: c.account.ID, CallID: call.ID, Name: "a.wav", Duration: time.Second, CreatedAt: noon}
		write(t, s, func(tx *Tx) error { return tx.AddRecording(&heard) })
		visitors := []ringback.Leg{{AccountID: c.account.ID, CallID: call.ID, AttemptID: last.ID, Party: ringback.PartyVisitor, Number: visitor(2)}}
		last.RecordingID = heard.ID
		write(t, s, func(tx *Tx) error { return errors.Join(tx.AddLegs(visitors), tx.SaveAttempt(last)) })
		last.Legs = append(last.Legs, visitors...)

		want := CallRecord{Call: call, WidgetDescription: "Shop", Attempt: &last, Manager: &c.anna, Recording: &heard}
		record := func(id int64) CallRecord {
			return get(t, s, func(tx *Tx) (CallRecord, error) { return tx.Record(c.account.ID, id) })
		}
		same(t, "record", record(call.ID), want)
		same(t, "of a call that nobody has tried", record(fresh.ID), CallRecord{Call: fresh, WidgetDescription: "Shop"})
		read(t, s, func(tx *Tx) error {
			records, _, err := tx.History(c.account.ID, HistoryFilter{Descending: true, Limit: 1})
			same(t, "in the history", records, []CallRecord{want})
			return err
		})
	})
}
