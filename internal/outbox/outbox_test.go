package outbox

import (
	"net/http"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store"
)

func TestADeliveryIsSignedAndSaysWhatItIs(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		s := &sink{}
		hook := w.webhook(serve(t, s).URL + "/hook?x=1")
		id := w.tell(w.call(), ringback.EventCallNew, ringback.EventCallCompleted)[1]
		w.run(loopback)
		eventually(t, "both are delivered", func() bool { return w.count(hook, ringback.DeliveryDelivered) == 2 })

		got := s.got()[1]
		verifier, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := verifier.Verify(got.body, got.header); err != nil {
			t.Errorf("the official verifier says: %v", err)
		}
		if want := w.deliveries(hook)[1].Body; string(got.body) != string(want) || len(want) == 0 {
			t.Errorf("got the body %s, want %s", got.body, want)
		}
		for name, want := range map[string]string{
			"webhook-id":            id,
			"ringback-event":        "call.completed",
			"ringback-sequence":     "2",
			"ringback-attempt":      "1",
			"ringback-out-of-order": "",
			"content-type":          "application/json",
			"user-agent":            "Ringback/1.2.3",
		} {
			if got := got.header.Get(name); got != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
		if d := w.deliveries(hook)[1]; d.Tries != 1 || d.LastStatus != http.StatusOK || d.LastError != "" {
			t.Errorf("the store says %d tries, status %d, error %q; want 1, 200, none", d.Tries, d.LastStatus, d.LastError)
		}
	})
}

func TestARedirectIsAFailureAndNotFollowed(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		inner := &sink{}
		target := serve(t, inner).URL
		hook := w.webhook(serve(t, http.RedirectHandler(target, http.StatusTemporaryRedirect)).URL)
		w.calls(1)
		w.run(loopback)
		eventually(t, "it was tried", func() bool { return w.deliveries(hook)[0].Tries == 1 })
		d := w.deliveries(hook)[0]
		if d.State != ringback.DeliveryPending || d.LastStatus != http.StatusTemporaryRedirect || d.LastError == "" {
			t.Errorf("got %s, status %d, %q; want it pending after a 307", d.State, d.LastStatus, d.LastError)
		}
		if n := len(inner.got()); n != 0 {
			t.Errorf("the target of the redirect got %d posts", n)
		}
	})
}

func TestAPrivateAddressIsNotReached(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		s := &sink{}
		hook := w.webhook(serve(t, s).URL)
		w.calls(1)
		o := New(Config{Store: w.store}) // with everything as it is by default
		d, _, err := o.due(t.Context(), time.Now(), nil)
		if err != nil || len(d) != 1 {
			t.Fatalf("got %d due, %v", len(d), err)
		}
		if a := o.post(t.Context(), d[0]); a.verdict != broken || a.status != 0 || a.reason == "" || len(s.got()) != 0 {
			t.Errorf("to %s: got %+v after %d posts, want it broken after none", hook.URL, a, len(s.got()))
		}
	})
}

func TestWhatIsPendingIsDeliveredAfterARestart(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		s := always(http.StatusInternalServerError)
		hook := w.webhook(serve(t, s).URL)
		call := w.call()
		ids := w.tell(call, ringback.EventCallNew, ringback.EventCallCompleted)
		first := w.run(loopback)
		eventually(t, "it was tried", func() bool { return w.deliveries(hook)[0].Tries == 1 })
		first.stop()
		w.store.Close()

		w.open()
		s.answer = nil
		w.write(func(tx *store.Tx) error { // as if its time had come
			d, err := tx.Deliveries(w.account, hook.ID, 2)
			if err != nil {
				return err
			}
			d[1].DueAt = time.Now()
			return tx.SaveTry(d[1])
		})
		w.run(loopback)
		eventually(t, "both are delivered", func() bool { return w.count(hook, ringback.DeliveryDelivered) == 2 })
		want := []string{ids[0], ids[0], ids[1]}
		if got := s.ids(); short(got) != short(want) {
			t.Errorf("got %s, want %s", short(got), short(want))
		}
		if got := s.got()[1].header.Get("ringback-attempt"); got != "2" {
			t.Errorf("after the restart it is attempt %s, want 2", got)
		}
	})
}

