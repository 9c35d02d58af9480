package store

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
)

// due returns the calls of the company's queue that are due, a few at a time.
func (c *company) due(t *testing.T, now time.Time) []int64 {
	t.Helper()
	var ids []int64
	read(t, c.Store, func(tx *Tx) error {
		q := Queue{AccountID: c.account.ID, WidgetID: c.widget.ID}
		for after := (Cursor{}); ; {
			calls, err := tx.DueCalls(q, now, after, 2)
			if err != nil || len(calls) == 0 {
				return err
			}
			for _, call := range calls {
				ids = append(ids, call.ID)
				after = Cursor{DueAt: call.DueAt, ID: call.ID}
			}
		}
	})
	return ids
}

func (c *company) nextDue(t *testing.T, now time.Time) time.Time {
	t.Helper()
	return get(t, c.Store, func(tx *Tx) (time.Time, error) {
		at, _, err := tx.NextDue(now)
		return at, err
	})
}

func TestCallsAreTakenInTheOrderInWhichTheyBecameDue(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		dueAt := func(d time.Duration) func(*ringback.Call) {
			return func(call *ringback.Call) { call.DueAt = noon.Add(d) }
		}
		third := c.placed(t, visitor(1), dueAt(-time.Second))
		fourth := c.placed(t, visitor(2), dueAt(0))
		fifth := c.placed(t, visitor(3), dueAt(0)) // the same moment: the older one first
		second := c.placed(t, visitor(4), dueAt(-time.Minute))
		first := c.placed(t, visitor(5), func(call *ringback.Call) { call.DueAt = time.Time{} })
		later := c.placed(t, visitor(6), dueAt(time.Millisecond))
		booked := c.placed(t, visitor(7), func(call *ringback.Call) {
			call.Status, call.DueAt, call.ScheduledAt = ringback.StatusScheduled, noon.Add(time.Hour), noon.Add(time.Hour)
		})
		for _, over := range []ringback.Status{ringback.StatusTalking, ringback.StatusCompleted, ringback.StatusFailed, ringback.StatusCancelled} {
			c.placed(t, visitor(8), func(call *ringback.Call) { call.Status = over })
		}
		want := []int64{first.ID, second.ID, third.ID, fourth.ID, fifth.ID}
		same(t, "at noon", c.due(t, noon), want)
		same(t, "next after noon", c.nextDue(t, noon), later.DueAt)
		same(t, "a moment later", c.due(t, noon.Add(time.Millisecond)), append(want, later.ID))
		same(t, "next after that", c.nextDue(t, noon.Add(time.Millisecond)), booked.DueAt)
		same(t, "next after all", c.nextDue(t, noon.Add(time.Hour)), time.Time{})
		same(t, "in an hour", c.due(t, noon.Add(time.Hour)), append(want, later.ID, booked.ID))
	})
}

func TestAQueueForEveryWidgetTheLongestWaitFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, other := newCompany(t, s), newCompany(t, s)
		c.placed(t, visitor(1), nil)
		c.placed(t, visitor(2), func(call *ringback.Call) { call.DueAt = noon.Add(time.Hour) })
		other.placed(t, visitor(1), func(call *ringback.Call) { call.DueAt = noon.Add(-time.Minute) })
		other.placed(t, visitor(2), nil)
		queues := get(t, s, func(tx *Tx) ([]Queue, error) { return tx.Queues(noon) })
		same(t, "queues", queues, []Queue{
			{AccountID: other.account.ID, WidgetID: other.widget.ID, Waiting: 2, Oldest: noon.Add(-time.Minute)},
			{AccountID: c.account.ID, WidgetID: c.widget.ID, Waiting: 1, Oldest: noon},
		})
	})
}

func TestWhoClaimsACallHasItAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		call := c.placed(t, visitor(1), nil)
		mine, theirs := call, call
		c.ringing(t, &mine, "node 1", c.anna.User.Tel)
		same(t, "epoch", mine.Epoch, call.Epoch+1)
		same(t, "due", c.due(t, noon), []int64(nil))
		same(t, "queues", get(t, s, func(tx *Tx) ([]Queue, error) { return tx.Queues(noon) }), []Queue(nil))
		same(t, "live", get(t, s, func(tx *Tx) (int, error) { return tx.LiveCalls(c.account.ID) }), 1)

		for what, change := range map[string]func(*Tx) error{
			"claim":   func(tx *Tx) error { return tx.Claim(&theirs, "node 2") },
			"save":    func(tx *Tx) error { return tx.SaveCall(theirs) },
			"release": func(tx *Tx) error { return tx.Release(theirs) },
		} {
			if err := s.Write(t.Context(), change); !errors.Is(err, ErrLost) {
				t.Errorf("%s by one who read it before: got %v, want %v", what, err, ErrLost)
			}
		}
		same(t, "stored", get(t, s, func(tx *Tx) (ringback.Call, error) { return tx.Call(c.account.ID, call.ID) }), mine)
	})
}

func TestWhatAStaleLeaderWroteBesideTheCallIsUndone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		call := c.placed(t, visitor(1), nil)
		stale := call
		a := c.ringing(t, &stale, "node 1", c.anna.User.Tel)
		taken := get(t, s, func(tx *Tx) (ringback.Call, error) { return tx.Call(c.account.ID, call.ID) })
		write(t, s, func(tx *Tx) error { return tx.Claim(&taken, "node 2") })

		a.Legs[0].Outcome = ringback.OutcomeBusy
		err := s.Write(t.Context(), func(tx *Tx) error { return errors.Join(tx.SaveLeg(a.Legs[0]), tx.SaveCall(stale)) })
		if !errors.Is(err, ErrLost) {
			t.Errorf("got %v, want %v", err, ErrLost)
		}
		attempts := get(t, s, func(tx *Tx) ([]ringback.Attempt, error) { return tx.Attempts(c.account.ID, call.ID) })
		same(t, "outcome", attempts[0].Legs[0].Outcome, ringback.Outcome(""))
	})
}

func TestOneOfManyClaimsWins(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		call := c.placed(t, visitor(1), nil)
		var wg sync.WaitGroup
		results := make(chan error, 16)
		for range cap(results) {
			wg.Go(func() {
				mine := call
				results <- s.Write(t.Context(), func(tx *Tx) error { return tx.Claim(&mine, "node") })
			})
		}
		wg.Wait()
		close(results)
		won := 0
		for err := range results {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, ErrLost):
				t.Error(err)
			}
		}
		same(t, "winners", won, 1)
	})
}

func TestAReleasedCallIsDueAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		call := c.placed(t, visitor(1), nil)
		c.ringing(t, &call, "node", c.anna.User.Tel)
		call.DueAt, call.Outcome = noon.Add(5*time.Second), ringback.OutcomeBusy
		write(t, s, func(tx *Tx) error { return tx.Release(call) })
		same(t, "too early", c.due(t, noon), []int64(nil))
		same(t, "due", c.due(t, call.DueAt), []int64{call.ID})
		same(t, "stored", get(t, s, func(tx *Tx) (ringback.Call, error) { return tx.Call(c.account.ID, call.ID) }), call)

		c.ringing(t, &call, "node", c.anna.User.Tel)
		call.Status, call.EndedAt = ringback.StatusCompleted, noon.Add(time.Minute)
		write(t, s, func(tx *Tx) error { return tx.Release(call) })
		same(t, "over", c.due(t, noon.Add(time.Hour)), []int64(nil))
		same(t, "live", get(t, s, func(tx *Tx) (int, error) { return tx.LiveCalls(c.account.ID) }), 0)
	})
}

