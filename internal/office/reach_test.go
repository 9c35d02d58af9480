package office_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/store"
)

// holder makes a key and returns who asks with it, from a page of an origin.
func holder(t *testing.T, o *office.Office, in office.NewKey, origin string) (ringback.Actor, error) {
	t.Helper()
	text, err := o.CreateKey(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return come(o, text, origin)
}

func come(o *office.Office, key, origin string) (ringback.Actor, error) {
	r, w := httptest.NewRequest(http.MethodPost, "/", nil), httptest.NewRecorder()
	r.Header.Set("Authorization", key)
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	return o.Admit(w, r)
}

func TestS7_APublishableKeyIsForOneWidgetAndItsSites(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	f, who := found(t, o, "ada")
	id, other := widget(t, o, who), widget(t, o, who)
	_, stranger := found(t, o, "eve")
	key := office.NewKey{
		AccountID: f.Account.ID, Widgets: []int64{id}, Publishable: true, Origins: []string{"https://A.example/", "http://b.example:8080", "https://c.example:443"},
	}
	text, err := o.CreateKey(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	for _, origin := range []string{"https://a.example", "http://b.example:8080", "https://c.example"} {
		got, err := come(o, text, origin)
		if err != nil || !got.Publishable || !got.Reaches(id) || got.Reaches(other) {
			t.Errorf("%s: %+v, %v", origin, got, err)
		}
		if diff := cmp.Diff([]ringback.Scope{ringback.ScopeWidgetsCall}, got.Scopes); diff != "" {
			t.Errorf("scopes: %s", diff)
		}
	}
	for _, origin := range []string{"", "null", "http://a.example", "https://a.example:444", "https://a.example.evil.pl", "https://www.a.example", "https://b.example"} {
		if _, err := come(o, text, origin); ringback.KindOf(err) != ringback.Forbidden || codeOf(err) != ringback.CodeUntrustedDomain {
			t.Errorf("%q is let in: %v", origin, err)
		}
	}
	for name, change := range map[string]func(k *office.NewKey){
		"no widget":           func(k *office.NewKey) { k.Widgets = nil },
		"two widgets":         func(k *office.NewKey) { k.Widgets = []int64{id, other} },
		"an unknown widget":   func(k *office.NewKey) { k.Widgets = []int64{999} },
		"no origin":           func(k *office.NewKey) { k.Origins = nil },
		"a path":              func(k *office.NewKey) { k.Origins = []string{"https://a.example/x"} },
		"any origin":          func(k *office.NewKey) { k.Origins = []string{"*"} },
		"another scheme":      func(k *office.NewKey) { k.Origins = []string{"file://a"} },
		"a user":              func(k *office.NewKey) { k.Origins = []string{"https://u@a.example"} },
		"another scope":       func(k *office.NewKey) { k.Scopes = []ringback.Scope{ringback.ScopeWidgetsView} },
		"more scopes":         func(k *office.NewKey) { k.Scopes = ringback.Scopes },
		"no scopes":           func(k *office.NewKey) { k.Scopes = []ringback.Scope{} },
		"a stranger's widget": func(k *office.NewKey) { k.AccountID, k.UserID = stranger.AccountID, stranger.UserID },
		"a usual key":         func(k *office.NewKey) { k.Publishable = false },
	} {
		bad := key
		change(&bad)
		if _, err := o.CreateKey(t.Context(), bad); ringback.KindOf(err) != ringback.Invalid && ringback.KindOf(err) != ringback.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestS7_APageThatUsesAFullKeyIsNoted(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	f, who := found(t, o, "ada")
	exposed := func() string {
		return look(t, o, func(tx *store.Tx) (string, error) {
			k, _, err := tx.Key(who.KeyID)
			return k.ExposedAt, err
		})
	}
	for _, origin := range []string{"", "null", "chrome-extension://abc"} {
		if _, err := come(o, f.Key, origin); err != nil || exposed() != "" {
			t.Errorf("%q: %v, noted %q", origin, err, exposed())
		}
	}
	for _, origin := range []string{"https://Shop.example", "https://other.example"} {
		if _, err := come(o, f.Key, origin); err != nil || exposed() != "https://shop.example" {
			t.Errorf("%q: %v, noted %q", origin, err, exposed())
		}
	}
}

func TestS5_AKeyThatIsLimitedSeesNothingElse(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	f, owner := found(t, o, "ada")
	mine, other := widget(t, o, owner), widget(t, o, owner)
	who, err := holder(t, o, office.NewKey{AccountID: f.Account.ID, Widgets: []int64{mine}}, "")
	if err != nil {
		t.Fatal(err)
	}
	records, count, err := o.Widgets(t.Context(), who, 100, 0)
	if err != nil || count != 1 || len(records) != 1 || records[0].ID != mine {
		t.Errorf("listed %+v, %d, %v", records, count, err)
	}
	if _, err := o.Widget(t.Context(), who, office.Ref{ID: mine}); err != nil {
		t.Errorf("its own: %v", err)
	}
	end := func(*store.Tx, ringback.Widget) error { return nil }
	public := look(t, o, func(tx *store.Tx) (string, error) {
		w, err := tx.Widget(who.AccountID, other)
		return w.PublicID, err
	})
	for _, ref := range []office.Ref{{ID: other}, {PublicID: public}} {
		_, get := o.Widget(t.Context(), who, ref)
		_, update := o.UpdateWidget(t.Context(), who, ref, office.WidgetChange{})
		_, add := o.AddUsers(t.Context(), who, ref, nil)
		for name, err := range map[string]error{
			"get": get, "update": update, "add users": add, "reach": o.Reach(t.Context(), who, ref),
			"delete": o.DeleteWidget(t.Context(), who, ref, end),
		} {
			if ringback.KindOf(err) != ringback.NotFound {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if _, err := o.CreateWidget(t.Context(), who, office.NewWidget{URL: "https://a.pl"}, office.Once{}); ringback.KindOf(err) != ringback.Forbidden {
		t.Errorf("create: %v", err)
	}
	if _, err := o.Webhooks(t.Context(), who, 0, 10); ringback.KindOf(err) != ringback.Forbidden {
		t.Errorf("webhooks of the account: %v", err)
	}
	calls := map[int64]int64{}
	err = o.Store.Write(t.Context(), func(tx *store.Tx) error {
		for _, id := range []int64{mine, other} {
			c := ringback.Call{AccountID: who.AccountID, WidgetID: id, To: "+48600100200", Status: ringback.StatusCompleted, EndedAt: time.Now()}
			if err := tx.AddCall(&c); err != nil {
				return err
			}
			calls[id] = c.ID
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, filter := range map[string]store.HistoryFilter{
		"all": {}, "both": {WidgetIDs: []int64{mine, other}}, "its own": {WidgetIDs: []int64{mine}},
	} {
		list, count, err := o.History(t.Context(), who, office.Query{HistoryFilter: filter})
		if err != nil || count != 1 || len(list) != 1 || list[0].ID != calls[mine] {
			t.Errorf("%s: %+v, %d, %v", name, list, count, err)
		}
	}
	for name, q := range map[string]office.Query{
		"another's": {HistoryFilter: store.HistoryFilter{WidgetIDs: []int64{other}}}, "by its public id": {PublicIDs: []string{public}},
		"by call": {HistoryFilter: store.HistoryFilter{CallIDs: []int64{calls[other]}}},
	} {
		if list, count, err := o.History(t.Context(), who, q); err != nil || count != 0 || len(list) != 0 {
			t.Errorf("%s: %+v, %d, %v", name, list, count, err)
		}
	}
	if _, err := o.Call(t.Context(), who, calls[other]); ringback.KindOf(err) != ringback.NotFound {
		t.Errorf("a call of another widget: %v", err)
	}
	if _, err := o.Call(t.Context(), who, calls[mine]); err != nil {
		t.Errorf("its own call: %v", err)
	}
}

func TestS6_AManagerSeesTheirOwnWidgets(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	f, owner := found(t, o, "ada")
	own, other := widget(t, o, owner), widget(t, o, owner)
	ann := user(t, o, owner, "Ann")
	if _, err := o.AddUsers(t.Context(), owner, office.Ref{ID: own}, []office.Addition{{UserID: ann}}); err != nil {
		t.Fatal(err)
	}
	who, err := holder(t, o, office.NewKey{AccountID: f.Account.ID, UserID: ann}, "")
	if err != nil {
		t.Fatal(err)
	}
	records, count, err := o.Widgets(t.Context(), who, 100, 0)
	if err != nil || count != 1 || len(records) != 1 || records[0].ID != own || len(records[0].Managers) != 2 {
		t.Errorf("listed %+v, %d, %v", records, count, err)
	}
	if _, err := o.Widget(t.Context(), who, office.Ref{ID: own}); err != nil {
		t.Errorf("their own: %v", err)
	}
	if _, err := o.Widget(t.Context(), who, office.Ref{ID: other}); ringback.KindOf(err) != ringback.Forbidden {
		t.Errorf("another: %v", err)
	}
	for _, err := range []error{
		o.DeleteWidget(t.Context(), who, office.Ref{ID: own}, nil),
		func() error {
			_, err := o.UpdateWidget(t.Context(), who, office.Ref{ID: own}, office.WidgetChange{})
			return err
		}(),
	} {
		if ringback.KindOf(err) != ringback.Forbidden {
			t.Errorf("a manager changes a widget: %v", err)
		}
	}
}

func TestW17_AWidgetStaysWhereItsEndFails(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, who := found(t, o, "ada")
	ref := office.Ref{ID: widget(t, o, who)}
	sick := errors.New("the calls could not be cancelled")
	if err := o.DeleteWidget(t.Context(), who, ref, func(*store.Tx, ringback.Widget) error { return sick }); !errors.Is(err, sick) {
		t.Fatal(err)
	}
	if _, err := o.Widget(t.Context(), who, ref); err != nil {
		t.Errorf("it is gone: %v", err)
	}
}