func TestACrashBeforeTheResultIsSavedRepeatsTheDelivery(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		s := &sink{}
		s.answer = func(http.ResponseWriter, *http.Request, post) { w.store.Close() } // nothing can be written any more
		hook := w.webhook(serve(t, s).URL)
		id := w.calls(1)[0]
		first := w.run(loopback)
		eventually(t, "it was posted", func() bool { return len(s.got()) == 1 })
		first.stop()

		s.answer = nil
		w.open()
		w.run(loopback)
		eventually(t, "it is delivered", func() bool { return w.count(hook, ringback.DeliveryDelivered) == 1 })
		got := s.got()
		if len(got) != 2 || got[0].id != id || got[1].id != id {
			t.Fatalf("got %s, want the same event twice", short(s.ids()))
		}
		if string(got[0].body) != string(got[1].body) {
			t.Errorf("the body was %s and then %s", got[0].body, got[1].body)
		}
	})
}

func TestTheEndWaitsForTriesUnderWay(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		answer := make(chan struct{})
		s := &sink{answer: func(http.ResponseWriter, *http.Request, post) { <-answer }}
		hook := w.webhook(serve(t, s).URL)
		w.calls(1)
		o := w.run(loopback)
		eventually(t, "it was posted", func() bool { return len(s.got()) == 1 })
		o.cancel()
		select {
		case <-o.ended:
			t.Fatal("Run returned during a try")
		case <-time.After(50 * time.Millisecond):
		}
		close(answer)
		o.stop()
		if got := w.count(hook, ringback.DeliveryDelivered); got != 1 {
			t.Errorf("%d deliveries were saved, want 1", got)
		}
	})
}

func TestEveryEventOfABurstArrivesOnceAndInOrder(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		s := &sink{}
		hook := w.webhook(serve(t, s).URL)
		o := w.run(loopback)
		for range 30 {
			w.tell(w.call(), ringback.EventCallNew, ringback.EventDataAdded, ringback.EventCallCompleted)
			o.Nudge()
		}
		eventually(t, "all are delivered", func() bool { return w.count(hook, ringback.DeliveryDelivered) == 90 })
		last := map[string]string{}
		for _, p := range s.got() {
			if p.nth != 1 {
				t.Errorf("%s came %d times", p.id, p.nth)
			}
			_, call, _ := strings.Cut(string(p.body), `"call": `)
			if seq := p.header.Get("ringback-sequence"); seq <= last[call] {
				t.Errorf("of call %s number %s came after %s", call, seq, last[call])
			} else {
				last[call] = seq
			}
		}
	})
}

func TestKilledAgainAndAgainItStillDeliversAllInOrder(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		s := &sink{}
		hook := w.webhook(serve(t, s).URL)
		seq := map[string]int{}
		for range 30 {
			for i, id := range w.tell(w.call(), ringback.EventCallNew, ringback.EventDataAdded, ringback.EventCallCompleted) {
				seq[id] = i + 1
			}
		}
		const kills = 5
		for kill := range kills {
			r := w.run(loopback)
			eventually(t, "it is in the middle of it", func() bool { return len(s.got()) >= 12*(kill+1) })
			w.store.Close() // from here on no result is written, as if the process were gone
			r.stop()
			w.open()
		}
		w.run(loopback)
		eventually(t, "all are delivered", func() bool { return w.count(hook, ringback.DeliveryDelivered) == len(seq) })

		first := map[string]int{} // by body: the sequence number that came last
		again := 0
		for _, p := range s.got() {
			_, call, _ := strings.Cut(string(p.body), `"call": `)
			switch {
			case p.nth > 1:
				again++
			case seq[p.id] != first[call]+1:
				t.Errorf("of call %s number %d came after %d", call, seq[p.id], first[call])
			default:
				first[call]++
			}
		}
		if again > kills*mostPerWebhook {
			t.Errorf("%d came again after %d kills, want %d at most", again, kills, kills*mostPerWebhook)
		}
		if len(s.got())-again != len(seq) {
			t.Errorf("%d events came, want %d", len(s.got())-again, len(seq))
		}
	})
}
