// Package outbox delivers events to webhooks, in order and again until they arrive.
package outbox

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/ringback-hq/ringback/internal/fetch"
	"github.com/ringback-hq/ringback/internal/store"
)

const (
	shortestRest = 5 * time.Millisecond // between two looks at the store; nudges in between count as one
	longestRest  = time.Minute          // somebody may set the clock, and due times are on the clock
	restAfterErr = time.Second          // the store cannot be read
)

// Config says what an [Outbox] works with.
type Config struct {
	Store   *store.Store
	Client  *fetch.Client // nil: one that reaches public addresses only
	Version string        // of this program, for the User-Agent
	Log     *slog.Logger  // nil: nobody hears of anything
}

// An Outbox takes the deliveries that are due from the store, posts them and writes down how it went. What it knows
// of a webhook's health is in memory: after a restart every webhook counts as well until it fails again.
type Outbox struct {
	store   *store.Store
	client  *fetch.Client
	agent   string
	log     *slog.Logger
	nudges  chan struct{} // holds one nudge: it says that there is something, not how much
	traffic traffic
}

// New returns an outbox, which begins with Run.
func New(cfg Config) *Outbox {
	o := &Outbox{
		store:   cfg.Store,
		client:  cfg.Client,
		agent:   "Ringback/" + cfg.Version,
		log:     cfg.Log,
		nudges:  make(chan struct{}, 1),
		traffic: newTraffic(),
	}
	if o.log == nil {
		o.log = slog.New(slog.DiscardHandler)
	}
	if o.client == nil {
		o.client = fetch.New(fetch.Config{Log: o.log})
	}
	return o
}

// Nudge says that there may be something to deliver. Whoever told an event calls it after the commit. It never waits.
func (o *Outbox) Nudge() {
	select {
	case o.nudges <- struct{}{}:
	default:
	}
}

// Run delivers until ctx ends, and returns when the tries under way have ended too, 15 s later at most unless the
// store is slow. What is pending then is delivered by the next Run, of this process or another. Its error is nil.
func (o *Outbox) Run(ctx context.Context) error {
	var tries sync.WaitGroup
	defer tries.Wait()
	for ctx.Err() == nil {
		o.rest(ctx, o.round(ctx, &tries))
	}
	return nil
}

// round begins the tries that are due and may be made now. It returns when to look again, unless nudged before.
func (o *Outbox) round(ctx context.Context, tries *sync.WaitGroup) time.Time {
	now := time.Now()
	view := o.traffic.look(now)
	if view.free == 0 {
		return now.Add(longestRest) // the end of each try nudges
	}
	due, next, err := o.due(ctx, now, view.shut)
	if err != nil {
		o.log.ErrorContext(ctx, "due deliveries were not read", "error", err)
		return now.Add(restAfterErr)
	}
	for _, d := range due {
		if o.traffic.take(now, laneOf(d)) {
			tries.Go(func() { o.try(context.WithoutCancel(ctx), ctx.Done(), d) })
		}
	}
	return earliest(now.Add(longestRest), next, view.opens)
}

// due returns deliveries that may be tried, and when the first of the others is due; zero: there is none.
func (o *Outbox) due(ctx context.Context, now time.Time, shut []int64) (due []store.DueDelivery, next time.Time, err error) {
	err = o.store.Read(ctx, func(tx *store.Tx) error {
		// Those under way are due too until their results are written, so as many more are asked for.
		if due, err = tx.DueDeliveries(now, 2*mostTries, 2*mostPerWebhook, shut); err != nil {
			return err
		}
		next, _, err = tx.NextDelivery(now)
		return err
	})
	return due, next, err
}

// rest waits for a nudge or a time.
func (o *Outbox) rest(ctx context.Context, until time.Time) {
	pause(ctx.Done(), shortestRest)
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-o.nudges:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// pause waits, and reports false when it was ended early.
func pause(ended <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ended:
		return false
	}
}

// earliest returns the first of the times that are set.
func earliest(first time.Time, others ...time.Time) time.Time {
	for _, t := range others {
		if !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	return first
}
