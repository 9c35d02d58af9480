package store

import (
	"errors"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
)

func TestWhatWasAddedComesBackAsItWas(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		account := get(t, s, func(tx *Tx) (ringback.Account, error) { return tx.Account(c.account.ID) })
		same(t, "account", account, c.account)

		u := ringback.User{
			AccountID: c.account.ID, ParentID: c.owner.ID, Name: "Ewa", Email: "Ewa@Example.com", Tel: "+48500000003",
			TelExtension: "17", Role: ringback.RoleAdmin, CreatedAt: noon, UpdatedAt: noon.Add(time.Second),
		}
		write(t, s, func(tx *Tx) error { return tx.AddUser(&u) })
		same(t, "user", get(t, s, func(tx *Tx) (ringback.User, error) { return tx.User(c.account.ID, u.ID) }), u)

		w := ringback.Widget{
			AccountID: c.account.ID, PublicID: "a", URL: "https://b.example", Description: "c", Locale: "pl", Enabled: true,
			SMSName: "d", Settings: ringback.Settings{ringback.SettingCountdown: 30, ringback.SettingRecording: false},
			InstalledAt: noon, CreatedAt: noon, UpdatedAt: noon,
		}
		write(t, s, func(tx *Tx) error { return tx.AddWidget(&w) })
		same(t, "widget", get(t, s, func(tx *Tx) (ringback.Widget, error) { return tx.Widget(c.account.ID, w.ID) }), w)
		same(t, "widget by public id", get(t, s, func(tx *Tx) (ringback.Widget, error) {
			return tx.WidgetByPublicID(c.account.ID, "a")
		}), w)
	})
}

func TestTimesThatWereLeftOutAreNow(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		before := time.Now().Add(-time.Second)
		a := ringback.Account{Company: "Acme"}
		write(t, s, func(tx *Tx) error { return tx.AddAccount(&a) })
		if a.CreatedAt.Before(before) || a.CreatedAt.After(time.Now()) {
			t.Errorf("created at %s", a.CreatedAt)
		}
		same(t, "stored", get(t, s, func(tx *Tx) (ringback.Account, error) { return tx.Account(a.ID) }), a)
	})
}

func TestAnotherAccountSeesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ours, theirs := newCompany(t, s), newCompany(t, s)
		call := ours.placed(t, visitor(1), nil)
		hook := ringback.Webhook{AccountID: ours.account.ID, URL: "https://sink.example"}
		d := ringback.Department{Name: "Sales"}
		write(t, s, func(tx *Tx) error {
			return errors.Join(tx.AddWebhook(&hook), tx.AddDepartment(ours.account.ID, &d))
		})
		stranger := theirs.account.ID
		asks := map[string]func(tx *Tx) error{
			"user":       func(tx *Tx) error { _, err := tx.User(stranger, ours.owner.ID); return err },
			"widget":     func(tx *Tx) error { _, err := tx.Widget(stranger, ours.widget.ID); return err },
			"public id":  func(tx *Tx) error { _, err := tx.WidgetByPublicID(stranger, ours.widget.PublicID); return err },
			"manager":    func(tx *Tx) error { _, err := tx.Manager(stranger, ours.anna.ID); return err },
			"department": func(tx *Tx) error { _, err := tx.Department(stranger, d.ID); return err },
			"put":        func(tx *Tx) error { return tx.PutInDepartment(stranger, ours.anna.ID, d.ID) },
			"put ours":   func(tx *Tx) error { return tx.PutInDepartment(stranger, theirs.anna.ID, d.ID) },
			"call":       func(tx *Tx) error { _, err := tx.Call(stranger, call.ID); return err },
			"record":     func(tx *Tx) error { _, err := tx.Record(stranger, call.ID); return err },
			"webhook":    func(tx *Tx) error { _, err := tx.Webhook(stranger, hook.ID); return err },
			"disable":    func(tx *Tx) error { return tx.DisableWebhook(stranger, hook.ID) },
			"delete":     func(tx *Tx) error { return tx.DeleteWebhook(stranger, hook.ID) },
		}
		for name, ask := range asks {
			if err := s.Write(t.Context(), ask); !errors.Is(err, ErrNotFound) {
				t.Errorf("%s: got %v, want %v", name, err, ErrNotFound)
			}
		}
		foreign := theirs.anna
		foreign.WidgetID = ours.widget.ID
		if err := s.Write(t.Context(), func(tx *Tx) error { return tx.SaveManager(&foreign) }); err == nil {
			t.Error("a manager was put at another account's widget")
		}
	})
}

