package outbox

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store"
)

const (
	longestSave   = 10 * time.Second
	firstRetry    = time.Second // of saving a result; doubled each time
	longestResave = time.Minute
)

// A result is what is written when a try has ended.
type result struct {
	delivery ringback.Delivery
	overtake bool // later events of the call need not wait for this one any more
	disable  bool // the webhook wants nothing any more
}

// try posts one delivery and writes down how it went.
func (o *Outbox) try(ctx context.Context, stopping <-chan struct{}, d store.DueDelivery) {
	log := o.log.With("account_id", d.AccountID, "webhook_id", d.WebhookID, "call_id", d.CallID, "event_id", d.EventID)
	a := o.post(ctx, d)
	now := time.Now()
	f := o.traffic.note(now, laneOf(d), a)
	r := result{delivery: d.Delivery, disable: a.verdict == gone || f.died}
	settle(&r.delivery, a, now)
	r.overtake = f.alone && r.delivery.Tries >= overtakenAfter
	report(ctx, log, r, f)
	for wait := firstRetry; !o.saved(ctx, log, r); wait = min(2*wait, longestResave) {
		// Until its result is on disk the delivery counts as under way, or it would be posted again at once.
		if !pause(stopping, wait) {
			break
		}
	}
	o.traffic.end(laneOf(d))
	o.Nudge()
}

// post makes one POST.
func (o *Outbox) post(ctx context.Context, d store.DueDelivery) answer {
	now := time.Now()
	header, err := o.header(d, now)
	if err != nil {
		return answer{verdict: broken, reason: err.Error()}
	}
	r, err := o.client.Post(ctx, d.Webhook.URL, header, d.Body)
	return read(r, err, time.Now())
}

// header returns the headers of one try: those of Standard Webhooks, and ours.
func (o *Outbox) header(d store.DueDelivery, now time.Time) (http.Header, error) {
	signature, err := sign(d.Webhook.Secret, d.EventID, now, d.Body)
	if err != nil {
		return nil, err
	}
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", o.agent)
	h.Set("webhook-id", d.EventID)
	h.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	h.Set("webhook-signature", signature)
	h.Set("ringback-event", string(d.Kind))
	h.Set("ringback-sequence", strconv.Itoa(d.Seq))
	h.Set("ringback-attempt", strconv.Itoa(d.Tries+1))
	if d.OutOfOrder {
		h.Set("ringback-out-of-order", "1")
	}
	return h, nil
}

// report tells the person on duty what they may want to look into.
func report(ctx context.Context, log *slog.Logger, r result, f finding) {
	if f.died {
		log.WarnContext(ctx, "webhook disabled because it has failed for five days", "reason", r.delivery.LastError)
	} else if r.disable {
		log.WarnContext(ctx, "webhook disabled because it answered 410")
	}
	if f.opened {
		log.WarnContext(ctx, "webhook fails and is tried only now and then", "reason", r.delivery.LastError)
	}
	if r.delivery.State == ringback.DeliveryParked {
		log.WarnContext(ctx, "delivery parked after its last try", "tries", r.delivery.Tries, "reason", r.delivery.LastError)
	}
}

// saved writes a result and reports whether that is done, which it also is when nobody wants it any more.
func (o *Outbox) saved(ctx context.Context, log *slog.Logger, r result) bool {
	ctx, cancel := context.WithTimeout(ctx, longestSave)
	defer cancel()
	err := o.store.Write(ctx, func(tx *store.Tx) error { return r.save(tx) })
	if err == nil || errors.Is(err, store.ErrNotFound) {
		return true
	}
	log.ErrorContext(ctx, "the result of a try was not saved", "error", err)
	return false
}

func (r result) save(tx *store.Tx) error {
	if err := tx.SaveTry(r.delivery); err != nil {
		return err
	}
	if r.overtake {
		if err := tx.Overtake(r.delivery.AccountID, r.delivery.ID); err != nil {
			return err
		}
	}
	if r.disable {
		return tx.DisableWebhook(r.delivery.AccountID, r.delivery.WebhookID)
	}
	return nil
}