func TestTheLiveCallToANumber(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, other := newCompany(t, s), newCompany(t, s)
		live := func(account int64) int64 {
			return get(t, s, func(tx *Tx) (int64, error) {
				call, ok, err := tx.LiveCallTo(account, visitor(1))
				if ok != (call.ID != 0) {
					t.Errorf("%t, call %d", ok, call.ID)
				}
				return call.ID, err
			})
		}
		for _, s := range []ringback.Status{ringback.StatusScheduled, ringback.StatusFailed} {
			c.placed(t, visitor(1), func(call *ringback.Call) { call.Status, call.CreatedAt = s, noon.Add(time.Hour) })
		}
		c.placed(t, visitor(2), nil)
		other.placed(t, visitor(1), nil)
		same(t, "before", live(c.account.ID), int64(0))
		for i, status := range []ringback.Status{ringback.StatusNew, ringback.StatusRinging, ringback.StatusTalking} {
			call := c.placed(t, visitor(1), func(call *ringback.Call) {
				call.Status, call.CreatedAt = status, noon.Add(time.Duration(i)*time.Second)
			})
			same(t, string(status), live(c.account.ID), call.ID)
		}
	})
}

func TestOfTwoOrdersForANumberOneMakesTheCall(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		place := func(tx *Tx) error {
			_, live, err := tx.LiveCallTo(c.account.ID, visitor(1))
			if err != nil || live {
				return err
			}
			call := c.call(visitor(1))
			return tx.AddCall(&call)
		}
		during(t, s, place, place)
		same(t, "calls", len(c.due(t, noon)), 1)
	})
}

func TestDialsOfAVisitorAreCounted(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		call := c.placed(t, visitor(1), nil)
		a := c.ringing(t, &call, "node", visitor(1)) // a manager with the same number does not count
		a.Legs[0].DialedAt = noon
		legs := []ringback.Leg{
			{AccountID: c.account.ID, CallID: call.ID, AttemptID: a.ID, Party: ringback.PartyVisitor, Number: visitor(1), DialedAt: noon},
			{AccountID: c.account.ID, CallID: call.ID, AttemptID: a.ID, Party: ringback.PartyVisitor, Number: visitor(2), DialedAt: noon},
		}
		write(t, s, func(tx *Tx) error { return errors.Join(tx.SaveLeg(a.Legs[0]), tx.AddLegs(legs)) })
		for since, want := range map[time.Time]int{noon: 1, noon.Add(time.Millisecond): 0} {
			n := get(t, s, func(tx *Tx) (int, error) { return tx.VisitorDials(c.account.ID, visitor(1), since) })
			same(t, "dials since "+since.String(), n, want)
		}
	})
}

func TestEngagedTelephones(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, other := newCompany(t, s), newCompany(t, s)
		one, two := c.placed(t, visitor(1), nil), c.placed(t, visitor(2), nil)
		anna, jan := c.anna.User.Tel, c.jan.User.Tel
		engaged := func() map[ringback.Number]int64 {
			return get(t, s, func(tx *Tx) (map[ringback.Number]int64, error) { return tx.Engaged(c.account.ID) })
		}
		write(t, s, func(tx *Tx) error { return tx.Engage(c.account.ID, one.ID, []ringback.Number{anna}) })
		write(t, s, func(tx *Tx) error {
			if err := tx.Engage(c.account.ID, two.ID, []ringback.Number{jan, anna}); !errors.Is(err, ErrTaken) {
				t.Errorf("one of two is engaged: got %v, want %v", err, ErrTaken)
			}
			return nil // and the transaction goes on
		})
		same(t, "then", engaged(), map[ringback.Number]int64{anna: one.ID})

		write(t, s, func(tx *Tx) error { return tx.Engage(c.account.ID, two.ID, []ringback.Number{jan, "+1"}) })
		write(t, s, func(tx *Tx) error { return tx.Disengage(one.ID, jan) }) // it is the other call's
		same(t, "both", engaged(), map[ringback.Number]int64{anna: one.ID, jan: two.ID, "+1": two.ID})
		write(t, s, func(tx *Tx) error { return tx.Disengage(two.ID, "+1") })
		same(t, "one is free", engaged(), map[ringback.Number]int64{anna: one.ID, jan: two.ID})
		write(t, s, func(tx *Tx) error { return tx.Disengage(two.ID) })
		same(t, "a call is over", engaged(), map[ringback.Number]int64{anna: one.ID})

		theirs := other.placed(t, visitor(1), nil)
		write(t, s, func(tx *Tx) error { return tx.Engage(other.account.ID, theirs.ID, []ringback.Number{anna}) })
	})
}
