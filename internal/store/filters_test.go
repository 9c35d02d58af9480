package store

import (
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
)

// A filtered is a call of the tests below, with what the filters ask for.
type filtered struct {
	ringback.Call
	tags   []int64
	user   int64
	hidden bool
	site   string
}

// passes is the filter in plain words.
func (f HistoryFilter) passes(c filtered) bool {
	has := func(wanted []int64, id int64) bool { return len(wanted) == 0 || slices.Contains(wanted, id) }
	tagged := len(f.TagIDs) == 0 || slices.ContainsFunc(c.tags, func(id int64) bool { return slices.Contains(f.TagIDs, id) })
	return tagged && has(f.CallIDs, c.ID) && has(f.UserIDs, c.user) && has(f.WidgetIDs, c.WidgetID) && has(f.IncomingIDs, c.IncomingID) &&
		(f.Number == "" || f.Number == c.To) && (len(f.Statuses) == 0 || slices.Contains(f.Statuses, c.Status)) &&
		(f.From.IsZero() || !c.CreatedAt.Before(f.From)) && (f.To.IsZero() || !c.CreatedAt.After(f.To)) &&
		(f.URL == "" || strings.HasPrefix(c.site, f.URL)) && (!f.HideHidden || !c.hidden)
}

// TestEveryMixOfFilters asks for many mixes of filters, at any page and in both orders, and compares what comes with
// what the filter says in plain words.
func TestEveryMixOfFilters(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		dice := mathrand.New(mathrand.NewPCG(7, 7))
		calls := c.manyCalls(t, dice, 400)
		for range 300 {
			f := c.anyFilter(dice, calls)
			var want []int64
			for _, call := range calls {
				if f.passes(call) {
					want = append(want, call.ID)
				}
			}
			if f.Descending {
				slices.Reverse(want)
			}
			page := append([]int64{}, want[min(f.Offset, len(want)):min(f.Offset+f.Limit, len(want))]...)
			got, count := c.history(t, f)
			same(t, fmt.Sprintf("%+v", f), got, page)
			same(t, fmt.Sprintf("count of %+v", f), count, len(want))
		}
	})
}

// manyCalls writes calls over five days at two widgets, some at the same moment, that live, end, are answered, tagged
// and hidden. They are in the order of the history.
func (c *company) manyCalls(t *testing.T, dice *mathrand.Rand, n int) []filtered {
	t.Helper()
	second := ringback.Widget{AccountID: c.account.ID, PublicID: rand.Text(), URL: "https://other.example"}
	tags := []ringback.Tag{{AccountID: c.account.ID, Name: "a"}, {AccountID: c.account.ID, Name: "b"}}
	calls := make([]filtered, n)
	write(t, c.Store, func(tx *Tx) error {
		for i := range tags {
			if err := tx.AddTag(&tags[i]); err != nil {
				return err
			}
		}
		return tx.AddWidget(&second)
	})
	for i := range calls {
		call := filtered{Call: c.call(visitor(dice.IntN(20))), site: "acme.example/shop"}
		call.CreatedAt = noon.Add(time.Duration(i/2) * 36 * time.Minute)
		call.IncomingID = int64(dice.IntN(3))
		if dice.IntN(2) == 0 {
			call.WidgetID, call.site = second.ID, "other.example"
		}
		write(t, c.Store, func(tx *Tx) error {
			if err := tx.AddCall(&call.Call); err != nil {
				return err
			}
			if dice.IntN(3) > 0 { // it ends at a later step, as calls do
				call.Status, call.EndedAt = ringback.Statuses[dice.IntN(len(ringback.Statuses))], noon
				if err := tx.SaveCall(call.Call); err != nil {
					return err
				}
			}
			for _, tag := range tags {
				if dice.IntN(3) == 0 {
					call.tags = append(call.tags, tag.ID)
					if err := tx.TagCall(c.account.ID, call.ID, tag.ID); err != nil {
						return err
					}
				}
			}
			if call.hidden = dice.IntN(4) == 0; call.hidden {
				if err := tx.HideCall(c.account.ID, call.ID, true); err != nil {
					return err
				}
			}
			return c.answerSome(tx, dice, &call)
		})
		calls[i] = call
	}
	return calls
}

// answerSome writes up to two attempts; who answered in the last one counts.
func (c *company) answerSome(tx *Tx, dice *mathrand.Rand, call *filtered) error {
	var first ringback.Attempt
	n := dice.IntN(3)
	for number := range n {
		a := ringback.Attempt{AccountID: c.account.ID, CallID: call.ID, Number: number + 1}
		if err := tx.AddAttempt(&a); err != nil {
			return err
		}
		call.user = 0
		if dice.IntN(2) == 0 {
			m := []ringback.Manager{c.anna, c.jan}[dice.IntN(2)]
			a.ManagerID, call.user = m.ID, m.UserID
			if err := tx.SaveAttempt(a); err != nil {
				return err
			}
		}
		if number == 0 {
			first = a
		}
	}
	if n == 2 && dice.IntN(2) == 0 { // the news of the first attempt comes late
		first.ManagerID = c.anna.ID
		return tx.SaveAttempt(first)
	}
	return nil
}

