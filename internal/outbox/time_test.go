package outbox

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/fetch"
)

// inFakeTime runs a story in which hours pass at once.
func inFakeTime(t *testing.T, story func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { story(t, newWorld(t)) })
}

// on is a network with one host, hook.example.
func on(h http.Handler) fetch.Config { return fetch.Config{Transport: hosts{"hook.example": h}} }

// after lets time pass until everybody waits again.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (s *sink) gaps() []time.Duration {
	var gaps []time.Duration
	posts := s.got()
	for i := 1; i < len(posts); i++ {
		gaps = append(gaps, posts[i].at.Sub(posts[i-1].at))
	}
	return gaps
}

// within reports whether a gap is what was wanted, a fifth more or less, and what a round takes.
func within(got, want time.Duration) bool {
	return got >= want*8/10 && got <= want*12/10+100*time.Millisecond
}

func TestADeliveryIsTriedTwelveTimesAndThenParkedWhateverRestarts(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		s := always(http.StatusInternalServerError)
		hook := w.webhook("https://hook.example/")
		id := w.calls(1)[0]
		begun := time.Now()
		for time.Since(begun) < 100*time.Hour {
			r := w.run(on(s))
			after(3 * time.Minute)
			r.stop()
			w.store.Close()
			w.open()
			// Nothing would happen for hours; being off until then must change nothing.
			time.Sleep(max(0, time.Until(w.deliveries(hook)[0].DueAt)-time.Minute))
			if w.count(hook, ringback.DeliveryParked) == 1 {
				break
			}
		}

		posts := s.got()
		if len(posts) != 12 {
			t.Fatalf("got %d posts, want 12", len(posts))
		}
		exact := true
		for i, gap := range s.gaps() {
			if want := waits[i+1]; !within(gap, want) {
				t.Errorf("try %d came %s after the one before, want %s a fifth more or less", i+2, gap, want)
			}
			exact = exact && gap.Round(time.Second) == waits[i+1]
		}
		if exact {
			t.Error("nothing spreads the tries")
		}
		for i, p := range posts {
			if p.id != id || p.header.Get("ringback-attempt") != strconv.Itoa(i+1) {
				t.Errorf("post %d is %s, attempt %s", i+1, p.id, p.header.Get("ringback-attempt"))
			}
			if got := p.header.Get("webhook-timestamp"); got != strconv.FormatInt(p.at.Unix(), 10) {
				t.Errorf("post %d of %d bears the time %s", i+1, p.at.Unix(), got)
			}
		}
		d := w.deliveries(hook)[0]
		if d.State != ringback.DeliveryParked || len(d.Body) == 0 || d.LastStatus != 500 {
			t.Errorf("it is %s after status %d with %d bytes, want it parked, with its body", d.State, d.LastStatus, len(d.Body))
		}
		w.run(on(s))
		after(10 * time.Minute)
		if n := len(s.got()); n != 12 {
			t.Errorf("it was tried %d times more after it was parked", n-12)
		}
	})
}

func TestRetryAfterIsHonouredForTheWholeWebhook(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		s := &sink{}
		s.answer = func(w http.ResponseWriter, _ *http.Request, _ post) {
			if len(s.got()) == 1 {
				w.Header().Set("Retry-After", "600")
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}
		hook := w.webhook("https://hook.example/")
		w.calls(1)
		w.run(on(s))
		after(time.Minute)
		w.calls(3) // others must not get in either
		after(8 * time.Minute)
		if n := len(s.got()); n != 1 {
			t.Errorf("after nine minutes there are %d posts, want 1", n)
		}
		after(2 * time.Minute)
		if n := w.count(hook, ringback.DeliveryDelivered); n != 4 {
			t.Errorf("after eleven minutes %d are delivered, want 4", n)
		}
	})
}

func TestRetryAfterOfADayIsAnHourAlsoAfterARestart(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		s := &sink{answer: func(w http.ResponseWriter, _ *http.Request, p post) {
			if p.nth == 1 {
				w.Header().Set("Retry-After", "86400")
				w.WriteHeader(http.StatusTooManyRequests)
			}
		}}
		w.webhook("https://hook.example/")
		w.calls(1)
		o := w.run(on(s))
		after(time.Minute)
		o.stop()
		w.run(on(s)) // it knows nothing of the webhook, only what is stored
		after(2 * time.Hour)
		if gaps := s.gaps(); len(gaps) != 1 || gaps[0] < time.Hour || gaps[0] > time.Hour+time.Minute {
			t.Errorf("it was tried again after %v, want an hour", gaps)
		}
	})
}

