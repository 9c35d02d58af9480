package switchboard

import (
	"slices"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/phone/phonetest"
	"github.com/ringback-hq/ringback/internal/store"
)

func TestW17_CallsThatWaitAreCancelledAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	v := newVillage(t, story{people: []phonetest.Person{{Name: "anna"}}})
	add := func(status ringback.Status, led bool) (c ringback.Call) {
		c = ringback.Call{
			AccountID: v.owner.AccountID, WidgetID: v.widget.ID, To: "+48600100200", Status: status,
			ScheduledAt: time.Now().Add(time.Hour), DueAt: time.Now().Add(time.Hour),
		}
		write(t, v.store, func(tx *store.Tx) error {
			if err := tx.AddCall(&c); err != nil || !led {
				return err
			}
			return tx.Claim(&c, "node-1")
		})
		return c
	}
	booked, fresh := add(ringback.StatusScheduled, false), add(ringback.StatusNew, false)
	led, again, over := add(ringback.StatusNew, true), add(ringback.StatusRinging, false), add(ringback.StatusCompleted, false)
	hook := ringback.Webhook{AccountID: v.owner.AccountID, URL: "https://sink.example", Events: []ringback.EventKind{ringback.EventCallCancelled}}
	write(t, v.store, func(tx *store.Tx) error { return tx.AddWebhook(&hook) })
	write(t, v.store, func(tx *store.Tx) error { return v.board.CancelAll(tx, v.widget) })
	var told []int64
	write(t, v.store, func(tx *store.Tx) error {
		for id, want := range map[int64]ringback.Status{
			booked.ID: ringback.StatusCancelled, fresh.ID: ringback.StatusCancelled,
			led.ID: led.Status, again.ID: again.Status, over.ID: over.Status,
		} {
			c, err := tx.Call(v.owner.AccountID, id)
			if err != nil {
				return err
			}
			if c.Status != want || (want == ringback.StatusCancelled) == c.EndedAt.IsZero() {
				t.Errorf("call %d is %s, ended at %v; want %s", id, c.Status, c.EndedAt, want)
			}
		}
		deliveries, err := tx.Deliveries(v.owner.AccountID, hook.ID, 10)
		told = nil
		for _, d := range deliveries {
			told = append(told, d.CallID)
		}
		return err
	})
	slices.Sort(told)
	if want := []int64{booked.ID, fresh.ID}; !slices.Equal(told, want) {
		t.Errorf("the webhook hears of %v, want %v", told, want)
	}
}

func TestS5_AKeyOrdersOnlyAtItsWidgets(t *testing.T) {
	t.Parallel()
	v := newVillage(t, story{people: []phonetest.Person{{Name: "anna"}}})
	who := v.owner
	who.Widgets = []int64{v.widget.ID + 1}
	for _, order := range []Order{{WidgetID: v.widget.ID, To: "+48600100200"}, {PublicID: v.widget.PublicID, To: "+48600100200"}} {
		if _, err := v.board.Place(t.Context(), who, order); ringback.KindOf(err) != ringback.NotFound {
			t.Errorf("%+v: %v", order, err)
		}
	}
	who.Widgets = append(who.Widgets, v.widget.ID)
	if _, err := v.board.Place(t.Context(), who, Order{WidgetID: v.widget.ID, To: "+48600100200"}); err != nil {
		t.Errorf("its own: %v", err)
	}
}
