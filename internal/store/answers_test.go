package store

import (
	"errors"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
)

func TestARequestIsAnsweredOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, other := newCompany(t, s), newCompany(t, s)
		first := Answer{BodyHash: []byte("hash"), Status: 200, Body: []byte(`{"id":1}`), At: noon}
		save := func(account int64, route, key string, a Answer) error {
			return s.Write(t.Context(), func(tx *Tx) error { return tx.SaveAnswer(account, route, key, a) })
		}
		if err := save(c.account.ID, "call", "k", first); err != nil {
			t.Fatal(err)
		}
		if err := save(c.account.ID, "call", "k", Answer{At: noon}); !errors.Is(err, ErrTaken) {
			t.Errorf("got %v, want %v", err, ErrTaken)
		}
		for _, elsewhere := range []struct {
			account    int64
			route, key string
		}{{other.account.ID, "call", "k"}, {c.account.ID, "text", "k"}, {c.account.ID, "call", "K"}} {
			read(t, s, func(tx *Tx) error {
				_, ok, err := tx.Answer(elsewhere.account, elsewhere.route, elsewhere.key)
				same(t, "elsewhere", ok, false)
				return err
			})
			if err := save(elsewhere.account, elsewhere.route, elsewhere.key, Answer{At: noon}); err != nil {
				t.Error(err)
			}
		}
		read(t, s, func(tx *Tx) error {
			a, ok, err := tx.Answer(c.account.ID, "call", "k")
			same(t, "answered", ok, true)
			same(t, "answer", a, first)
			return err
		})
	})
}

func TestAnswersAreForgotten(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		write(t, s, func(tx *Tx) error {
			return errors.Join(
				tx.SaveAnswer(c.account.ID, "call", "old", Answer{At: noon.Add(-time.Millisecond)}),
				tx.SaveAnswer(c.account.ID, "call", "new", Answer{At: noon}),
			)
		})
		write(t, s, func(tx *Tx) error { return tx.ForgetAnswers(noon) })
		for key, want := range map[string]bool{"old": false, "new": true} {
			read(t, s, func(tx *Tx) error {
				_, ok, err := tx.Answer(c.account.ID, "call", key)
				same(t, key, ok, want)
				return err
			})
		}
	})
}

func TestOfTwoRequestsWithOneKeyOneMakesTheCall(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		request := func(tx *Tx) error {
			_, answered, err := tx.Answer(c.account.ID, "call", "k")
			if err != nil || answered {
				return err
			}
			call := c.call(visitor(1))
			return errors.Join(tx.AddCall(&call), tx.SaveAnswer(c.account.ID, "call", "k", Answer{At: noon}))
		}
		during(t, s, request, request)
		same(t, "calls", len(c.due(t, noon)), 1)
	})
}

func TestASecretIsMadeOnce(t *testing.T) {
	t.Parallel()
	onConfigs(t, func(t *testing.T, c Config) {
		s := opened(t, c)
		secret := func(name string) (b []byte) {
			write(t, s, func(tx *Tx) (err error) {
				b, err = tx.Secret(name, 32)
				return err
			})
			return b
		}
		one, other := secret("one"), secret("other")
		if len(one) != 32 || string(one) == string(other) || string(one) == string(make([]byte, 32)) {
			t.Errorf("%x and %x", one, other)
		}
		if err := s.Write(t.Context(), func(tx *Tx) error { _, err := tx.Secret("one", 16); return err }); err == nil {
			t.Error("a secret of another size was given")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = opened(t, c)
		same(t, "after a restart", secret("one"), one)
	})
}

func TestARevokedKeyIsUnknown(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, other := newCompany(t, s), newCompany(t, s)
		k := ringback.Key{ID: "k", AccountID: c.account.ID, UserID: c.owner.ID, Hash: []byte("h"), CreatedAt: noon}
		write(t, s, func(tx *Tx) error { return tx.AddKey(k) })
		revoke := func(account int64) error {
			return s.Write(t.Context(), func(tx *Tx) error { return tx.RevokeKey(account, "k", noon) })
		}
		if err := revoke(other.account.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("by another account: got %v, want %v", err, ErrNotFound)
		}
		read(t, s, func(tx *Tx) error { _, _, err := tx.Key("k"); return err })
		if err := revoke(c.account.ID); err != nil {
			t.Fatal(err)
		}
		read(t, s, func(tx *Tx) error {
			if _, _, err := tx.Key("k"); !errors.Is(err, ErrNotFound) {
				t.Errorf("revoked: got %v, want %v", err, ErrNotFound)
			}
			return nil
		})
		if err := revoke(c.account.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("again: got %v, want %v", err, ErrNotFound)
		}
	})
}

func TestAUserIsFoundByTheirAddressInTheInstallation(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		ewa := ringback.User{AccountID: c.account.ID, Name: "Ewa", Email: "Ewa@Example.com", CreatedAt: noon, UpdatedAt: noon}
		write(t, s, func(tx *Tx) error { return tx.AddUser(&ewa) })
		same(t, "Ewa", get(t, s, func(tx *Tx) (ringback.User, error) { return tx.UserWithEmail("ewa@EXAMPLE.com") }), ewa)
		read(t, s, func(tx *Tx) error {
			for _, address := range []string{"", "ewa@example.co"} { // the owner has none
				if _, err := tx.UserWithEmail(address); !errors.Is(err, ErrNotFound) {
					t.Errorf("%q: got %v, want %v", address, err, ErrNotFound)
				}
			}
			return nil
		})
	})
}
