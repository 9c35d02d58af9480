package office_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/fetch"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/store"
)

// newOffice opens an office with empty books.
func newOffice(t *testing.T) *office.Office {
	t.Helper()
	st, err := store.Open(t.Context(), store.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	client := fetch.New(fetch.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	t.Cleanup(func() {
		client.Close()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return office.New(office.Config{Store: st, Fetch: client})
}

// found makes an account in Poland and returns it with its owner, acting by key.
func found(t *testing.T, o *office.Office, name string) (office.Founded, ringback.Actor) {
	t.Helper()
	f, err := o.CreateAccount(t.Context(), office.NewAccount{
		Company: name + " Ltd", Name: name, Email: name + "@example.com", Tel: "+48 570 934 649",
	})
	if err != nil {
		t.Fatal(err)
	}
	who, err := o.Authenticate(t.Context(), f.Key)
	if err != nil {
		t.Fatal(err)
	}
	return f, who
}

func codeOf(err error) string {
	if e, ok := errors.AsType[*ringback.Error](err); ok {
		return e.Code
	}
	return ""
}

func user(t *testing.T, o *office.Office, who ringback.Actor, name string) int64 {
	t.Helper()
	id, err := o.CreateUser(t.Context(), who, office.NewUser{Name: name, Tel: "888888888"}, office.Once{})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func widget(t *testing.T, o *office.Office, who ringback.Actor) int64 {
	t.Helper()
	id, err := o.CreateWidget(t.Context(), who, office.NewWidget{URL: "https://example.com"}, office.Once{})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// look reads the store.
func look[T any](t *testing.T, o *office.Office, f func(tx *store.Tx) (T, error)) T {
	t.Helper()
	var v T
	err := o.Store.Read(t.Context(), func(tx *store.Tx) (err error) {
		v, err = f(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAnAccountIsFoundedWithItsOwnerAndAKey(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	f, who := found(t, o, "ada")
	if f.Account.Country != "PL" || f.Account.Zone != "UTC" || f.Account.LimitsOff || f.Owner.Role != ringback.RoleOwner || f.Owner.Tel != "+48570934649" {
		t.Errorf("founded %+v", f)
	}
	want := ringback.Actor{AccountID: f.Account.ID, UserID: f.Owner.ID, Role: ringback.RoleOwner, KeyID: who.KeyID, Scopes: ringback.Scopes}
	if diff := cmp.Diff(want, who); diff != "" {
		t.Errorf("the key's actor: -want +got:\n%s", diff)
	}
	for _, tt := range []struct {
		in   office.NewAccount
		code string
	}{
		{office.NewAccount{Email: "ADA@example.com", Tel: "+48570934649"}, ringback.CodeEmailTaken},
		{office.NewAccount{Email: "b@example.com", Tel: "570934649"}, ringback.CodeInvalidNumber},
		{office.NewAccount{Email: "b", Tel: "+48570934649"}, ringback.CodeInvalid},
		{office.NewAccount{Email: "b@example.com", Tel: "+48701234567"}, ringback.CodeBlacklistedNumber},
		{office.NewAccount{Email: "b@example.com", Tel: "+881612345678"}, ringback.CodeForbiddenCountry},
		{office.NewAccount{Email: "b@example.com", Tel: "+48570934649", Zone: "Mars/Olympus"}, ringback.CodeInvalid},
	} {
		if _, err := o.CreateAccount(t.Context(), tt.in); codeOf(err) != tt.code {
			t.Errorf("%+v: %v, want %s", tt.in, err, tt.code)
		}
	}
}

func TestS1_TheKeyIsRawOrBearer(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	f, _ := found(t, o, "ada")
	parts := strings.Split(f.Key, "_")
	if len(parts) != 4 || parts[0] != "rbk" || len(parts[1]) != 12 || len(parts[2]) != 43 {
		t.Fatalf("the key has another form: %q", f.Key)
	}
	for _, header := range []string{f.Key, "Bearer " + f.Key, "bearer " + f.Key, "BEARER   " + f.Key, " " + f.Key + " "} {
		if _, err := o.Authenticate(t.Context(), header); err != nil {
			t.Errorf("%q: %v", header, err)
		}
	}
	other, _ := found(t, o, "ben")
	swapped := "rbk_" + parts[1] + "_" + strings.Split(other.Key, "_")[2]
	for _, header := range []string{
		"", " ", "Bearer", "Bearer ", "Basic " + f.Key, f.Key + "x", f.Key[:len(f.Key)-1], strings.ToUpper(f.Key), "rbk___", swapped,
		swapped + "_" + parts[3], "rbk_" + parts[1] + "_", strings.Repeat("k", 400), "Bearer " + strings.Repeat("k_", 400), f.Key + "_" + f.Key,
	} {
		if who, err := o.Authenticate(t.Context(), header); codeOf(err) != ringback.CodeUnauthorized {
			t.Errorf("%q is let in: %+v, %v", header, who, err)
		}
	}
}

// TestTheSecretDecides uses keys whose checksum is right and whose secret is not that of the id.
func TestTheSecretDecides(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	f, _ := found(t, o, "ada")
	text, err := o.CreateKey(t.Context(), office.NewKey{AccountID: f.Account.ID, Name: "second"})
	if err != nil {
		t.Fatal(err)
	}
	a, b := strings.Split(f.Key, "_"), strings.Split(text, "_")
	forged := office.Spell(a[1], b[2])
	for range 2 { // looked up, and remembered
		if _, err := o.Authenticate(t.Context(), forged); codeOf(err) != ringback.CodeUnauthorized {
			t.Errorf("a forged key: %v", err)
		}
		if _, err := o.Authenticate(t.Context(), f.Key); err != nil {
			t.Errorf("the real key: %v", err)
		}
	}
}

func TestOnlyAHashOfTheSecretIsKept(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	f, who := found(t, o, "ada")
	key := look(t, o, func(tx *store.Tx) (ringback.Key, error) {
		k, _, err := tx.Key(who.KeyID)
		return k, err
	})
	if len(key.Hash) != 32 || bytes.Contains(key.Hash, []byte(strings.Split(f.Key, "_")[2])) {
		t.Errorf("kept %x", key.Hash)
	}
	if key.LastUsedAt.IsZero() {
		t.Error("nobody noted that the key was used")
	}
}

func TestARevokedKeyIsUnknown(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	f, _ := found(t, o, "ada")
	id, secret := "AAAAAAAAAAAA", strings.Repeat("s", 43)
	hash := sha256.Sum256([]byte(secret))
	err := o.Store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.AddKey(ringback.Key{
			ID: id, AccountID: f.Account.ID, UserID: f.Owner.ID, Hash: hash[:], Scopes: ringback.Scopes, RevokedAt: time.Now(),
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Authenticate(t.Context(), office.Spell(id, secret)); codeOf(err) != ringback.CodeUnauthorized {
		t.Errorf("got %v", err)
	}
}

func TestManagersMayNotKeepTheBooks(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	f, owner := found(t, o, "ada")
	ref := office.Ref{ID: widget(t, o, owner)}
	own := office.Ref{ID: widget(t, o, owner)}
	ann := user(t, o, owner, "Ann")
	if _, err := o.AddUsers(t.Context(), owner, own, []office.Addition{{UserID: ann}}); err != nil {
		t.Fatal(err)
	}
	text, err := o.CreateKey(t.Context(), office.NewKey{AccountID: f.Account.ID, UserID: ann, Name: "Ann's"})
	if err != nil {
		t.Fatal(err)
	}
	who, err := o.Authenticate(t.Context(), text)
	if err != nil || who.Role != ringback.RoleManager {
		t.Fatalf("%+v, %v", who, err)
	}
	for name, f := range map[string]func(context.Context) error{
		"create users": func(ctx context.Context) error {
			_, err := o.CreateUser(ctx, who, office.NewUser{Name: "x", Tel: "888888888"}, office.Once{})
			return err
		},
		"create widgets": func(ctx context.Context) error {
			_, err := o.CreateWidget(ctx, who, office.NewWidget{URL: "https://a.pl"}, office.Once{})
			return err
		},
		"add users": func(ctx context.Context) error {
			_, err := o.AddUsers(ctx, who, own, []office.Addition{{UserID: ann}})
			return err
		},
		"add webhooks": func(ctx context.Context) error {
			_, err := o.AddWebhook(ctx, who, office.NewWebhook{URL: "https://a.pl"})
			return err
		},
		"list webhooks":       func(ctx context.Context) error { _, err := o.Webhooks(ctx, who, 0, 1); return err },
		"delete webhooks":     func(ctx context.Context) error { return o.DeleteWebhook(ctx, who, 1) },
		"reach other widgets": func(ctx context.Context) error { return o.Reach(ctx, who, ref) },
	} {
		if err := f(t.Context()); ringback.KindOf(err) != ringback.Forbidden {
			t.Errorf("a manager may %s: %v", name, err)
		}
	}
	if err := o.Reach(t.Context(), who, own); err != nil {
		t.Errorf("their own widget: %v", err)
	}
	if err := o.Reach(t.Context(), who, office.Ref{ID: 999}); ringback.KindOf(err) != ringback.NotFound {
		t.Errorf("no widget: %v", err)
	}
}

func TestWebhooksHaveAGoodURLAndASecret(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, who := found(t, o, "ada")
	id := widget(t, o, who)
	h, err := o.AddWebhook(t.Context(), who, office.NewWebhook{WidgetID: id, URL: "http://127.0.0.1:9/x"})
	if err != nil {
		t.Fatal(err)
	}
	secret, ok := strings.CutPrefix(h.Secret, "whsec_")
	if key, err := base64.StdEncoding.DecodeString(secret); !ok || err != nil || len(key) != 32 {
		t.Errorf("secret %q", h.Secret)
	}
	if diff := cmp.Diff(ringback.DocumentedEvents(), h.Events); diff != "" {
		t.Errorf("events: %s", diff)
	}
	for name, in := range map[string]office.NewWebhook{
		"a private address": {URL: "http://10.0.0.1/x"},
		"plain http":        {URL: "http://192.0.2.1/"},
		"another scheme":    {URL: "ftp://127.0.0.1/"},
		"a user name":       {URL: "http://u:p@127.0.0.1/"},
		"no host":           {URL: "https:///x"},
		"a very long URL":   {URL: "https://a.pl/" + strings.Repeat("x", 5000)},
		"an unknown event":  {URL: "https://a.pl", Events: []ringback.EventKind{"call.sneezed"}},
	} {
		if _, err := o.AddWebhook(t.Context(), who, in); ringback.KindOf(err) != ringback.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, stranger := found(t, o, "eve")
	if _, err := o.AddWebhook(t.Context(), stranger, office.NewWebhook{WidgetID: id, URL: "https://a.pl"}); ringback.KindOf(err) != ringback.NotFound {
		t.Errorf("a stranger's widget: %v", err)
	}
	if err := o.DeleteWebhook(t.Context(), stranger, h.ID); ringback.KindOf(err) != ringback.NotFound {
		t.Errorf("a stranger deletes: %v", err)
	}
	if hooks, err := o.Webhooks(t.Context(), stranger, 0, 10); err != nil || len(hooks) != 0 {
		t.Errorf("a stranger sees %v, %v", hooks, err)
	}
	if err := o.DeleteWebhook(t.Context(), who, h.ID); err != nil {
		t.Errorf("delete: %v", err)
	}
	if err := o.DeleteWebhook(t.Context(), who, h.ID); ringback.KindOf(err) != ringback.NotFound {
		t.Errorf("delete again: %v", err)
	}
}

func TestTheGateCountsRequestsUnlessLimitsAreOff(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	f, _ := found(t, o, "ada")
	free, err := o.CreateAccount(t.Context(), office.NewAccount{Email: "free@example.com", Tel: "+48570934649", LimitsOff: true})
	if err != nil {
		t.Fatal(err)
	}
	come := func(key string) (string, error) {
		r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
		r.Header.Set("Authorization", key)
		_, err := o.Admit(w, r)
		return w.Header().Get("X-RateLimit-Limit"), err
	}
	var refused error
	for range ringback.LimitRequests.Count + 100 {
		limit, err := come(f.Key)
		if limit != "600" {
			t.Fatalf("limit %q", limit)
		}
		refused = firstOf(refused, err)
		if limit, err := come(free.Key); limit != "" || err != nil {
			t.Fatalf("limits off: %q, %v", limit, err)
		}
	}
	if ringback.KindOf(refused) != ringback.Limited {
		t.Errorf("nobody was refused: %v", refused)
	}
}

// firstOf returns the first of two errors.
func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
