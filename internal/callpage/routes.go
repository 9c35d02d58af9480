package callpage

import (
	"net/http"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/web"
)

// routes lists every endpoint. A new endpoint is a new row and a function in the file of its noun.
func (d *door) routes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "", Do: web.Do(d.root),
			Summary: "Say hello to a good key.",
		},
		{
			Method: http.MethodGet, Path: "calls/history", AnyOf: may(ringback.ScopeCallsView), Do: web.Do(d.history),
			Summary: "List calls.",
		},
		{
			Method: http.MethodGet, Path: "calls/{id}", AnyOf: may(ringback.ScopeCallsView), Do: web.Do(d.single),
			Summary: "Tell all about one call.",
		},
		{
			Method: http.MethodPost, Path: "users/create", Do: web.Do(d.createUser), // the role decides (row S3)
			Summary: "Add a user.",
		},
		{
			Method: http.MethodPost, Path: "widgets/create", AnyOf: may(ringback.ScopeWidgetsEdit), Do: web.Do(d.createWidget),
			Summary: "Add a widget, with the key's user as its first manager.",
		},
		{
			Method: http.MethodPost, Path: "widgets/add-users", Do: web.Do(d.addUsers),
			AnyOf:   may(ringback.ScopeWidgetsEdit, ringback.ScopeManagersEdit), // row S4
			Summary: "Make users managers of a widget.",
		},
		{
			Method: http.MethodPost, Path: "widgets/call", AnyOf: may(ringback.ScopeWidgetsCall), Do: web.Do(d.call),
			Summary: "Ring the managers and the visitor, now or at the first free time.",
		},
	}
}

func may(anyOf ...ringback.Scope) []ringback.Scope { return anyOf }
