package switchboard

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store"
	"github.com/ringback-hq/ringback/internal/wire"
)

// A telling is what a webhook was told.
type telling struct {
	Event    ringback.EventKind `json:"event"`
	Status   ringback.Status    `json:"status"`
	Attempts int                `json:"call_attempts_count"`
}

// tellings returns all that the webhook of a village was told, in order.
func (v *village) tellings(t *testing.T) []telling {
	t.Helper()
	var all []telling
	write(t, v.store, func(tx *store.Tx) error {
		deliveries, err := tx.Deliveries(v.owner.AccountID, v.hook.ID, 1000)
		slices.Reverse(deliveries)
		for _, d := range deliveries {
			var doc struct{ Data telling }
			if err := json.Unmarshal(d.Body, &doc); err != nil {
				return err
			}
			all = append(all, doc.Data)
		}
		return err
	})
	return all
}

// villageOf returns the place where a story in testdata/stories happens, which has not begun.
func villageOf(t *testing.T, file string) *village {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	people, _, _ := strings.Cut(string(text), "--\n")
	return newVillage(t, readStory(t, people))
}

// order places the visitor's order and returns the call.
func (v *village) order(t *testing.T) ringback.Call {
	t.Helper()
	call, err := v.board.Place(t.Context(), v.owner, Order{WidgetID: v.widget.ID, To: string(v.number["visitor"])})
	if err != nil {
		t.Fatal(err)
	}
	return call
}

func TestH3_EachEventHasItsStatuses(t *testing.T) {
	t.Parallel()
	statuses := map[ringback.EventKind][]ringback.Status{
		ringback.EventCallNew:       {ringback.StatusNew},
		ringback.EventCallMissed:    {ringback.StatusManagerFailed, ringback.StatusVisitorFailed, ringback.StatusFailed},
		ringback.EventCallCompleted: {ringback.StatusCompleted},
	}
	files, err := filepath.Glob("testdata/stories/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	seen := map[ringback.Status]bool{}
	for _, file := range files {
		synctest.Test(t, func(t *testing.T) {
			v := villageOf(t, file)
			end := v.open(t)
			v.order(t)
			v.untilAllEnded(t, 1)
			end()
			for _, told := range v.tellings(t) {
				seen[told.Status] = true
				if !slices.Contains(statuses[told.Event], told.Status) {
					t.Errorf("%s: %s with %s", file, told.Event, told.Status)
				}
			}
		})
	}
	if len(seen) != 5 {
		t.Errorf("the stories end only so: %v", seen)
	}
}

func TestH4_AMissedCallIsToldOnceAfterTheLastAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := villageOf(t, "testdata/stories/nobody-answers.txt")
		end := v.open(t)
		v.order(t)
		calls := v.untilAllEnded(t, 1)
		end()
		missed := telling{ringback.EventCallMissed, ringback.StatusManagerFailed, calls[0].Attempts}
		if told := v.tellings(t); len(told) != 2 || told[1] != missed || missed.Attempts < 2 {
			t.Errorf("after %d attempts it told %v", calls[0].Attempts, told)
		}
	})
}

func TestC24_ACallRingsUntilItsLastAttemptDecides(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := villageOf(t, "testdata/stories/nobody-answers.txt")
		end := v.open(t)
		defer end()
		call := v.order(t)
		var seen []ringback.Status
		for deadline := time.Now().Add(time.Hour); time.Now().Before(deadline) && !call.Status.Final(); time.Sleep(time.Second) {
			write(t, v.store, func(tx *store.Tx) (err error) {
				call, err = tx.Call(call.AccountID, call.ID)
				return err
			})
			seen = append(seen, call.Status)
		}
		want := []ringback.Status{ringback.StatusRinging, ringback.StatusManagerFailed}
		seen = slices.DeleteFunc(slices.Compact(seen), func(s ringback.Status) bool { return s == ringback.StatusNew })
		if !slices.Equal(seen, want) || call.Attempts < 2 || call.Outcome != ringback.OutcomeNoAnswer {
			t.Errorf("after %d attempts and %s: %v", call.Attempts, call.Outcome, seen)
		}
	})
}

func TestH9_ABookedCallIsNotNewAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := villageOf(t, "testdata/stories/nobody-answers.txt")
		slot := time.Now().Add(time.Hour)
		call := ringback.Call{
			AccountID: v.owner.AccountID, WidgetID: v.widget.ID, To: v.number["visitor"], Type: ringback.CallFromWidget,
			Status: ringback.StatusScheduled, ScheduledAt: slot, DueAt: slot, CreatedAt: time.Now(),
		}
		write(t, v.store, func(tx *store.Tx) error {
			if err := tx.AddCall(&call); err != nil {
				return err
			}
			account, err := tx.Account(call.AccountID)
			if err != nil {
				return err
			}
			return tell(tx, ringback.EventCallScheduled, account, wire.Happening{Call: call})
		})
		end := v.open(t)
		time.Sleep(time.Hour)
		v.untilAllEnded(t, 1)
		end()
		var kinds []ringback.EventKind
		for _, told := range v.tellings(t) {
			kinds = append(kinds, told.Event)
		}
		if want := []ringback.EventKind{ringback.EventCallScheduled, ringback.EventCallMissed}; !slices.Equal(kinds, want) {
			t.Errorf("told %v, want %v", kinds, want)
		}
	})
}