func TestAnAddressIsTakenOnceInTheInstallation(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, other := newCompany(t, s), newCompany(t, s)
		ewa := ringback.User{AccountID: c.account.ID, Name: "Ewa", Email: "Żaneta@Example.com", Role: ringback.RoleManager}
		write(t, s, func(tx *Tx) error { return tx.AddUser(&ewa) })

		again := ringback.User{AccountID: other.account.ID, Email: "żaneta@example.COM"}
		if err := s.Write(t.Context(), func(tx *Tx) error { return tx.AddUser(&again) }); !errors.Is(err, ErrTaken) {
			t.Errorf("got %v, want %v", err, ErrTaken)
		}
		found := get(t, s, func(tx *Tx) (ringback.User, error) { return tx.UserByEmail(c.account.ID, "ŻANETA@example.com") })
		same(t, "by address", found, ewa)
		read(t, s, func(tx *Tx) error {
			if _, err := tx.UserByEmail(other.account.ID, ewa.Email); !errors.Is(err, ErrNotFound) {
				t.Errorf("another account: got %v, want %v", err, ErrNotFound)
			}
			return nil
		})
		same(t, "owner", get(t, s, func(tx *Tx) (ringback.User, error) { return tx.Owner(c.account.ID) }), c.owner)
	})
}

func TestKeys(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		k := ringback.Key{
			ID: "abc", AccountID: c.account.ID, UserID: c.owner.ID, Name: "shop", Hash: []byte{0, 1, 255},
			Scopes: []ringback.Scope{ringback.ScopeCallsView, ringback.ScopeWidgetsCall}, CreatedAt: noon,
		}
		revoked := k
		revoked.ID, revoked.RevokedAt = "old", noon
		write(t, s, func(tx *Tx) error { return errors.Join(tx.AddKey(k), tx.AddKey(revoked)) })
		write(t, s, func(tx *Tx) error { return tx.TouchKey("abc", noon.Add(time.Hour)) })

		k.LastUsedAt = noon.Add(time.Hour)
		read(t, s, func(tx *Tx) error {
			key, user, err := tx.Key("abc")
			same(t, "key", key, k)
			same(t, "user", user, c.owner)
			for _, id := range []string{"old", "none"} {
				if _, _, err := tx.Key(id); !errors.Is(err, ErrNotFound) {
					t.Errorf("key %s: got %v, want %v", id, err, ErrNotFound)
				}
			}
			return err
		})
		if err := s.Write(t.Context(), func(tx *Tx) error { return tx.AddKey(k) }); !errors.Is(err, ErrTaken) {
			t.Errorf("the same key again: got %v, want %v", err, ErrTaken)
		}
	})
}

func TestAManagerIsSavedTwiceAndStaysOne(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		again := c.anna
		again.ID, again.Enabled = 0, false
		again.Hours = ringback.Hours{{Weekday: time.Friday, Enabled: true, Start: 9 * 3600, End: ringback.EndOfDay, Zone: "Europe/London"}}
		write(t, s, func(tx *Tx) error { return tx.SaveManager(&again) })
		if again.ID != c.anna.ID {
			t.Errorf("id %d became %d", c.anna.ID, again.ID)
		}
		managers := get(t, s, func(tx *Tx) ([]ringback.Manager, error) { return tx.Managers(c.account.ID, c.widget.ID) })
		same(t, "managers", managers, []ringback.Manager{again, c.jan})
	})
}

// Managers are remembered between calls, and never longer than they are true.
func TestManagersAreReadAgainAfterEveryChange(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		managers := func(tx *Tx) ([]ringback.Manager, error) { return tx.Managers(c.account.ID, c.widget.ID) }
		same(t, "at first", get(t, s, managers), []ringback.Manager{c.anna, c.jan})
		same(t, "again", get(t, s, managers), []ringback.Manager{c.anna, c.jan})
		away, sick := c.anna, errors.New("the transaction fails")
		away.Enabled = false
		err := s.Write(t.Context(), func(tx *Tx) error {
			err := tx.SaveManager(&away)
			list, readErr := managers(tx)
			same(t, "inside the change", list, []ringback.Manager{away, c.jan})
			return errors.Join(err, readErr, sick)
		})
		if !errors.Is(err, sick) {
			t.Fatal(err)
		}
		same(t, "after a change that was undone", get(t, s, managers), []ringback.Manager{c.anna, c.jan})
		write(t, s, func(tx *Tx) error { return tx.SaveManager(&away) })
		same(t, "after a change", get(t, s, managers), []ringback.Manager{away, c.jan})
		help := ringback.Department{Name: "Help"}
		write(t, s, func(tx *Tx) error {
			return errors.Join(tx.AddDepartment(c.account.ID, &help), tx.PutInDepartment(c.account.ID, c.jan.ID, help.ID))
		})
		c.jan.Departments = []ringback.Department{help}
		same(t, "in a department", get(t, s, managers), []ringback.Manager{away, c.jan})
		list := get(t, s, managers)
		list[0], list[1] = list[1], list[0]
		same(t, "after a reader sorted what it got", get(t, s, managers), []ringback.Manager{away, c.jan})
	})
}

