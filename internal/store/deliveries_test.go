package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
)

// hook adds a webhook that wants the documented events of all widgets, changed by change.
func (c *company) hook(t *testing.T, change func(*ringback.Webhook)) ringback.Webhook {
	t.Helper()
	w := ringback.Webhook{
		AccountID: c.account.ID, URL: "https://sink.example/" + rand.Text(), Secret: "whsec_x", CreatedAt: noon,
	}
	if change != nil {
		change(&w)
	}
	write(t, c.Store, func(tx *Tx) error { return tx.AddWebhook(&w) })
	return w
}

// tell tells of something that happened to a call.
func (c *company) tell(t *testing.T, call ringback.Call, kinds ...ringback.EventKind) {
	t.Helper()
	write(t, c.Store, func(tx *Tx) error {
		for _, kind := range kinds {
			if err := tx.Tell(c.event(call, kind)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *company) event(call ringback.Call, kind ringback.EventKind) ringback.Event {
	return ringback.Event{
		ID: "evt_" + rand.Text(), AccountID: call.AccountID, WidgetID: call.WidgetID, CallID: call.ID, Kind: kind, Body: []byte(`{"a":1}`),
	}
}

// soon is later than whatever was told in a test.
func soon() time.Time { return time.Now().Add(time.Minute) }

func dueNow(t *testing.T, s *Store) []DueDelivery {
	t.Helper()
	return get(t, s, func(tx *Tx) ([]DueDelivery, error) { return tx.DueDeliveries(soon(), 512, 16, nil) })
}

// in words, what is due: the number of the event, and ! where it is out of order.
func inWords(due []DueDelivery) []string {
	var words []string
	for _, d := range due {
		word := fmt.Sprint(d.Seq)
		if d.OutOfOrder {
			word += "!"
		}
		words = append(words, word)
	}
	return words
}

// tried writes how a try of a delivery ended.
func tried(t *testing.T, s *Store, d ringback.Delivery, state ringback.DeliveryState, due time.Time) {
	t.Helper()
	d.State, d.DueAt = state, due
	d.Tries++
	write(t, s, func(tx *Tx) error { return tx.SaveTry(d) })
}

const (
	newCall   = ringback.EventCallNew
	completed = ringback.EventCallCompleted
	dataAdded = ringback.EventDataAdded
)

func TestAnEventIsDeliveredToWhoeverWantsIt(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, other := newCompany(t, s), newCompany(t, s)
		all := c.hook(t, nil)
		some := c.hook(t, func(w *ringback.Webhook) { w.Events = []ringback.EventKind{ringback.EventRecordingReady} })
		here := c.hook(t, func(w *ringback.Webhook) { w.WidgetID = c.widget.ID })
		elsewhere := ringback.Widget{AccountID: c.account.ID, PublicID: rand.Text(), CreatedAt: noon, UpdatedAt: noon}
		write(t, s, func(tx *Tx) error { return tx.AddWidget(&elsewhere) })
		c.hook(t, func(w *ringback.Webhook) { w.WidgetID = elsewhere.ID })
		c.hook(t, func(w *ringback.Webhook) { w.Disabled = true })
		other.hook(t, nil)

		call := c.placed(t, visitor(1), nil)
		told := func(kind ringback.EventKind) []int64 {
			c.tell(t, call, kind)
			var ids []int64
			for _, d := range dueNow(t, s) {
				ids = append(ids, d.WebhookID)
				tried(t, s, d.Delivery, ringback.DeliveryDelivered, noon)
			}
			slices.Sort(ids)
			return ids
		}
		same(t, "a documented event", told(newCall), []int64{all.ID, here.ID})
		same(t, "another", told(ringback.EventRecordingReady), []int64{some.ID})
	})
}

func TestADeliveryComesBackAsItWasTold(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		hook := c.hook(t, func(w *ringback.Webhook) { w.Events = []ringback.EventKind{newCall} })
		call := c.placed(t, visitor(1), nil)
		event := c.event(call, newCall)
		before := time.Now().Add(-time.Second)
		write(t, s, func(tx *Tx) error { return tx.Tell(event) })

		due := dueNow(t, s)
		if len(due) != 1 {
			t.Fatalf("%d deliveries are due", len(due))
		}
		d := due[0]
		if d.DueAt.Before(before) || d.DueAt.After(time.Now()) || !d.DueAt.Equal(d.CreatedAt) {
			t.Errorf("due at %s, created at %s", d.DueAt, d.CreatedAt)
		}
		want := ringback.Delivery{
			ID: d.ID, AccountID: c.account.ID, WebhookID: hook.ID, CallID: call.ID, EventID: event.ID, Kind: newCall, Seq: 1,
			Body: event.Body, State: ringback.DeliveryPending, DueAt: d.DueAt, CreatedAt: d.CreatedAt,
		}
		same(t, "due", d, DueDelivery{Delivery: want, Webhook: hook})

		want.State, want.Tries, want.DueAt, want.LastStatus, want.LastError = ringback.DeliveryPending, 1, noon, 503, "busy"
		write(t, s, func(tx *Tx) error { return tx.SaveTry(want) })
		log := get(t, s, func(tx *Tx) ([]ringback.Delivery, error) { return tx.Deliveries(c.account.ID, hook.ID, 10) })
		same(t, "in the log", log, []ringback.Delivery{want})
		if err := s.Write(t.Context(), func(tx *Tx) error { return tx.Tell(event) }); !errors.Is(err, ErrTaken) {
			t.Errorf("told again: got %v, want %v", err, ErrTaken)
		}
	})
}

func TestEventsOfACallGoOutInOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		c.hook(t, nil)
		call := c.placed(t, visitor(1), nil)
		c.tell(t, call, newCall, completed)
		c.tell(t, call, dataAdded)
		first := dueNow(t, s)
		same(t, "only the first", inWords(first), []string{"1"})

		later := soon().Add(time.Hour)
		tried(t, s, first[0].Delivery, ringback.DeliveryPending, later)
		same(t, "none while it waits", inWords(dueNow(t, s)), []string(nil))
		next := get(t, s, func(tx *Tx) (time.Time, error) { at, _, err := tx.NextDelivery(soon()); return at, err })
		same(t, "next", next, time.UnixMilli(later.UnixMilli()).UTC())

		tried(t, s, first[0].Delivery, ringback.DeliveryDelivered, noon)
		second := dueNow(t, s)
		same(t, "then the second", inWords(second), []string{"2"})
		tried(t, s, second[0].Delivery, ringback.DeliveryParked, noon)
		third := dueNow(t, s)
		same(t, "one that was parked lets the next go", inWords(third), []string{"3"})
		tried(t, s, third[0].Delivery, ringback.DeliveryDelivered, noon)
		same(t, "all gone", inWords(dueNow(t, s)), []string(nil))
		read(t, s, func(tx *Tx) error {
			_, more, err := tx.NextDelivery(time.Time{})
			same(t, "more", more, false)
			return err
		})
	})
}

func TestCallsAndWebhooksDoNotWaitForEachOther(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		slow, well := c.hook(t, nil), c.hook(t, nil)
		one, two := c.placed(t, visitor(1), nil), c.placed(t, visitor(2), nil)
		c.tell(t, one, newCall, completed)
		c.tell(t, two, newCall)
		for _, d := range dueNow(t, s) {
			if d.WebhookID == well.ID && d.CallID == one.ID {
				tried(t, s, d.Delivery, ringback.DeliveryDelivered, noon)
			}
		}
		left := map[string]bool{}
		for _, d := range dueNow(t, s) {
			left[fmt.Sprintf("webhook %d call %d event %d", d.WebhookID, d.CallID, d.Seq)] = true
		}
		same(t, "due", left, map[string]bool{
			fmt.Sprintf("webhook %d call %d event 1", slow.ID, one.ID): true,
			fmt.Sprintf("webhook %d call %d event 1", slow.ID, two.ID): true,
			fmt.Sprintf("webhook %d call %d event 2", well.ID, one.ID): true,
			fmt.Sprintf("webhook %d call %d event 1", well.ID, two.ID): true,
		})
	})
}

func TestLaterEventsOvertakeOneThatIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		c.hook(t, nil)
		call := c.placed(t, visitor(1), nil)
		c.tell(t, call, newCall, completed)
		refused := dueNow(t, s)[0]
		write(t, s, func(tx *Tx) error { return tx.Overtake(c.account.ID, refused.ID) })
		both := dueNow(t, s)
		same(t, "both go, marked", inWords(both), []string{"1!", "2!"})
		c.tell(t, call, dataAdded)
		same(t, "the third waits for the second only", inWords(dueNow(t, s)), []string{"1!", "2!"})
		tried(t, s, both[1].Delivery, ringback.DeliveryDelivered, noon)
		same(t, "then it goes", inWords(dueNow(t, s)), []string{"1!", "3!"})
		tried(t, s, refused.Delivery, ringback.DeliveryDelivered, noon)
		same(t, "in order again", inWords(dueNow(t, s)), []string{"3"})
	})
}

func TestEveryWebhookGetsItsShare(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		loud := c.hook(t, nil)
		for i := range 10 {
			c.tell(t, c.placed(t, visitor(i), nil), newCall)
		}
		quiet := c.hook(t, nil)
		c.tell(t, c.placed(t, visitor(10), nil), newCall)
		share := func(limit, perWebhook int, except ...int64) map[int64]int {
			n := map[int64]int{}
			for _, d := range get(t, s, func(tx *Tx) ([]DueDelivery, error) { return tx.DueDeliveries(soon(), limit, perWebhook, except) }) {
				n[d.WebhookID]++
			}
			return n
		}
		same(t, "of two", share(2, 16), map[int64]int{loud.ID: 1, quiet.ID: 1})
		same(t, "of five", share(5, 16), map[int64]int{loud.ID: 4, quiet.ID: 1})
		same(t, "of many", share(512, 3), map[int64]int{loud.ID: 3, quiet.ID: 1})
		same(t, "without the loud one", share(512, 16, loud.ID), map[int64]int{quiet.ID: 1})
		same(t, "of none", share(0, 16), map[int64]int{})
	})
}

func TestADisabledWebhookGetsNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		hook := c.hook(t, nil)
		call := c.placed(t, visitor(1), nil)
		c.tell(t, call, newCall)
		write(t, s, func(tx *Tx) error { return tx.DisableWebhook(c.account.ID, hook.ID) })
		c.tell(t, call, completed)
		same(t, "due", inWords(dueNow(t, s)), []string(nil))
		hook.Disabled = true
		same(t, "webhook", get(t, s, func(tx *Tx) (ringback.Webhook, error) { return tx.Webhook(c.account.ID, hook.ID) }), hook)
		log := get(t, s, func(tx *Tx) ([]ringback.Delivery, error) { return tx.Deliveries(c.account.ID, hook.ID, 10) })
		same(t, "kept", len(log), 1)
	})
}

func TestADeletedWebhookTakesItsDeliveriesAlong(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		hook := c.hook(t, nil)
		c.tell(t, c.placed(t, visitor(1), nil), newCall)
		d := dueNow(t, s)[0]
		write(t, s, func(tx *Tx) error { return tx.DeleteWebhook(c.account.ID, hook.ID) })
		same(t, "due", inWords(dueNow(t, s)), []string(nil))
		for what, f := range map[string]func(*Tx) error{
			"save":     func(tx *Tx) error { return tx.SaveTry(d.Delivery) },
			"overtake": func(tx *Tx) error { return tx.Overtake(c.account.ID, d.ID) },
			"webhook":  func(tx *Tx) error { _, err := tx.Webhook(c.account.ID, hook.ID); return err },
		} {
			if err := s.Write(t.Context(), f); !errors.Is(err, ErrNotFound) {
				t.Errorf("%s: got %v, want %v", what, err, ErrNotFound)
			}
		}
	})
}