func TestWhatCannotBeSavedIsNotPostedAgain(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		s := &sink{}
		hook := w.webhook("https://hook.example/")
		w.calls(1)
		w.exec(`CREATE TRIGGER unwritable BEFORE UPDATE ON deliveries BEGIN SELECT raise(ABORT, 'no'); END`)
		w.run(on(s))
		after(10 * time.Minute)
		w.exec(`DROP TRIGGER unwritable`)
		after(2 * time.Minute)
		if n, saved := len(s.got()), w.count(hook, ringback.DeliveryDelivered); n != 1 || saved != 1 {
			t.Errorf("%d posts, %d saved; want 1 of each", n, saved)
		}
	})
}

func TestGoneDisablesTheWebhookAndKeepsWhatIsPending(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		s := always(http.StatusGone)
		hook := w.webhook("https://hook.example/")
		w.tell(w.call(), ringback.EventCallNew, ringback.EventCallCompleted)
		w.run(on(s))
		after(2 * time.Hour)
		if n := len(s.got()); n != 1 || !w.disabled(hook) {
			t.Errorf("%d posts, disabled %t; want 1 and disabled", n, w.disabled(hook))
		}
		if n := w.count(hook, ringback.DeliveryPending); n != 2 {
			t.Errorf("%d deliveries are kept, want 2", n)
		}
	})
}

func TestAPoisonedEventIsOvertakenByTheLaterOnesOfItsCall(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		var poison atomic.Value
		s := &sink{answer: func(w http.ResponseWriter, _ *http.Request, p post) {
			if p.id == poison.Load() {
				w.WriteHeader(http.StatusUnprocessableEntity)
			}
		}}
		hook := w.webhook("https://hook.example/")
		ids := w.tell(w.call(), ringback.EventCallNew, ringback.EventDataAdded, ringback.EventCallCompleted)
		poison.Store(ids[0])
		w.run(on(s))
		after(4 * time.Second)
		w.calls(2) // of other calls; they are taken
		after(116 * time.Second)

		var before int
		for _, p := range s.got() {
			late := p.header.Get("ringback-out-of-order")
			switch {
			case p.id == ids[0]:
				before++
			case p.id == ids[1] || p.id == ids[2]:
				if before != 3 || late != "1" {
					t.Errorf("%s came after %d tries of the poisoned one with ringback-out-of-order %q, want 3 and 1", p.id, before, late)
				}
			case late != "":
				t.Errorf("%s of another call bears ringback-out-of-order", p.id)
			}
		}
		if n := w.count(hook, ringback.DeliveryDelivered); n != 4 {
			t.Fatalf("%d are delivered after two minutes, want all but the poisoned one", n)
		}
		poison.Store("")
		after(3 * time.Minute)
		if got := s.got()[len(s.got())-1]; got.id != ids[0] || got.header.Get("ringback-out-of-order") != "1" {
			t.Errorf("the last post is %s with out-of-order %q, want the poisoned one, marked", got.id, got.header.Get("ringback-out-of-order"))
		}
	})
}

func TestAWebhookThatRefusesEverythingKeepsItsOrder(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		var works atomic.Bool
		s := &sink{answer: func(w http.ResponseWriter, _ *http.Request, _ post) {
			if !works.Load() {
				w.WriteHeader(http.StatusUnauthorized)
			}
		}}
		hook := w.webhook("https://hook.example/")
		firsts := map[string]bool{}
		for range 3 {
			firsts[w.tell(w.call(), ringback.EventCallNew, ringback.EventCallCompleted)[0]] = true
		}
		w.run(on(s))
		after(30 * time.Minute)
		for _, p := range s.got() {
			if !firsts[p.id] || p.header.Get("ringback-out-of-order") != "" {
				t.Fatalf("%s went out before the first event of its call was taken", p.id)
			}
		}
		works.Store(true)
		after(3 * time.Hour)
		if n := w.count(hook, ringback.DeliveryDelivered); n != 6 {
			t.Errorf("%d are delivered in the end, want 6", n)
		}
	})
}

func TestADownWebhookIsProbedNowAndThenAndGetsAllInOrder(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		var up atomic.Bool
		s := &sink{}
		s.answer = func(w http.ResponseWriter, _ *http.Request, _ post) {
			if !up.Load() {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}
		hook := w.webhook("https://hook.example/")
		seen := map[int64][]string{}
		for range 30 {
			call := w.call()
			seen[call] = w.tell(call, ringback.EventCallNew, ringback.EventCallCompleted)
		}
		w.run(on(s))
		after(2 * time.Hour)

		// Eight at first, then one at a time; from the tenth failure on the circuit is open.
		want := 30 * time.Second
		for i, gap := range s.gaps()[opensCircuit-1:] {
			if gap < want || gap > want+time.Minute {
				t.Errorf("probe %d came after %s, want %s", i+1, gap, want)
			}
			want = min(2*want, 10*time.Minute)
		}
		if n := len(s.got()); n < 20 || n > 30 {
			t.Errorf("%d posts in two hours, want between 20 and 30", n)
		}

		up.Store(true)
		down := len(s.got())
		after(6 * time.Hour)
		if n := w.count(hook, ringback.DeliveryDelivered); n != 60 {
			t.Errorf("%d are delivered, want 60", n)
		}
		place := map[string]int{}
		for i, p := range s.got()[down:] {
			place[p.id] = i
			if p.header.Get("ringback-out-of-order") != "" {
				t.Errorf("%s is out of order", p.id)
			}
		}
		for call, ids := range seen {
			if place[ids[0]] >= place[ids[1]] {
				t.Errorf("the events of call %d came in the wrong order", call)
			}
		}
	})
}

