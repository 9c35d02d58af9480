package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store"
)

// A question is one use of the filters.
type question struct {
	name   string
	filter store.HistoryFilter
}

// questions uses each filter of the API document, alone and in some company.
func (w *world) questions() []question {
	middle := w.first.AddDate(0, 0, w.days/2).Add(5 * time.Hour)
	completed, failed := ringback.StatusCompleted, ringback.StatusManagerFailed
	return []question{
		{"none", store.HistoryFilter{}},
		{"order=desc", store.HistoryFilter{Descending: true}},
		{"display_hidden=0", store.HistoryFilter{HideHidden: true}},
		{"call_id", store.HistoryFilter{CallIDs: []int64{1, int64(w.calls / 2), int64(w.calls)}}},
		{"phone_number, tel", store.HistoryFilter{Number: number(77)}},
		{"user_ids, one", store.HistoryFilter{UserIDs: w.users[:1]}},
		{"user_ids, five", store.HistoryFilter{UserIDs: w.users[:5]}},
		{"user_ids, all", store.HistoryFilter{UserIDs: w.users}},
		{"statuses, most", store.HistoryFilter{Statuses: []ringback.Status{completed}}},
		{"statuses, several", store.HistoryFilter{Statuses: []ringback.Status{completed, failed, ringback.StatusScheduled}}},
		{"statuses, unknown", store.HistoryFilter{Statuses: []ringback.Status{"voicemail"}}},
		{"tag_ids, one", store.HistoryFilter{TagIDs: w.tags[:1]}},
		{"tag_ids, all", store.HistoryFilter{TagIDs: w.tags}},
		{"date_from", store.HistoryFilter{From: middle}},
		{"date_to", store.HistoryFilter{To: middle}},
		{"date_from, date_to", store.HistoryFilter{From: middle, To: middle.AddDate(0, 1, 0)}},
		{"widget_ids, widget_id", store.HistoryFilter{WidgetIDs: w.widgets[:1]}},
		{"widget_ids, all", store.HistoryFilter{WidgetIDs: w.widgets}},
		{"url", store.HistoryFilter{URL: "http://www.site0.example"}},
		{"incoming_number_ids", store.HistoryFilter{IncomingIDs: []int64{1}}},
		{"incoming_number_ids, all", store.HistoryFilter{IncomingIDs: []int64{1, 2, 3, 4}}},
		{"widget, status, dates", store.HistoryFilter{WidgetIDs: w.widgets[:1], Statuses: []ringback.Status{failed}, From: middle}},
		{"user, status, shown", store.HistoryFilter{UserIDs: w.users[:1], Statuses: []ringback.Status{failed}, HideHidden: true}},
		{"user, widget", store.HistoryFilter{UserIDs: w.users[:1], WidgetIDs: w.widgets[:1]}},
		{"tag, widget, shown", store.HistoryFilter{TagIDs: w.tags[:1], WidgetIDs: w.widgets[:1], HideHidden: true}},
	}
}

// measure asks every question and returns the table of the answers.
func (w *world) measure(ctx context.Context, s *store.Store, database string, times int) (string, error) {
	var out strings.Builder
	fmt.Fprintf(&out, "%s, %d calls; milliseconds, each p95 of %d\n", database, w.calls, times)
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "filter\tcalls\tfirst page\tlast page\tmiddle\tcount\t")
	before := heap()
	for _, q := range w.questions() {
		a, err := ask(ctx, s, w.account.ID, q.filter, times)
		if err != nil {
			return "", fmt.Errorf("%s: %w", q.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s: %d calls; first %.1f, last %.1f, middle %.1f, count %.1f ms\n", q.name, a.count, a.first, a.last, a.middle, a.counting)
		fmt.Fprintf(t, "%s\t%d\t%.1f\t%.1f\t%.1f\t%.1f\t\n", q.name, a.count, a.first, a.last, a.middle, a.counting)
	}
	if err := t.Flush(); err != nil {
		return "", err
	}
	fmt.Fprintf(&out, "memory in use: %d MB before, %d MB after\n", before, heap())
	return out.String(), nil
}

// An answer is how long a question takes, in milliseconds.
type answer struct {
	count                         int
	first, last, middle, counting float64
}

func ask(ctx context.Context, s *store.Store, account int64, f store.HistoryFilter, times int) (a answer, err error) {
	a.counting, err = p95(times, func() error {
		return s.Read(ctx, func(tx *store.Tx) (err error) {
			a.count, err = tx.CountHistory(account, f)
			return err
		})
	})
	if err != nil {
		return a, err
	}
	f.Limit = 100
	for _, page := range []struct {
		offset int
		took   *float64
	}{{0, &a.first}, {max(0, a.count-f.Limit), &a.last}, {a.count / 2, &a.middle}} {
		f.Offset = page.offset
		*page.took, err = p95(times, func() error {
			return s.Read(ctx, func(tx *store.Tx) error {
				_, err := tx.HistoryPage(account, f, a.count)
				return err
			})
		})
		if err != nil {
			return a, err
		}
	}
	return a, nil
}

// p95 returns how many milliseconds 95 of 100 runs take at most, after one that warms up.
func p95(times int, f func() error) (float64, error) {
	if err := f(); err != nil {
		return 0, err
	}
	took := make([]time.Duration, times)
	for i := range took {
		begin := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		took[i] = time.Since(begin)
	}
	slices.Sort(took)
	return float64(took[(len(took)*95+99)/100-1].Microseconds()) / 1000, nil
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys >> 20
}
