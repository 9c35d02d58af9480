package callpage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/callpage"
	"github.com/ringback-hq/ringback/internal/office"
)

// A right is what a route answers to each who may come. The target and the body name widget 1, user 1 and call 1, which
// are ada's. Where a request uses something up, makes gives a new one for each, and its id stands for ID in them.
type right struct {
	target, body string
	scopes       []ringback.Scope // any one suffices; none: the role decides
	statuses     statuses
	makes        func(p *place) int64
}

// statuses are what is answered to the owner, to an admin, to a manager at widget 1 and to one at no widget, to a key of
// the owner that lacks the scopes, to one that is limited to widget 2, and to the owner of another account.
type statuses struct{ owner, admin, manager, elsewhere, lacking, limited, stranger int }

var (
	viewCalls    = []ringback.Scope{ringback.ScopeCallsView}
	viewManagers = []ringback.Scope{ringback.ScopeManagersView}
	editManagers = []ringback.Scope{ringback.ScopeManagersEdit}
	viewWidgets  = []ringback.Scope{ringback.ScopeWidgetsView}
	editWidgets  = []ringback.Scope{ringback.ScopeWidgetsEdit}
	addManagers  = []ringback.Scope{ringback.ScopeWidgetsEdit, ringback.ScopeManagersEdit}
	orderCalls   = []ringback.Scope{ringback.ScopeWidgetsCall}
	viewVoice    = []ringback.Scope{ringback.ScopeVoiceView}
	editVoice    = []ringback.Scope{ringback.ScopeVoiceEdit}
	viewSMS      = []ringback.Scope{ringback.ScopeSMSView}
	editSMS      = []ringback.Scope{ringback.ScopeSMSEdit}
)

// The answers that many routes share.
var (
	anybody   = statuses{200, 200, 200, 200, 403, 200, 200} // whose key has the scope
	reachers  = statuses{200, 200, 200, 403, 403, 404, 404} // those who have to do with widget 1
	rulers    = statuses{200, 200, 403, 403, 403, 404, 404} // owners and admins, of things at widget 1
	founders  = statuses{200, 200, 403, 403, 403, 403, 200} // owners and admins, of new things
	defaulted = statuses{422, 422, 403, 403, 403, 404, 404} // the same as rulers, where there is only a default (row V4)
	personnel = statuses{200, 200, 403, 403, 200, 403, 404} // owners and admins with any key, of users
)

// rights has a row for each route. A route that is not here fails the test.
var rights = map[string]right{
	"GET ":              {"", "", nil, statuses{200, 200, 200, 200, 200, 200, 200}, nil},
	"GET calls/history": {"calls/history", "", viewCalls, anybody, nil},
	"GET calls/{id}":    {"calls/1", "", viewCalls, reachers, nil},

	"PATCH calls/{call}/fields/{field}": {"calls/1/fields/1", `{"value":1}`, viewCalls, reachers, nil},
	"POST widgets/{id}/message":         {"widgets/1/message", `{"tel":"600100200","text":"Hi"}`, orderCalls, reachers, nil},

	"GET users/all":     {"users/all", "", nil, statuses{200, 200, 200, 200, 200, 200, 200}, nil},
	"GET users/get":     {"users/get?id=4", "", nil, personnel, nil},
	"POST users/create": {"users/create", `{"name":"x","tel":"888888888"}`, nil, statuses{200, 200, 403, 403, 200, 403, 200}, nil},
	"POST users/update": {"users/update", `{"id":1,"name":"x"}`, nil, statuses{200, 403, 403, 403, 200, 403, 404}, nil},
	"POST users/delete": {"users/delete", `{"id":ID}`, nil, personnel, newUser},

	"GET managers/all":     {"managers/all?widget_id=1", "", viewManagers, reachers, nil},
	"GET managers/get":     {"managers/get?widget_id=1&user_id=1", "", viewManagers, reachers, nil},
	"POST managers/create": {"managers/create", `{"widget_id":1,"user_id":1}`, editManagers, rulers, nil},
	"POST managers/update": {"managers/update", `{"widget_id":1,"user_id":1}`, editManagers, rulers, nil},
	"POST managers/delete": {"managers/delete", `{"widget_id":1,"user_id":ID}`, editManagers, rulers, newManager},

	"GET widgets/all":               {"widgets/all", "", viewWidgets, anybody, nil},
	"GET widgets/get":               {"widgets/get?id=1", "", viewWidgets, reachers, nil},
	"POST widgets/update":           {"widgets/update", `{"id":1,"description":"x"}`, editWidgets, rulers, nil},
	"POST widgets/delete":           {"widgets/delete", `{"id":ID}`, editWidgets, rulers, (*place).openWidget},
	"POST widgets/call-or-schedule": {"widgets/call-or-schedule", `{"id":1,"tel":"+48 888 888 888"}`, orderCalls, reachers, nil},
	"POST widgets/create":           {"widgets/create", `{"url":"https://a.pl"}`, editWidgets, founders, nil},
	"POST widgets/add-users":        {"widgets/add-users", `{"id":1,"user_id":1}`, addManagers, rulers, nil},
	"POST widgets/call":             {"widgets/call", `{"id":1,"tel":"+48 888 888 888"}`, orderCalls, reachers, nil},

	"GET voice/all":     {"voice/all?widget_id=1", "", viewVoice, reachers, nil},
	"POST voice/create": {"voice/create", `{"widget_id":1,"message_id":"manager.call","enabled":false}`, editVoice, rulers, nil},
	"POST voice/update": {"voice/update", `{"widget_id":1,"message_id":"manager.call"}`, editVoice, defaulted, nil},
	"POST voice/reset":  {"voice/reset", `{"widget_id":1}`, editVoice, rulers, nil},

	"GET sms/all":     {"sms/all?widget_id=1", "", viewSMS, reachers, nil},
	"POST sms/create": {"sms/create", `{"widget_id":1,"message_id":"visitor.call-scheduled","text":"x"}`, editSMS, rulers, nil},
	"POST sms/update": {"sms/update", `{"widget_id":1,"message_id":"visitor.call-scheduled","text":"x"}`, editSMS, defaulted, nil},
	"POST sms/reset":  {"sms/reset", `{"widget_id":1}`, editSMS, rulers, nil},
}

