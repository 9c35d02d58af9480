package office

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"slices"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store"
)

// NewWebhook asks for a webhook.
type NewWebhook struct {
	WidgetID int64 // 0: all widgets
	URL      string
	Events   []ringback.EventKind // none: the documented ones
}

// AddWebhook adds a webhook, with a secret of its own.
func (o *Office) AddWebhook(ctx context.Context, who ringback.Actor, in NewWebhook) (ringback.Webhook, error) {
	if err := overAccount(who); err != nil {
		return ringback.Webhook{}, err
	}
	if err := o.Fetch.CheckURL(in.URL); err != nil {
		return ringback.Webhook{}, err
	}
	events, err := wantedEvents(in.Events)
	if err != nil {
		return ringback.Webhook{}, err
	}
	h := ringback.Webhook{
		AccountID: who.AccountID, WidgetID: in.WidgetID, URL: in.URL, Events: events, Secret: newWebhookSecret(), CreatedAt: time.Now(),
	}
	err = o.Store.Write(ctx, func(tx *store.Tx) error {
		if h.WidgetID != 0 {
			if _, err := widget(tx, who, Ref{ID: h.WidgetID}); err != nil {
				return err
			}
		}
		return tx.AddWebhook(&h)
	})
	return h, err
}

func wantedEvents(kinds []ringback.EventKind) ([]ringback.EventKind, error) {
	if len(kinds) == 0 {
		return ringback.DocumentedEvents(), nil
	}
	for _, k := range kinds {
		if !k.Known() {
			return nil, ringback.Invalidf("events", "There is no event %q.", string(k))
		}
	}
	kinds = slices.Clone(kinds)
	slices.Sort(kinds)
	return slices.Compact(kinds), nil
}

// newWebhookSecret returns a secret in the form of Standard Webhooks.
func newWebhookSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return "whsec_" + base64.StdEncoding.EncodeToString(b)
}

// Webhooks returns up to limit webhooks of the actor's account with ids above after.
func (o *Office) Webhooks(ctx context.Context, who ringback.Actor, after int64, limit int) (hooks []ringback.Webhook, err error) {
	if err := overAccount(who); err != nil {
		return nil, err
	}
	err = o.Store.Read(ctx, func(tx *store.Tx) (err error) {
		hooks, err = tx.Webhooks(who.AccountID, after, limit)
		return err
	})
	return hooks, err
}

// DeleteWebhook deletes a webhook. What it has not been told yet it never will be.
func (o *Office) DeleteWebhook(ctx context.Context, who ringback.Actor, id int64) error {
	if err := overAccount(who); err != nil {
		return err
	}
	return o.Store.Write(ctx, func(tx *store.Tx) error {
		return known(tx.DeleteWebhook(who.AccountID, id), "webhook")
	})
}