func TestFiveDaysWithoutASuccessDisableTheWebhook(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		s := always(http.StatusInternalServerError)
		hook := w.webhook("https://hook.example/")
		o := w.run(on(s))
		for hours := 0; hours < 120; hours += 24 {
			w.calls(1)
			o.restart() // which nudges
			after(20 * time.Minute)
			if w.disabled(hook) {
				t.Fatalf("it is disabled after %d hours", hours)
			}
			o.stop()
			after(23*time.Hour + 40*time.Minute)
		}
		o.restart()
		after(time.Minute)
		if !w.disabled(hook) {
			t.Fatal("it is not disabled after five days")
		}
		n := len(s.got())
		w.calls(1)
		o.Nudge()
		after(3 * time.Hour)
		if got := len(s.got()) - n; got != 0 {
			t.Errorf("%d posts came after that", got)
		}
		parked, pending := w.count(hook, ringback.DeliveryParked), w.count(hook, ringback.DeliveryPending)
		if parked+pending != 5 {
			t.Errorf("%d are parked and %d pending, want the 5 of before together", parked, pending)
		}
	})
}

func TestAtMostEightAtOnceAndOneOfACall(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		s := &sink{answer: func(http.ResponseWriter, *http.Request, post) { time.Sleep(time.Second) }}
		w.webhook("https://hook.example/")
		for range 20 {
			w.tell(w.call(), ringback.EventCallNew, ringback.EventCallCompleted)
		}
		w.run(on(s))
		after(time.Minute)
		if s.most != mostPerWebhook || len(s.got()) != 40 {
			t.Errorf("%d at once, %d in all; want %d and 40", s.most, len(s.got()), mostPerWebhook)
		}
		one := &sink{answer: s.answer}
		w2 := newWorld(t)
		w2.webhook("https://hook.example/")
		w2.tell(w2.call(), ringback.EventCallNew, ringback.EventDataAdded, ringback.EventMessageNew, ringback.EventCallCompleted)
		w2.run(on(one))
		after(time.Minute)
		if one.most != 1 || len(one.got()) != 4 {
			t.Errorf("of one call %d at once, %d in all; want 1 and 4", one.most, len(one.got()))
		}
	})
}

func TestABlackHoleHoldsUpNobodyElse(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		var inHole atomic.Int32
		counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { inHole.Add(1); hole(w, r) })
		s := &sink{}
		dead := w.webhook("https://hole.example/")
		w.calls(600) // more than can be under way at once
		alive := w.webhook("https://hook.example/")
		w.calls(100)
		w.run(fetch.Config{Transport: hosts{"hole.example": counted, "hook.example": s}})
		after(5 * time.Second)
		if got := w.count(alive, ringback.DeliveryDelivered); got != 100 {
			t.Errorf("%d of 100 are delivered to the living webhook", got)
		}
		if got := inHole.Load(); got != mostPerWebhook {
			t.Errorf("%d tries are in the black hole, want %d", got, mostPerWebhook)
		}
		if got := w.count(dead, ringback.DeliveryPending); got != 700 {
			t.Errorf("%d deliveries to the black hole are pending, want 700", got)
		}
		after(15 * time.Second)
		if d := w.deliveries(dead)[0]; d.Tries != 1 || d.LastStatus != 0 || d.LastError != "no answer in time" {
			t.Errorf("after 20 s: %d tries, status %d, %q; want 1 that got no answer in time", d.Tries, d.LastStatus, d.LastError)
		}
	})
}

func TestManySlowWebhooksLeaveRoomForOthers(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		s := &sink{}
		client := fetch.Config{Transport: hosts{"hole.example": hole, "hook.example": s}}
		for range 80 { // together they could hold more than can be under way
			w.webhook("https://hole.example/")
		}
		w.calls(10)
		alive := w.webhook("https://hook.example/")
		o := w.run(client)
		after(time.Second)
		w.calls(20)
		o.Nudge()
		after(time.Second)
		if n := w.count(alive, ringback.DeliveryDelivered); n != 20 {
			t.Errorf("%d of 20 are delivered a second later", n)
		}
	})
}