// anyFilter mixes filters, few of them at a time.
func (c *company) anyFilter(dice *mathrand.Rand, calls []filtered) HistoryFilter {
	f := HistoryFilter{Limit: 1 + dice.IntN(30), Offset: dice.IntN(40) * dice.IntN(8), Descending: dice.IntN(2) == 0, HideHidden: dice.IntN(3) == 0}
	one := func() filtered { return calls[dice.IntN(len(calls))] }
	for range dice.IntN(4) {
		switch dice.IntN(10) {
		case 0:
			f.CallIDs = append(f.CallIDs, one().ID, one().ID, -1)
		case 1:
			f.Number = one().To
		case 2:
			f.UserIDs = append(f.UserIDs, c.anna.UserID)
		case 3:
			f.UserIDs = append(f.UserIDs, c.jan.UserID, c.jan.UserID, -1)
		case 4:
			f.WidgetIDs = append(f.WidgetIDs, one().WidgetID)
		case 5:
			f.TagIDs = append(f.TagIDs, 1+dice.Int64N(2), 1+dice.Int64N(3))
		case 6:
			f.IncomingIDs = append(f.IncomingIDs, 1+dice.Int64N(2))
		case 7:
			f.Statuses = append(f.Statuses, one().Status, one().Status)
		case 8:
			f.From = one().CreatedAt.Add(time.Duration(dice.IntN(3)-1) * time.Millisecond)
		case 9:
			f.To = one().CreatedAt.Add(time.Duration(dice.IntN(3)-1) * time.Millisecond)
		}
	}
	if dice.IntN(5) == 0 {
		f.URL = "acme.example"
	}
	return f
}

func TestPagesOfTheHistoryUseAnIndex(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		fill(t, s)
		number := visitor(1)
		for name, tt := range map[string]struct {
			f     HistoryFilter
			index string
		}{
			"none":       {HistoryFilter{}, "calls_history"},
			"shown":      {HistoryFilter{HideHidden: true}, "calls_history"},
			"dates":      {HistoryFilter{From: noon, To: noon}, "calls_history"},
			"number":     {HistoryFilter{Number: number, From: noon}, "calls_number"},
			"user":       {HistoryFilter{UserIDs: []int64{1}}, "calls_answered"},
			"users":      {HistoryFilter{UserIDs: []int64{1, 2}, To: noon}, "calls_answered"},
			"widget":     {HistoryFilter{WidgetIDs: []int64{1}, Statuses: []ringback.Status{"new"}}, "calls_widget|calls_status"},
			"widgets":    {HistoryFilter{WidgetIDs: []int64{1, 2, 3}}, "calls_widget"},
			"status":     {HistoryFilter{Statuses: []ringback.Status{"new"}}, "calls_status"},
			"statuses":   {HistoryFilter{Statuses: []ringback.Status{"new", "failed"}, HideHidden: true}, "calls_status"},
			"incoming":   {HistoryFilter{IncomingIDs: []int64{1}}, "calls_incoming"},
			"tag":        {HistoryFilter{TagIDs: []int64{1}}, "call_tags_history"},
			"tags":       {HistoryFilter{TagIDs: []int64{1, 2}, WidgetIDs: []int64{1}}, "call_tags_history"},
			"everything": {HistoryFilter{Number: number, UserIDs: []int64{1}, WidgetIDs: []int64{1}, From: noon, HideHidden: true}, "calls_number|calls_answered"},
		} {
			for _, descending := range []bool{false, true} {
				p := tt.f.page(1, 10, 100, descending)
				plan := explained(t, s, query(p.text.String()), p.args)
				if !regexp.MustCompile(`(?i)index.* (` + tt.index + `)`).MatchString(plan) {
					t.Errorf("%s: %s is not used:\n%s\n%s", name, tt.index, p.text.String(), plan)
				}
				merged := 0 // SQLite sorts the branches of a merge once more, when they have been cut
				if n := len(tt.f.driver().values); n > 1 {
					merged = n
				}
				sorts := strings.Count(plan, "TEMP B-TREE") + strings.Count(plan, "Sort  ")
				if strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "SCAN c") || strings.Contains(plan, "SCAN t") || sorts > merged {
					t.Errorf("%s: %d sorts:\n%s", name, sorts, plan)
				}
			}
		}
	})
}

func TestCountsOfTheHistoryUseAnIndex(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		fill(t, s)
		parts := HistoryFilter{Statuses: []ringback.Status{"new", "failed"}, WidgetIDs: []int64{1}, HideHidden: true, From: noon, To: noon}.tallies(1, 3, 5)
		for i, index := range []string{"call_tallies", "calls_live", "calls_(history|widget|status)"} {
			plan := explained(t, s, query(parts[i].text.String()), parts[i].args)
			if !regexp.MustCompile(`(?i)index.* \w*` + index).MatchString(plan) {
				t.Errorf("%s is not used: %s\n%s", index, parts[i].text.String(), plan)
			}
		}
	})
}
