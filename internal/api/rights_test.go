package api

import (
	"slices"
	"strings"
	"testing"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/store"
)

// A right is what a route answers to each who may come. The body and the path name widget 1 and webhook 1, which are
// the first account's. Each has a server of its own, so that nothing is used up.
type right struct {
	body                                                string
	scope                                               ringback.Scope
	owner, admin, manager, lacking, limited, otherOwner int
}

// rights has a row for each route. A route that is not here fails the test.
var rights = map[string]right{
	"POST webhooks":        {`{"url":"https://a.pl","widget_id":1}`, ringback.ScopeWidgetsEdit, 201, 201, 403, 403, 403, 404},
	"GET webhooks":         {"", ringback.ScopeWidgetsView, 200, 200, 403, 403, 403, 200},
	"DELETE webhooks/{id}": {"", ringback.ScopeWidgetsEdit, 204, 204, 403, 403, 403, 404},
}

func TestS6_EveryRouteKnowsWhoMay(t *testing.T) {
	t.Parallel()
	served := map[string]bool{}
	for _, row := range (&door{}).routes() {
		name := row.Method + " " + row.Path
		served[name] = true
		want, ok := rights[name]
		if !ok {
			t.Errorf("%q has no row", name)
			continue
		}
		target := "/api/" + strings.ReplaceAll(row.Path, "{id}", "1")
		for _, v := range visitors {
			t.Run(name+" by "+v.who, func(t *testing.T) {
				t.Parallel()
				p := newPlace(t)
				p.addWidgetAndWebhook()
				if got, doc := p.ask(v.key(p, want.scope), row.Method, target, want.body); got != v.status(want) {
					t.Errorf("%d %v, want %d", got, doc, v.status(want))
				}
			})
		}
	}
	for name := range rights {
		if !served[name] {
			t.Errorf("%q is no route", name)
		}
	}
}

// visitors are all who may come.
var visitors = []struct {
	who    string
	key    func(p *place, needed ringback.Scope) string
	status func(right) int
}{
	{"nobody", func(*place, ringback.Scope) string { return "" }, func(right) int { return 401 }},
	{"an unknown key", func(*place, ringback.Scope) string { return "rbk_x" }, func(right) int { return 401 }},
	{"a key without the scope", (*place).keyLacking, func(r right) int { return r.lacking }},
	{"another account", func(p *place, _ ringback.Scope) string { return p.other }, func(r right) int { return r.otherOwner }},
	{"a key for another widget", func(p *place, needed ringback.Scope) string {
		return p.keyFor(office.NewKey{Widgets: []int64{p.addWidget()}, Scopes: []ringback.Scope{needed}})
	}, func(r right) int { return r.limited }},
	{"a manager", func(p *place, _ ringback.Scope) string {
		return p.keyFor(office.NewKey{UserID: p.addUser(ringback.RoleManager)})
	}, func(r right) int { return r.manager }},
	{"an admin", func(p *place, _ ringback.Scope) string {
		return p.keyFor(office.NewKey{UserID: p.addUser(ringback.RoleAdmin)})
	}, func(r right) int { return r.admin }},
	{"the owner", func(p *place, needed ringback.Scope) string { return p.keyWith(needed) }, func(r right) int { return r.owner }},
}

// keyFor makes a key of the first account.
func (p *place) keyFor(k office.NewKey) string {
	p.t.Helper()
	k.AccountID = p.account
	text, err := p.office.CreateKey(p.t.Context(), k)
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

// keyLacking makes a key with every scope but one.
func (p *place) keyLacking(scope ringback.Scope) string {
	return p.keyWith(slices.DeleteFunc(slices.Clone(ringback.Scopes), func(s ringback.Scope) bool { return s == scope })...)
}

func (p *place) addUser(role ringback.Role) int64 {
	p.t.Helper()
	u := ringback.User{AccountID: p.account, ParentID: p.owner, Name: "x", Role: role}
	if err := p.store.Write(p.t.Context(), func(tx *store.Tx) error { return tx.AddUser(&u) }); err != nil {
		p.t.Fatal(err)
	}
	return u.ID
}

func (p *place) addWidget() int64 {
	p.t.Helper()
	w := ringback.Widget{AccountID: p.account, PublicID: "another", URL: "https://b.pl", Enabled: true}
	if err := p.store.Write(p.t.Context(), func(tx *store.Tx) error { return tx.AddWidget(&w) }); err != nil {
		p.t.Fatal(err)
	}
	return w.ID
}