func newUser(p *place) int64 { return p.id("users/create", `{"name":"somebody","tel":"888888888"}`) }

func newManager(p *place) int64 {
	id := newUser(p)
	p.id("managers/create", fmt.Sprintf(`{"widget_id":1,"user_id":%d}`, id))
	return id
}

func TestS6_EveryRouteKnowsWhoMay(t *testing.T) {
	t.Parallel()
	served := map[string]bool{}
	for _, row := range callpage.Routes() {
		name := row.Method + " " + row.Path
		served[name] = true
		want, ok := rights[name]
		if !ok {
			t.Errorf("%q has no row", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			for _, v := range p.visitors(want) {
				for _, prefix := range callpage.Prefixes {
					if a := p.ask(row.Method, prefix, want, v.key); a.status != v.status {
						t.Errorf("%s at %s: %d %s, want %d", v.who, prefix, a.status, a.body, v.status)
					}
				}
			}
			for _, s := range want.scopes { // row S4: either suffices
				if a := p.ask(row.Method, v1, want, p.key(0, s)); a.status != want.statuses.owner {
					t.Errorf("a key with just %s: %d %s", s, a.status, a.body)
				}
			}
		})
	}
	for name := range rights {
		if !served[name] {
			t.Errorf("%q is no route", name)
		}
	}
}

type visitor struct {
	who, key string
	status   int
}

// visitors makes all who may come, and the things that the rows name.
func (p *place) visitors(want right) []visitor {
	p.t.Helper()
	elsewhere, admin, manager := newUser(p), p.id("users/create", `{"name":"an admin","tel":"888888888","role":"admin"}`), newUser(p)
	first := []int64{p.openWidget(), p.id("widgets/create", `{"url":"https://b.pl"}`), p.id("widgets/call", `{"id":1,"tel":"600100200","fields":{"a":1}}`)}
	if !slices.Equal(first, []int64{1, 2, 1}) || admin != 4 {
		p.t.Fatalf("the rows name others: widgets and call %v, admin %d", first, admin)
	}
	p.id("managers/create", fmt.Sprintf(`{"widget_id":1,"user_id":%d}`, manager))
	limited, err := p.office.CreateKey(p.t.Context(), office.NewKey{AccountID: p.ada.Account.ID, Widgets: []int64{2}})
	if err != nil {
		p.t.Fatal(err)
	}
	var others []ringback.Scope
	for _, s := range ringback.Scopes {
		if !slices.Contains(want.scopes, s) {
			others = append(others, s)
		}
	}
	is := want.statuses
	return []visitor{
		{"nobody", "", 401},
		{"a bad key", "rbk_x", 401},
		{"a key with the other scopes", p.key(0, others...), is.lacking},
		{"a key without scopes", p.key(0), is.lacking},
		{"a key for another widget", limited, is.limited},
		{"another account", p.eve.Key, is.stranger},
		{"a manager of no widget", p.key(elsewhere, ringback.Scopes...), is.elsewhere},
		{"a manager of the widget", p.key(manager, ringback.Scopes...), is.manager},
		{"an admin", p.key(admin, ringback.Scopes...), is.admin},
		{"the owner", p.ada.Key, is.owner},
	}
}

// ask makes the request of a row with a key.
func (p *place) ask(method, prefix string, of right, key string) answer {
	p.t.Helper()
	target, body := of.target, of.body
	if of.makes != nil {
		id := fmt.Sprint(of.makes(p))
		target, body = strings.ReplaceAll(target, "ID", id), strings.ReplaceAll(body, "ID", id)
	}
	return p.send(method, prefix+target, body, "Authorization", key)
}

func TestS6_AManagerReachesTheirOwn(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	own, other := p.openWidget(), p.openWidget()
	ann := p.id("users/create", `{"name":"Ann","tel":"888888888"}`)
	p.post("widgets/add-users", fmt.Sprintf(`{"id":%d,"user_id":%d}`, own, ann))
	key := p.key(ann, ringback.Scopes...)
	mine := p.id("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"600100200"}`, own), "Authorization", key)
	foreign := p.id("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"600100201"}`, other))
	for target, want := range map[string]int{fmt.Sprint("calls/", mine): 200, fmt.Sprint("calls/", foreign): 403, "calls/999": 404} {
		if a := p.send("GET", v1+target, "", "Authorization", key); a.status != want {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	if a := p.send("GET", v1+"calls/history", "", "Authorization", key); strings.Contains(a.body, "600100201") {
		t.Errorf("the history shows calls of others: %s", a.body)
	}
}

func TestNothingOfAnotherAccountIsSeen(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	widget := p.openWidget()
	p.id("widgets/call", fmt.Sprintf(`{"id":%d,"tel":"600100200"}`, widget))
	for _, query := range []string{"", "?call_id=1", "?widget_ids[]=1", "?phone_number=600100200", "?user_ids[]=1"} {
		a := p.send("GET", "/api/v3/external/calls/history"+query, "", "Authorization", p.eve.Key)
		if !strings.Contains(a.body, `"data":[],"meta":{"offset":null,"limit":100,"count":0}`) {
			t.Errorf("%s: %s", query, a.body)
		}
	}
}
