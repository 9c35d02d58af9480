package office_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/store"
)

func TestU6_TheTelephoneOfAUserIsChecked(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, who := found(t, o, "ada")
	id, err := o.CreateUser(t.Context(), who, office.NewUser{Name: "Test Manager", Tel: "+48 888 888 888", Email: "test@test.com"}, office.Once{})
	if err != nil {
		t.Fatal(err)
	}
	u := look(t, o, func(tx *store.Tx) (ringback.User, error) { return tx.User(who.AccountID, id) })
	if u.Tel != "+48888888888" || u.Role != ringback.RoleManager || u.ParentID != who.UserID {
		t.Errorf("made %+v", u)
	}
	for tel, code := range map[string]string{
		"hello": ringback.CodeInvalidNumber, "112": ringback.CodeBlacklistedNumber, "+48701234567": ringback.CodeBlacklistedNumber,
		"+4915123456789": ringback.CodeForbiddenCountry,
	} {
		if _, err := o.CreateUser(t.Context(), who, office.NewUser{Name: "x", Tel: tel}, office.Once{}); codeOf(err) != code {
			t.Errorf("%q: %v, want %s", tel, err, code)
		}
	}
}

func TestU5_AnEmailBelongsToOneUser(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, who := found(t, o, "ada")
	user(t, o, who, "without e-mail")
	user(t, o, who, "without e-mail either, and the same telephone")
	_, err := o.CreateUser(t.Context(), who, office.NewUser{Name: "x", Tel: "888888888", Email: "ADA@Example.com"}, office.Once{})
	if e, ok := errors.AsType[*ringback.Error](err); !ok || e.Code != ringback.CodeEmailTaken || e.Field != "email" {
		t.Errorf("got %v", err)
	}
}

func TestU3_NobodyIsMadeAnOwner(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, who := found(t, o, "ada")
	if _, err := o.CreateUser(t.Context(), who, office.NewUser{Name: "x", Tel: "888888888", Role: ringback.RoleOwner}, office.Once{}); codeOf(err) != ringback.CodeInvalid {
		t.Errorf("got %v", err)
	}
	if _, err := o.CreateUser(t.Context(), who, office.NewUser{Name: "x", Tel: "888888888", TelExtension: "1;2"}, office.Once{}); codeOf(err) != ringback.CodeInvalid {
		t.Errorf("an extension: %v", err)
	}
}

func TestW13_W14_TheKeysUserBecomesTheFirstManager(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, who := found(t, o, "ada")
	before := time.Now()
	id := widget(t, o, who)
	w := look(t, o, func(tx *store.Tx) (ringback.Widget, error) { return tx.Widget(who.AccountID, id) })
	if key, err := base64.RawURLEncoding.DecodeString(w.PublicID); err != nil || len(key) != 32 || len(w.PublicID) != 43 {
		t.Errorf("public id %q (row R15)", w.PublicID)
	}
	var stamp int64
	if _, err := fmt.Sscanf(w.Description, "Created from REST API. Timestamp: %d", &stamp); err != nil || stamp < before.Unix() { // row W13
		t.Errorf("description %q", w.Description)
	}
	if !w.Enabled || w.Locale != "en" {
		t.Errorf("made %+v", w)
	}
	managers := look(t, o, func(tx *store.Tx) ([]ringback.Manager, error) { return tx.Managers(who.AccountID, id) })
	if len(managers) != 1 || managers[0].UserID != who.UserID || !managers[0].Enabled {
		t.Fatalf("managers %+v", managers)
	}
	if diff := cmp.Diff(ringback.DefaultHours("Europe/Warsaw"), managers[0].Hours); diff != "" {
		t.Errorf("hours: -want +got:\n%s", diff)
	}
}

func TestW11_LocalesOfTheDocumentAndOfISO(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, who := found(t, o, "ada")
	for in, want := range map[string]string{"": "en", "pl": "pl", "cz": "cz", "cs": "cz", "zh": "cn", "et": "ee", "sv": "se", "PL": "pl", "lv": "lv"} {
		id, err := o.CreateWidget(t.Context(), who, office.NewWidget{URL: "https://example.com", Locale: in}, office.Once{})
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if w := look(t, o, func(tx *store.Tx) (ringback.Widget, error) { return tx.Widget(who.AccountID, id) }); w.Locale != want {
			t.Errorf("%q became %q, want %q", in, w.Locale, want)
		}
	}
	if _, err := o.CreateWidget(t.Context(), who, office.NewWidget{URL: "https://example.com", Locale: "xx"}, office.Once{}); codeOf(err) != ringback.CodeInvalid {
		t.Errorf("xx: %v", err)
	}
}

