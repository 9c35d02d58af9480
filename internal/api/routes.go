package api

import (
	"net/http"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/web"
)

// routes lists every endpoint. A new endpoint is a new row and a function in the file of its noun.
func (d *door) routes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "webhooks", Status: http.StatusCreated, Do: web.Do(d.addWebhook),
			AnyOf: may(ringback.ScopeWidgetsEdit), Summary: "Add a webhook.",
		},
		{
			Method: http.MethodGet, Path: "webhooks", Do: web.Do(d.webhooks),
			AnyOf: may(ringback.ScopeWidgetsView), Summary: "List webhooks.",
		},
		{
			Method: http.MethodDelete, Path: "webhooks/{id}", Status: http.StatusNoContent, Do: web.Do(d.deleteWebhook),
			AnyOf: may(ringback.ScopeWidgetsEdit), Summary: "Delete a webhook.",
		},
	}
}

func may(anyOf ...ringback.Scope) []ringback.Scope { return anyOf }
