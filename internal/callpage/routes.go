package callpage

import (
	"net/http"
	"slices"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/web"
)

// routes lists every endpoint. A new endpoint is a new row and a function in the file of its noun.
func (d *door) routes() []web.Route {
	return slices.Concat(d.callRoutes(), d.userRoutes(), d.managerRoutes(), d.widgetRoutes())
}

func (d *door) callRoutes() []web.Route {
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
			Method: http.MethodPost, Path: "widgets/{id}/message", AnyOf: may(ringback.ScopeWidgetsCall), Do: web.Do(d.message), // row P3
			Summary: "Take a message that a visitor wrote instead of being called.",
		},
		d.fieldRoute(),
	}
}

// fieldRoute is also served below /api/v1/web/ (row P2).
func (d *door) fieldRoute() web.Route {
	return web.Route{
		Method: http.MethodPatch, Path: "calls/{call}/fields/{field}", AnyOf: may(ringback.ScopeCallsView), Do: web.Do(d.setField),
		Summary: "Set what was answered to a field, for one call.", // row S2
	}
}

func (d *door) userRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "users/all", Do: web.Do(d.users), // the role decides about users (row S3)
			Summary: "List users.",
		},
		{
			Method: http.MethodGet, Path: "users/get", Do: web.Do(d.user),
			Summary: "Tell about one user.",
		},
		{
			Method: http.MethodPost, Path: "users/create", Do: web.Do(d.createUser),
			Summary: "Add a user.",
		},
		{
			Method: http.MethodPost, Path: "users/update", Do: web.Do(d.updateUser),
			Summary: "Change a user.",
		},
		{
			Method: http.MethodPost, Path: "users/delete", Do: web.Do(d.deleteUser),
			Summary: "Remove a user, with the managers that they are.",
		},
	}
}

func (d *door) managerRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "managers/all", AnyOf: may(ringback.ScopeManagersView), Do: web.Do(d.managers),
			Summary: "List the managers of a widget.",
		},
		{
			Method: http.MethodGet, Path: "managers/get", AnyOf: may(ringback.ScopeManagersView), Do: web.Do(d.manager),
			Summary: "Tell about one manager.",
		},
		{
			Method: http.MethodPost, Path: "managers/create", AnyOf: may(ringback.ScopeManagersEdit), Do: web.Do(d.createManager),
			Summary: "Make a user a manager of a widget.",
		},
		{
			Method: http.MethodPost, Path: "managers/update", AnyOf: may(ringback.ScopeManagersEdit), Do: web.Do(d.updateManager),
			Summary: "Change a manager.",
		},
		{
			Method: http.MethodPost, Path: "managers/delete", AnyOf: may(ringback.ScopeManagersEdit), Do: web.Do(d.deleteManager),
			Summary: "Make a user no longer a manager of a widget.",
		},
	}
}

func (d *door) widgetRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "widgets/all", AnyOf: may(ringback.ScopeWidgetsView), Do: web.Do(d.widgets),
			Summary: "List widgets.",
		},
		{
			Method: http.MethodGet, Path: "widgets/get", AnyOf: may(ringback.ScopeWidgetsView), Do: web.Do(d.widget),
			Summary: "Tell about one widget, with its settings.",
		},
		{
			Method: http.MethodPost, Path: "widgets/create", AnyOf: may(ringback.ScopeWidgetsEdit), Do: web.Do(d.createWidget),
			Summary: "Add a widget, with the key's user as its first manager.",
		},
		{
			Method: http.MethodPost, Path: "widgets/update", AnyOf: may(ringback.ScopeWidgetsEdit), Do: web.Do(d.updateWidget),
			Summary: "Change a widget or its settings.",
		},
		{
			Method: http.MethodPost, Path: "widgets/delete", AnyOf: may(ringback.ScopeWidgetsEdit), Do: web.Do(d.deleteWidget),
			Summary: "Delete a widget and cancel the calls that are booked there.",
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
		{
			Method: http.MethodPost, Path: "widgets/call-or-schedule", AnyOf: may(ringback.ScopeWidgetsCall), Do: web.Do(d.callOrSchedule),
			Summary: "Ring the managers and the visitor, or book the first free time and send the visitor a text about it.",
		},
		{
			Method: http.MethodGet, Path: "voice/all", AnyOf: may(ringback.ScopeVoiceView), Do: web.Do(d.voices),
			Summary: "List the voice messages of a widget.",
		},
		{
			Method: http.MethodPost, Path: "voice/create", AnyOf: may(ringback.ScopeVoiceEdit), Do: web.Do(d.createVoice),
			Summary: "Give a widget a voice message of its own, or switch the default one.",
		},
		{
			Method: http.MethodPost, Path: "voice/update", AnyOf: may(ringback.ScopeVoiceEdit), Do: web.Do(d.updateVoice),
			Summary: "Change a voice message that a widget has of its own.",
		},
		{
			Method: http.MethodPost, Path: "voice/reset", AnyOf: may(ringback.ScopeVoiceEdit), Do: web.Do(d.resetVoice),
			Summary: "Give a widget its default voice messages back.",
		},
		{
			Method: http.MethodGet, Path: "sms/all", AnyOf: may(ringback.ScopeSMSView), Do: web.Do(d.texts),
			Summary: "List the texts that a widget sends.",
		},
		{
			Method: http.MethodPost, Path: "sms/create", AnyOf: may(ringback.ScopeSMSEdit), Do: web.Do(d.createText),
			Summary: "Give a widget a text of its own.",
		},
		{
			Method: http.MethodPost, Path: "sms/update", AnyOf: may(ringback.ScopeSMSEdit), Do: web.Do(d.updateText),
			Summary: "Change a text that a widget has of its own.",
		},
		{
			Method: http.MethodPost, Path: "sms/reset", AnyOf: may(ringback.ScopeSMSEdit), Do: web.Do(d.resetText),
			Summary: "Give a widget its default texts back.",
		},
	}
}

func may(anyOf ...ringback.Scope) []ringback.Scope { return anyOf }
