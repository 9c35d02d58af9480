package api

import (
	"context"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/office"
)

// newWebhook asks for a webhook: POST webhooks.
type newWebhook struct {
	WidgetID int64    `in:"widget_id"` // 0: all widgets
	URL      string   `in:"url" rule:"required,max=2000"`
	Events   []string `in:"events"` // none: the documented ones
}

// A webhook is an address that is told of events.
type webhook struct {
	ID        int64                `json:"id"`
	WidgetID  *int64               `json:"widget_id"` // null: all widgets
	URL       string               `json:"url"`
	Events    []ringback.EventKind `json:"events"`
	Enabled   bool                 `json:"enabled"`
	CreatedAt string               `json:"created_at"`
	Secret    string               `json:"secret,omitempty"` // only in the answer that makes it
}

// addWebhook adds a webhook and shows its secret, this once: POST webhooks.
func (d *door) addWebhook(ctx context.Context, who ringback.Actor, in newWebhook) (webhook, error) {
	wanted := office.NewWebhook{WidgetID: in.WidgetID, URL: in.URL}
	for _, e := range in.Events {
		wanted.Events = append(wanted.Events, ringback.EventKind(e))
	}
	h, err := d.Office.AddWebhook(ctx, who, wanted)
	if err != nil {
		return webhook{}, err
	}
	doc := webhookOf(h)
	doc.Secret = h.Secret
	return doc, nil
}

// pageQuery asks for the part of a list that follows an id.
type pageQuery struct {
	After int64 `in:"after"`
	Limit *int  `in:"limit" rule:"min=1,max=500"`
}

// usualLimit is how many rows a page has unasked.
const usualLimit = 100

// A page is a part of a list. Next is what to ask for after; null: this was the last part.
type page[T any] struct {
	Data []T    `json:"data"`
	Next *int64 `json:"next"`
}

// webhooks lists webhooks: GET webhooks.
func (d *door) webhooks(ctx context.Context, who ringback.Actor, in pageQuery) (page[webhook], error) {
	limit := usualLimit
	if in.Limit != nil {
		limit = *in.Limit
	}
	out := page[webhook]{Data: []webhook{}}
	hooks, err := d.Office.Webhooks(ctx, who, in.After, limit+1)
	if err != nil {
		return out, err
	}
	if len(hooks) > limit {
		hooks = hooks[:limit]
		out.Next = &hooks[limit-1].ID
	}
	for _, h := range hooks {
		out.Data = append(out.Data, webhookOf(h))
	}
	return out, nil
}

// webhookPath names a webhook in the path.
type webhookPath struct {
	ID int64 `in:"id" rule:"path=webhook"`
}

// deleteWebhook deletes a webhook: DELETE webhooks/{id}.
func (d *door) deleteWebhook(ctx context.Context, who ringback.Actor, in webhookPath) (struct{}, error) {
	return struct{}{}, d.Office.DeleteWebhook(ctx, who, in.ID)
}

func webhookOf(h ringback.Webhook) webhook {
	events := append([]ringback.EventKind{}, h.Events...) // never null
	doc := webhook{ID: h.ID, URL: h.URL, Events: events, Enabled: !h.Disabled, CreatedAt: h.CreatedAt.UTC().Format(time.RFC3339)}
	if h.WidgetID != 0 {
		doc.WidgetID = &h.WidgetID
	}
	return doc
}
