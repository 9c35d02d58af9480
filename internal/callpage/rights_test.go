package callpage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/callpage"
)

// A right is what a route answers to each who may come. The bodies and paths name widget 1, user 1 and call 1, which
// are ada's.
type right struct {
	target, body                      string
	scopes                            []ringback.Scope // any one suffices; none: the role decides
	owner, stranger, manager, lacking int
}

var (
	viewCalls   = []ringback.Scope{ringback.ScopeCallsView}
	editWidgets = []ringback.Scope{ringback.ScopeWidgetsEdit}
	addManagers = []ringback.Scope{ringback.ScopeWidgetsEdit, ringback.ScopeManagersEdit}
	orderCalls  = []ringback.Scope{ringback.ScopeWidgetsCall}
)

// rights has a row for each route. A route that is not here fails the test.
var rights = map[string]right{
	"GET ":                   {"", "", nil, 200, 200, 200, 200},
	"GET calls/history":      {"calls/history", "", viewCalls, 200, 200, 200, 403},
	"GET calls/{id}":         {"calls/1", "", viewCalls, 200, 404, 403, 403},
	"POST users/create":      {"users/create", `{"name":"x","tel":"888888888"}`, nil, 200, 200, 403, 200},
	"POST widgets/create":    {"widgets/create", `{"url":"https://a.pl"}`, editWidgets, 200, 200, 403, 403},
	"POST widgets/add-users": {"widgets/add-users", `{"id":1,"user_id":1}`, addManagers, 200, 404, 403, 403},
	"POST widgets/call":      {"widgets/call", `{"id":1,"tel":"+48 888 888 888"}`, orderCalls, 200, 404, 403, 403},
}

func TestS6_EveryRouteKnowsWhoMay(t *testing.T) {
	t.Parallel()
	for _, row := range callpage.Routes() {
		name := row.Method + " " + row.Path
		want, ok := rights[name]
		if !ok {
			t.Errorf("%q has no row", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			manager := p.id("users/create", `{"name":"a manager elsewhere","tel":"888888888"}`)
			admin := p.id("users/create", `{"name":"an admin","tel":"888888888","role":"admin"}`)
			if p.openWidget() != 1 || p.id("widgets/call", `{"id":1,"tel":"600100200"}`) != 1 {
				t.Fatal("they are not the first")
			}
			var others []ringback.Scope
			for _, s := range ringback.Scopes {
				if !slices.Contains(want.scopes, s) {
					others = append(others, s)
				}
			}
			for _, tt := range []struct {
				who, key string
				status   int
			}{
				{"nobody", "", 401},
				{"a bad key", "rbk_x", 401},
				{"a key with the other scopes", p.key(0, others...), want.lacking},
				{"a key without scopes", p.key(0), want.lacking},
				{"another account", p.eve.Key, want.stranger},
				{"a manager of another widget", p.key(manager, ringback.Scopes...), want.manager},
				{"an admin", p.key(admin, ringback.Scopes...), want.owner},
				{"the owner", p.ada.Key, want.owner},
			} {
				for _, prefix := range callpage.Prefixes {
					a := p.send(row.Method, prefix+want.target, want.body, "Authorization", tt.key)
					if a.status != tt.status {
						t.Errorf("%s at %s: %d %s, want %d", tt.who, prefix, a.status, a.body, tt.status)
					}
				}
			}
			for _, s := range want.scopes { // row S4: either suffices
				if a := p.send(row.Method, v1+want.target, want.body, "Authorization", p.key(0, s)); a.status != want.owner {
					t.Errorf("a key with just %s: %d %s", s, a.status, a.body)
				}
			}
		})
	}
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