func TestWebhooksByPage(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, other := newCompany(t, s), newCompany(t, s)
		one, two := c.hook(t, nil), c.hook(t, func(w *ringback.Webhook) { w.WidgetID = c.widget.ID })
		other.hook(t, nil)
		three := c.hook(t, nil)
		page := func(after int64) []ringback.Webhook {
			return get(t, s, func(tx *Tx) ([]ringback.Webhook, error) { return tx.Webhooks(c.account.ID, after, 2) })
		}
		same(t, "first page", page(0), []ringback.Webhook{one, two})
		same(t, "second page", page(two.ID), []ringback.Webhook{three})
		same(t, "after the last", page(three.ID), []ringback.Webhook(nil))
	})
}

func TestTheNewestDeliveriesComeFirstInTheLog(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		hook := c.hook(t, nil)
		c.tell(t, c.placed(t, visitor(1), nil), newCall, completed, dataAdded)
		var seqs []int
		for _, d := range get(t, s, func(tx *Tx) ([]ringback.Delivery, error) { return tx.Deliveries(c.account.ID, hook.ID, 2) }) {
			seqs = append(seqs, d.Seq)
		}
		same(t, "events", seqs, []int{3, 2})
	})
}

func TestAnEventThatWasNotWrittenIsNotDelivered(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		c.hook(t, nil)
		call := c.placed(t, visitor(1), nil)
		sorry := errors.New("sorry")
		err := s.Write(t.Context(), func(tx *Tx) error { return errors.Join(tx.Tell(c.event(call, newCall)), sorry) })
		if !errors.Is(err, sorry) {
			t.Errorf("got %v, want %v", err, sorry)
		}
		c.tell(t, call, completed)
		same(t, "due", inWords(dueNow(t, s)), []string{"1"})
	})
}

func TestTellingAndDeliveringAtTheSameTimeKeepsTheOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		c.hook(t, nil)
		const events, calls = 25, 4
		var telling sync.WaitGroup
		for i := range calls {
			call := c.placed(t, visitor(i), nil)
			telling.Go(func() {
				for range events {
					if err := s.Write(t.Context(), func(tx *Tx) error { return tx.Tell(c.event(call, newCall)) }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		got := map[int64]int{}
		delivered := 0
		await(t, func() error {
			var saving sync.WaitGroup
			for _, d := range dueNow(t, s) {
				if got[d.CallID]++; d.Seq != got[d.CallID] {
					t.Errorf("call %d: event %d instead of %d", d.CallID, d.Seq, got[d.CallID])
				}
				delivered++
				d.State = ringback.DeliveryDelivered
				saving.Go(func() {
					if err := s.Write(t.Context(), func(tx *Tx) error { return tx.SaveTry(d.Delivery) }); err != nil {
						t.Error(err)
					}
				})
			}
			saving.Wait()
			if delivered < events*calls {
				return fmt.Errorf("%d of %d events were delivered", delivered, events*calls)
			}
			return nil
		})
		telling.Wait()
	})
}

func TestAnEventToldWhileTheOneBeforeItArrivesIsNotForgotten(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		c.hook(t, nil)
		for i, order := range []string{"told first", "arrived first"} {
			call := c.placed(t, visitor(i), nil)
			c.tell(t, call, newCall)
			d := dueNow(t, s)[0].Delivery
			d.State = ringback.DeliveryDelivered
			tell := func(tx *Tx) error { return tx.Tell(c.event(call, completed)) }
			arrive := func(tx *Tx) error { return tx.SaveTry(d) }
			if i == 0 {
				during(t, s, tell, arrive)
			} else {
				during(t, s, arrive, tell)
			}
			second := dueNow(t, s)
			same(t, order, inWords(second), []string{"2"})
			for _, d := range second {
				tried(t, s, d.Delivery, ringback.DeliveryDelivered, noon)
			}
		}
	})
}
