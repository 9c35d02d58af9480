package outbox

import (
	"maps"
	"sync"
	"time"

	"github.com/ringback-hq/ringback/internal/store"
)

const (
	mostTries      = 512 // at once, to all webhooks together
	mostPerWebhook = 8   // at once, to one webhook
)

// A lane is what goes to one webhook about one call, one event after the other.
type lane struct {
	webhook, call int64
}

func laneOf(d store.DueDelivery) lane { return lane{d.WebhookID, d.CallID} }

// traffic is which tries are under way and how each webhook fares. Webhooks that are well and idle are forgotten.
type traffic struct {
	mu        sync.Mutex
	busy      int
	lanes     map[lane]bool // true: a try is under way; false: it ended since the last look at the store
	endpoints map[int64]*endpoint
}

func newTraffic() traffic {
	return traffic{lanes: map[lane]bool{}, endpoints: map[int64]*endpoint{}}
}

// A view is what the traffic allows at a moment.
type view struct {
	free  int       // how many more tries may be made at once
	shut  []int64   // webhooks that can take none of them
	opens time.Time // when the first of these can again by itself; zero: none does
}

// look is called before the store is read. Whatever ends after that may be read as if it had not, so that its lane
// stays closed until the next look.
func (t *traffic) look(now time.Time) view {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.lanes, func(_ lane, underWay bool) bool { return !underWay })
	maps.DeleteFunc(t.endpoints, func(_ int64, e *endpoint) bool { return e.forgettable(now) })
	v := view{free: mostTries - t.busy}
	for id, e := range t.endpoints {
		if !e.takes(now, v.free) {
			v.shut = append(v.shut, id)
		}
		if e.opens.After(now) {
			v.opens = earliest(e.opens, v.opens)
		}
	}
	return v
}

// take begins a try, where one may begin.
func (t *traffic) take(now time.Time, l lane) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, closed := t.lanes[l]; closed {
		return false
	}
	e := t.endpoint(l.webhook)
	if !e.takes(now, mostTries-t.busy) {
		return false
	}
	t.lanes[l] = true
	t.busy++
	e.busy++
	return true
}

// A finding is what the end of a try says beyond its own delivery.
type finding struct {
	alone  bool // the webhook refuses this call's events and, as far as is known, nothing else
	opened bool // its circuit opens
	died   bool // it has failed for so long that nobody seems to want it
}

// note tells how a try ended.
func (t *traffic) note(now time.Time, l lane, a answer) (f finding) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.endpoint(l.webhook)
	if a.verdict == delivered {
		e.succeed(now)
		return f
	}
	f.opened, f.died = e.fail(now, l.call, a)
	f.alone = a.verdict == refused && e.only == l.call
	return f
}

// end ends a try that was taken, when its result has been written.
func (t *traffic) end(l lane) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lanes[l] = false
	t.busy--
	t.endpoint(l.webhook).busy--
}

func (t *traffic) endpoint(webhook int64) *endpoint {
	e := t.endpoints[webhook]
	if e == nil {
		e = &endpoint{window: mostPerWebhook}
		t.endpoints[webhook] = e
	}
	return e
}
