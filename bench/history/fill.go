package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store"
)

// A world is one account with many calls: ten widgets on two sites, twenty users, twenty tags, four incoming numbers.
type world struct {
	calls, days int

	account  ringback.Account
	first    time.Time
	widgets  []int64
	users    []int64
	managers [][]int64 // by widget
	tags     []int64
}

const (
	widgets, people, tags = 10, 20, 20
	batch                 = 2000 // calls in a transaction
)

// fill makes the world, or finds the one that was made before.
func (w *world) fill(ctx context.Context, s *store.Store) error {
	w.first = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	have := 0
	err := s.Read(ctx, func(tx *store.Tx) (err error) {
		if w.account, err = tx.Account(1); err != nil {
			return err
		}
		have, err = tx.CountHistory(1, store.HistoryFilter{})
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		err = s.Write(ctx, w.found)
	}
	if err != nil || have > 0 {
		w.calls = max(have, w.calls)
		w.assume()
		return err
	}
	dice := rand.New(rand.NewPCG(1, 2)) // the same world each time
	begin := time.Now()
	for n := 0; n < w.calls; n += batch {
		err := s.Write(ctx, func(tx *store.Tx) error {
			for i := n; i < min(n+batch, w.calls); i++ {
				if err := w.add(tx, dice, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("write calls %d to %d: %w", n, n+batch, err)
		}
		if (n+batch)%100_000 == 0 {
			fmt.Fprintf(os.Stderr, "%d calls after %s\n", n+batch, time.Since(begin).Round(time.Second))
		}
	}
	return nil
}

// assume fills in the ids that found makes in an empty database.
func (w *world) assume() {
	w.widgets, w.users, w.tags = upTo(widgets), upTo(people), upTo(tags)
}

func upTo(n int) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	return ids
}

// found makes the account with all but its calls.
func (w *world) found(tx *store.Tx) error {
	w.account = ringback.Account{Company: "Bench", Country: "PL", Zone: "UTC"}
	if err := tx.AddAccount(&w.account); err != nil {
		return err
	}
	for i := range people {
		u := ringback.User{AccountID: w.account.ID, Name: fmt.Sprint("user ", i), Tel: number(i), Role: ringback.RoleManager}
		if err := tx.AddUser(&u); err != nil {
			return err
		}
		w.users = append(w.users, u.ID)
	}
	for i := range tags {
		t := ringback.Tag{AccountID: w.account.ID, Name: fmt.Sprint("tag ", i)}
		if err := tx.AddTag(&t); err != nil {
			return err
		}
		w.tags = append(w.tags, t.ID)
	}
	for i := range widgets {
		if err := w.open(tx, i); err != nil {
			return err
		}
	}
	return nil
}

// open makes a widget where everybody answers.
func (w *world) open(tx *store.Tx, i int) error {
	widget := ringback.Widget{
		AccountID: w.account.ID, PublicID: fmt.Sprint("widget ", i), URL: fmt.Sprintf("https://site%d.example/page%d", i%2, i),
		Description: "bench", Enabled: true, Settings: ringback.Settings{},
	}
	if err := tx.AddWidget(&widget); err != nil {
		return err
	}
	w.widgets = append(w.widgets, widget.ID)
	var here []int64
	for _, user := range w.users {
		m := ringback.Manager{AccountID: w.account.ID, WidgetID: widget.ID, UserID: user, Enabled: true}
		if err := tx.SaveManager(&m); err != nil {
			return err
		}
		here = append(here, m.ID)
	}
	w.managers = append(w.managers, here)
	return nil
}

// ends are how calls end, each as often as it stands here.
var ends = slices.Concat(
	slices.Repeat([]ringback.Status{ringback.StatusCompleted}, 12), slices.Repeat([]ringback.Status{ringback.StatusManagerFailed}, 4),
	[]ringback.Status{ringback.StatusVisitorFailed, ringback.StatusVisitorFailed, ringback.StatusFailed, ringback.StatusCancelled},
)

// add writes one call with what belongs to it: a leg and a manager where it was completed, a tag on every tenth, an
// incoming number on every twentieth; every hundredth is hidden and every thousandth has not ended.
func (w *world) add(tx *store.Tx, dice *rand.Rand, i int) error {
	at := w.first.Add(time.Duration(float64(i) / float64(w.calls) * float64(w.days) * float64(24*time.Hour)))
	here := dice.IntN(widgets)
	c := ringback.Call{
		AccountID: w.account.ID, WidgetID: w.widgets[here], To: number(dice.IntN(200_000)), Type: ringback.CallFromWidget,
		Status: ends[dice.IntN(len(ends))], CreatedAt: at, EndedAt: at.Add(time.Minute), Attempts: 1,
		Visit: ringback.Visit{URL: "https://site.example/page", IP: "192.0.2.1", Locale: "en"},
	}
	if i%20 == 0 {
		c.IncomingID = int64(1 + dice.IntN(4))
	}
	if i%1000 == 0 {
		c.Status, c.EndedAt, c.DueAt = ringback.StatusScheduled, time.Time{}, at.AddDate(10, 0, 0)
	}
	if err := tx.AddCall(&c); err != nil {
		return err
	}
	if i%10 == 0 {
		if err := tx.TagCall(c.AccountID, c.ID, w.tags[dice.IntN(tags)]); err != nil {
			return err
		}
	}
	if i%100 == 0 {
		if err := tx.HideCall(c.AccountID, c.ID, true); err != nil {
			return err
		}
	}
	a := ringback.Attempt{AccountID: c.AccountID, CallID: c.ID, Number: 1, QueuedAt: at, EndedAt: c.EndedAt}
	if c.Status == ringback.StatusCompleted {
		a.ManagerID, a.TalkingAt = w.managers[here][dice.IntN(people)], at.Add(10*time.Second)
		a.Legs = []ringback.Leg{{Party: ringback.PartyVisitor, Number: c.To, AnsweredAt: at.Add(10 * time.Second), EndedAt: c.EndedAt}}
	}
	return tx.AddAttempt(&a)
}

func number(i int) ringback.Number { return ringback.Number(fmt.Sprintf("+486%08d", i)) }