func TestTheAddressOfAWebsite(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, who := found(t, o, "ada")
	for _, url := range []string{"http://test.com", "https://a.pl/x?y=1", "example.com", "http://localhost:8080/", "https://żółw.pl"} {
		if _, err := o.CreateWidget(t.Context(), who, office.NewWidget{URL: url}, office.Once{}); err != nil {
			t.Errorf("%q: %v", url, err)
		}
	}
	for _, url := range []string{"", "javascript:alert(1)", "javascript://x/%0aalert(1)", "ftp://a.pl", "https://", "https://u:p@a.pl", "http://a b.pl", "https://a.pl<script>"} {
		_, err := o.CreateWidget(t.Context(), who, office.NewWidget{URL: url}, office.Once{})
		if e, ok := errors.AsType[*ringback.Error](err); !ok || e.Field != "url" {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestW8_SettingsAreCheckedAtCreation(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, who := found(t, o, "ada")
	off := false
	id, err := o.CreateWidget(t.Context(), who, office.NewWidget{
		URL: "https://example.com", Enabled: &off, Settings: map[string]any{"call.algorithm": "findme", "call.direction": "ba", "unknown": 1},
	}, office.Once{})
	if err != nil {
		t.Fatal(err)
	}
	w := look(t, o, func(tx *store.Tx) (ringback.Widget, error) { return tx.Widget(who.AccountID, id) })
	if !w.Settings.RingInTurn() || !w.Settings.VisitorFirst() || w.Enabled {
		t.Errorf("made %+v", w)
	}
	_, err = o.CreateWidget(t.Context(), who, office.NewWidget{URL: "https://example.com", Settings: map[string]any{"countdown": "60"}}, office.Once{})
	if e, ok := errors.AsType[*ringback.Error](err); !ok || e.Field != "countdown" {
		t.Errorf("countdown 60: %v", err)
	}
}

func TestM1_W18_APairThatExistsKeepsItsManager(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, who := found(t, o, "ada")
	ref := office.Ref{ID: widget(t, o, who)}
	ann, ben := user(t, o, who, "Ann"), user(t, o, who, "Ben")
	first, err := o.AddUsers(t.Context(), who, ref, []office.Addition{{UserID: ben}, {UserID: ann}})
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != 2 || first[0].UserID != ben || first[1].UserID != ann { // row W18
		t.Fatalf("added %+v", first)
	}
	monday := ringback.Hours{{Weekday: time.Monday, Enabled: true, Start: 8 * 3600, End: 12 * 3600}, {Weekday: time.Monday, Enabled: true, Start: 13 * 3600, End: 16 * 3600}}
	again, err := o.AddUsers(t.Context(), who, ref, []office.Addition{{UserID: ann, Hours: monday}, {UserID: ann}})
	if err != nil {
		t.Fatal(err)
	}
	if again[0].ID != first[1].ID || again[1].ID != first[1].ID {
		t.Errorf("other managers: %+v", again)
	}
	m := look(t, o, func(tx *store.Tx) (ringback.Manager, error) { return tx.Manager(who.AccountID, first[1].ID) })
	want := ringback.DefaultHours("Europe/Warsaw") // row M3: the other days stay
	want = append(append(want[:1:1], monday...), want[2:]...)
	if diff := cmp.Diff(want, m.Hours); diff != "" {
		t.Errorf("hours: -want +got:\n%s", diff)
	}
}

func TestAddUsersAddsAllOrNone(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, who := found(t, o, "ada")
	_, stranger := found(t, o, "eve")
	ref := office.Ref{ID: widget(t, o, who)}
	ann := user(t, o, who, "Ann")
	for name, tt := range map[string]struct {
		who   ringback.Actor
		ref   office.Ref
		users []office.Addition
		want  string
	}{
		"an unknown user":                 {who, ref, []office.Addition{{UserID: ann}, {UserID: 999}}, "There is no such user."},
		"a user of another account":       {who, ref, []office.Addition{{UserID: ann}, {UserID: stranger.UserID}}, "There is no such user."},
		"a widget of another account":     {stranger, ref, []office.Addition{{UserID: stranger.UserID}}, "There is no such widget."},
		"an unknown widget":               {who, office.Ref{ID: -1}, []office.Addition{{UserID: ann}}, "There is no such widget."},
		"an unknown widget, by public id": {who, office.Ref{PublicID: "x"}, []office.Addition{{UserID: ann}}, "There is no such widget."},
	} {
		if _, err := o.AddUsers(t.Context(), tt.who, tt.ref, tt.users); ringback.KindOf(err) != ringback.NotFound || err.Error() != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	managers := look(t, o, func(tx *store.Tx) ([]ringback.Manager, error) { return tx.Managers(who.AccountID, ref.ID) })
	if len(managers) != 1 {
		t.Errorf("managers %+v", managers)
	}
}
