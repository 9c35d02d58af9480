package office

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store"
)

// check checks what a key is to be limited to, and fills in what was left out.
func (in *NewKey) check(tx *store.Tx) error {
	for _, s := range in.Scopes {
		if !slices.Contains(ringback.Scopes, s) {
			return ringback.Invalidf("scopes", "There is no scope %q.", string(s))
		}
	}
	for _, id := range in.Widgets {
		if _, err := tx.Widget(in.AccountID, id); err != nil {
			return known(err, "widget")
		}
	}
	if in.Publishable {
		return in.checkPublishable()
	}
	if len(in.Origins) > 0 {
		return ringback.Invalidf("origins", "Only a publishable key has origins.")
	}
	if in.Scopes == nil {
		in.Scopes = ringback.Scopes
	}
	return nil
}

// checkPublishable checks a key that everybody will see (row S7).
func (in *NewKey) checkPublishable() error {
	calls := []ringback.Scope{ringback.ScopeWidgetsCall}
	switch {
	case in.Scopes != nil && !slices.Equal(in.Scopes, calls):
		return ringback.Invalidf("scopes", "A publishable key has only the scope %s.", ringback.ScopeWidgetsCall)
	case len(in.Widgets) != 1:
		return ringback.Invalidf("widgets", "A publishable key is for exactly one widget.")
	case len(in.Origins) == 0:
		return ringback.Invalidf("origins", "A publishable key needs the origins of the pages where it stands.")
	}
	in.Scopes = calls
	in.Origins = slices.Clone(in.Origins)
	for i, text := range in.Origins {
		origin, ok := siteOrigin(text)
		if !ok {
			return ringback.Invalidf("origins", "%q is no origin such as https://example.com.", text)
		}
		in.Origins[i] = origin
	}
	return nil
}

// siteOrigin returns an origin as browsers send it: scheme and host in lower case, and a port unless it is the usual one.
func siteOrigin(text string) (string, bool) {
	u, err := url.Parse(strings.ToLower(strings.TrimSuffix(text, "/")))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || !isHost(u.Hostname()) || u.Scheme+"://"+u.Host != u.String() {
		return "", false
	}
	usual := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]
	return u.Scheme + "://" + strings.TrimSuffix(u.Host, usual), true
}

// onItsPage says that a publishable key is used where it does not belong. Of another key that a page uses it takes a
// note: whoever reads that page can do what the key can.
func (o *Office) onItsPage(ctx context.Context, key seenKey, origin string) error {
	if key.actor.Publishable {
		if slices.Contains(key.origins, strings.ToLower(origin)) {
			return nil
		}
		return &ringback.Error{
			Kind: ringback.Forbidden, Code: ringback.CodeUntrustedDomain, Detail: "This key is not for pages of this site.",
		}
	}
	if origin, ok := siteOrigin(origin); ok && !key.exposed && len(origin) <= longestOrigin {
		o.expose(ctx, key, origin)
	}
	return nil
}

// longestOrigin is how long the origin of a page is that is noted: names of hosts have up to 253 characters.
const longestOrigin = 300

// expose notes that a page uses a key. Nobody is refused because it cannot be noted.
func (o *Office) expose(ctx context.Context, key seenKey, origin string) {
	who := key.actor
	err := o.Store.Write(ctx, func(tx *store.Tx) error { return tx.ExposeKey(who.AccountID, who.KeyID, origin) })
	if err != nil {
		o.Log.WarnContext(ctx, "the exposure of a key could not be noted", "key_id", who.KeyID, "err", err)
		return
	}
	key.exposed = true
	o.seen.put(who.KeyID, key)
	o.Log.WarnContext(ctx, "a page uses a key that is not publishable", "account_id", who.AccountID, "key_id", who.KeyID, "origin", origin)
}

// overAccount reports whether the actor may change what belongs to no widget (row S5).
func overAccount(who ringback.Actor) error {
	if len(who.Widgets) > 0 {
		return forbidden("A key that is limited to widgets may not do that.")
	}
	return rules(who)
}

// within narrows a filter for widgets down to those that the actor's key reaches (row S5).
func within(who ringback.Actor, asked []int64) []int64 {
	switch {
	case len(who.Widgets) == 0:
		return asked
	case len(asked) == 0:
		return who.Widgets
	}
	var both []int64
	for _, id := range asked {
		if who.Reaches(id) {
			both = append(both, id)
		}
	}
	if both == nil {
		return []int64{nobody}
	}
	return both
}
