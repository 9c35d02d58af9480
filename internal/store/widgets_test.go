package store

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
)

// widgets adds n more widgets, after the one that every company has.
func (c *company) widgets(t *testing.T, n int) []int64 {
	t.Helper()
	ids := []int64{c.widget.ID}
	write(t, c.Store, func(tx *Tx) error {
		for range n {
			w := ringback.Widget{AccountID: c.account.ID, PublicID: rand.Text(), URL: "https://acme.example", Settings: ringback.Settings{}}
			if err := tx.AddWidget(&w); err != nil {
				return err
			}
			ids = append(ids, w.ID)
		}
		return nil
	})
	return ids
}

func TestWidgetsAreListedInPagesWithTheirNumber(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		other := newCompany(t, s)
		all := c.widgets(t, 4)
		at := c.anna
		at.WidgetID = all[3]
		write(t, s, func(tx *Tx) error { return tx.SaveManager(&at) })
		for name, tt := range map[string]struct {
			filter WidgetFilter
			want   []int64
			count  int
		}{
			"all":                  {WidgetFilter{}, all, 5},
			"a page":               {WidgetFilter{Limit: 2, Offset: 1}, all[1:3], 5},
			"past the end":         {WidgetFilter{Offset: 9}, []int64{}, 5},
			"those of Anna":        {WidgetFilter{UserID: c.anna.UserID}, []int64{all[0], all[3]}, 2},
			"the second of Anna's": {WidgetFilter{UserID: c.anna.UserID, Offset: 1}, all[3:4], 2},
			"some":                 {WidgetFilter{IDs: []int64{all[4], all[1], 999}}, []int64{all[1], all[4]}, 2},
			"some of Anna's":       {WidgetFilter{UserID: c.anna.UserID, IDs: all[1:]}, all[3:4], 1},
			"another account's":    {WidgetFilter{IDs: []int64{other.widget.ID}}, []int64{}, 0},
		} {
			read(t, s, func(tx *Tx) error {
				widgets, count, err := tx.Widgets(c.account.ID, tt.filter)
				same(t, name, ids(widgets, func(w ringback.Widget) int64 { return w.ID }), tt.want)
				same(t, name+": count", count, tt.count)
				return err
			})
		}
	})
}

func TestW17_ADeletedWidgetIsSeenByItsCallsOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		w := c.widget
		w.URL, w.Description, w.Locale, w.Enabled, w.SMSName = "https://b.example/x", "d", "pl", false, "Acme"
		w.Settings, w.UpdatedAt = ringback.Settings{ringback.SettingCountdown: 40}, noon.Add(time.Hour)
		write(t, s, func(tx *Tx) error { return tx.SaveWidget(w) })
		same(t, "changed", get(t, s, func(tx *Tx) (ringback.Widget, error) { return tx.WidgetAnywhere(w.PublicID) }), w)

		stranger := w
		stranger.AccountID = newCompany(t, s).account.ID
		if err := s.Write(t.Context(), func(tx *Tx) error { return tx.SaveWidget(stranger) }); !errors.Is(err, ErrNotFound) {
			t.Errorf("a stranger changed it: %v", err)
		}

		w.DeletedAt = noon.Add(2 * time.Hour)
		write(t, s, func(tx *Tx) error { return tx.SaveWidget(w) })
		for name, ask := range map[string]func(tx *Tx) error{
			"by id":        func(tx *Tx) error { _, err := tx.Widget(c.account.ID, w.ID); return err },
			"by public id": func(tx *Tx) error { _, err := tx.WidgetByPublicID(c.account.ID, w.PublicID); return err },
			"anywhere":     func(tx *Tx) error { _, err := tx.WidgetAnywhere(w.PublicID); return err },
			"saved":        func(tx *Tx) error { return tx.SaveWidget(w) },
		} {
			if err := s.Write(t.Context(), ask); !errors.Is(err, ErrNotFound) {
				t.Errorf("%s: got %v, want %v", name, err, ErrNotFound)
			}
		}
		same(t, "for its calls", get(t, s, func(tx *Tx) (ringback.Widget, error) { return tx.AnyWidget(c.account.ID, w.ID) }), w)
		read(t, s, func(tx *Tx) error {
			widgets, count, err := tx.Widgets(c.account.ID, WidgetFilter{})
			same(t, "listed", widgets, []ringback.Widget(nil))
			same(t, "counted", count, 0)
			return err
		})
	})
}

func TestTwoWhoChangeAWidgetLoseNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		change := func(f func(w *ringback.Widget)) func(*Tx) error {
			return func(tx *Tx) error {
				if err := tx.LockWidget(c.widget.ID); err != nil {
					return err
				}
				w, err := tx.Widget(c.account.ID, c.widget.ID)
				if err != nil {
					return err
				}
				f(&w)
				return tx.SaveWidget(w)
			}
		}
		during(t, s, change(func(w *ringback.Widget) { w.Description = "d" }), change(func(w *ringback.Widget) { w.Locale = "pl" }))
		w := get(t, s, func(tx *Tx) (ringback.Widget, error) { return tx.Widget(c.account.ID, c.widget.ID) })
		if w.Description != "d" || w.Locale != "pl" {
			t.Errorf("one change is lost: %+v", w)
		}
	})
}

func TestW15_AWidgetIsFirstSeenOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		for i := range 2 {
			write(t, s, func(tx *Tx) error {
				return tx.SeeWidget(c.account.ID, c.widget.ID, noon.Add(time.Duration(i)*time.Hour))
			})
		}
		w := get(t, s, func(tx *Tx) (ringback.Widget, error) { return tx.Widget(c.account.ID, c.widget.ID) })
		same(t, "installed at", w.InstalledAt, noon)
	})
}

func TestTheManagersOfManyWidgetsAreThoseOfEach(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		all := c.widgets(t, 2)
		at, help, sales := c.jan, ringback.Department{Name: "Help"}, ringback.Department{Name: "Sales"}
		at.WidgetID = all[1]
		write(t, s, func(tx *Tx) error {
			return errors.Join(
				tx.SaveManager(&at), tx.AddDepartment(c.account.ID, &help), tx.AddDepartment(c.account.ID, &sales),
				tx.PutInDepartment(c.account.ID, at.ID, sales.ID), tx.PutInDepartment(c.account.ID, at.ID, help.ID),
				tx.DeleteManager(c.account.ID, c.anna.UserID, all[0], noon),
			)
		})
		read(t, s, func(tx *Tx) error {
			managers, err := tx.ManagersAt(c.account.ID, all)
			if err != nil {
				return err
			}
			for _, id := range all {
				want, err := tx.Managers(c.account.ID, id)
				if err != nil {
					return err
				}
				same(t, "managers", managers[id], want)
			}
			if len(managers[all[1]]) != 1 || len(managers[all[1]][0].Departments) != 2 || len(managers[all[0]]) != 1 {
				t.Errorf("got %+v", managers)
			}
			return nil
		})
	})
}

func TestCallsAreCountedByWidget(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		all := c.widgets(t, 2)
		for i := range 5 {
			c.placed(t, visitor(i), func(call *ringback.Call) {
				call.WidgetID = all[i%2]
				if i < 3 {
					call.Status, call.EndedAt = ringback.StatusCompleted, noon.Add(time.Minute)
				}
			})
		}
		counts := func(account int64) map[int64]int {
			return get(t, s, func(tx *Tx) (map[int64]int, error) { return tx.CallCounts(account, all) })
		}
		same(t, "counts", counts(c.account.ID), map[int64]int{all[0]: 3, all[1]: 2})
		same(t, "a stranger's", counts(newCompany(t, s).account.ID), map[int64]int{})
	})
}

func TestCallsWaitUntilTheirFirstAttempt(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		booked := c.placed(t, visitor(1), func(call *ringback.Call) {
			call.Status, call.ScheduledAt, call.DueAt, call.TextBooking = ringback.StatusScheduled, noon.Add(time.Hour), noon.Add(time.Hour), true
		})
		fresh := c.placed(t, visitor(2), nil)
		led := c.placed(t, visitor(3), nil)
		c.ringing(t, &led, "node", c.anna.User.Tel)
		again := c.placed(t, visitor(4), func(call *ringback.Call) { call.Status = ringback.StatusRinging }) // waits for its next
		c.placed(t, visitor(5), func(call *ringback.Call) { call.Status = ringback.StatusCompleted })
		waiting := func(account int64) []ringback.Call {
			return get(t, s, func(tx *Tx) ([]ringback.Call, error) { return tx.WaitingCalls(account, c.widget.ID) })
		}
		same(t, "waiting", waiting(c.account.ID), []ringback.Call{fresh, booked})
		same(t, "a stranger's", waiting(newCompany(t, s).account.ID), []ringback.Call(nil))
		if again.TextBooking || !booked.TextBooking {
			t.Error("who gets a text is mixed up")
		}
	})
}

func TestS5_AKeyKeepsItsLimits(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		k := ringback.Key{
			ID: "page", AccountID: c.account.ID, UserID: c.owner.ID, Hash: []byte("h"), Scopes: []ringback.Scope{ringback.ScopeWidgetsCall},
			Widgets: []int64{c.widget.ID}, Publishable: true, Origins: []string{"https://a.example"}, CreatedAt: noon,
		}
		write(t, s, func(tx *Tx) error { return tx.AddKey(k) })
		write(t, s, func(tx *Tx) error { return tx.ExposeKey(c.account.ID, k.ID, "https://b.example") })
		k.ExposedAt = "https://b.example"
		same(t, "key", get(t, s, func(tx *Tx) (ringback.Key, error) {
			key, _, err := tx.Key(k.ID)
			return key, err
		}), k)
		stranger := newCompany(t, s).account.ID
		if err := s.Write(t.Context(), func(tx *Tx) error { return tx.ExposeKey(stranger, k.ID, "x") }); !errors.Is(err, ErrNotFound) {
			t.Errorf("a stranger notes: %v", err)
		}
	})
}