func TestDepartments(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		sales, help := ringback.Department{Name: "Sales"}, ringback.Department{Name: "Help"}
		write(t, s, func(tx *Tx) error {
			return errors.Join(
				tx.AddDepartment(c.account.ID, &sales), tx.AddDepartment(c.account.ID, &help),
				tx.PutInDepartment(c.account.ID, c.anna.ID, help.ID), tx.PutInDepartment(c.account.ID, c.anna.ID, sales.ID),
				tx.PutInDepartment(c.account.ID, c.jan.ID, help.ID), tx.PutInDepartment(c.account.ID, c.jan.ID, help.ID),
			)
		})
		c.anna.Departments = []ringback.Department{sales, help}
		c.jan.Departments = []ringback.Department{help}
		managers := get(t, s, func(tx *Tx) ([]ringback.Manager, error) { return tx.Managers(c.account.ID, c.widget.ID) })
		same(t, "managers", managers, []ringback.Manager{c.anna, c.jan})
		same(t, "manager", get(t, s, func(tx *Tx) (ringback.Manager, error) { return tx.Manager(c.account.ID, c.anna.ID) }), c.anna)
		same(t, "department", get(t, s, func(tx *Tx) (ringback.Department, error) {
			return tx.Department(c.account.ID, help.ID)
		}), help)
	})
}

func TestUsersWhoWereDeletedAnswerNowhere(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		k := ringback.Key{ID: "k", AccountID: c.account.ID, UserID: c.anna.UserID, Hash: []byte("h")}
		write(t, s, func(tx *Tx) error {
			_, err := tx.db.Exec("UPDATE users SET deleted_at = 1 WHERE account_id = $1 AND id = $2", c.account.ID, c.anna.UserID)
			return errors.Join(err, tx.staffChanged(c.account.ID), tx.AddKey(k))
		})
		managers := get(t, s, func(tx *Tx) ([]ringback.Manager, error) { return tx.Managers(c.account.ID, c.widget.ID) })
		same(t, "managers", managers, []ringback.Manager{c.jan})
		read(t, s, func(tx *Tx) error {
			_, manager := tx.Manager(c.account.ID, c.anna.ID)
			_, user := tx.User(c.account.ID, c.anna.UserID)
			_, _, key := tx.Key("k")
			for what, err := range map[string]error{"manager": manager, "user": user, "key": key} {
				if !errors.Is(err, ErrNotFound) {
					t.Errorf("%s: got %v, want %v", what, err, ErrNotFound)
				}
			}
			return nil
		})
	})
}

func TestTextsThatPostgreSQLRefusesAreCleaned(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		call := c.placed(t, visitor(1), func(call *ringback.Call) {
			call.Ref = "a\x00b\xffc"
			call.Visit.UserAgent = "x\x00y\xffz \\u0000 \x00"
		})
		got := get(t, s, func(tx *Tx) (ringback.Call, error) { return tx.Call(c.account.ID, call.ID) })
		same(t, "ref", got.Ref, "ab\uFFFDc")
		same(t, "user agent", got.Visit.UserAgent, "xy\uFFFDz \\u0000 ")
	})
}

func TestSite(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://www.Acme.example/Shop/?a=b#c": "acme.example/Shop",
		"http://acme.example:8080":             "acme.example:8080",
		"//www.acme.example/":                  "acme.example",
		" acme.example/a/b/ ":                  "acme.example/a/b",
		"":                                     "",
		"https://":                             "",
	} {
		if got := site(url); got != want {
			t.Errorf("site(%q) = %q, want %q", url, got, want)
		}
	}
}
