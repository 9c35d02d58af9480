package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback-hq/ringback"
)

// onBoth runs a test on an empty database of each kind: SQLite always, PostgreSQL where RINGBACK_TEST_POSTGRES names
// one, in a schema of its own.
func onBoth(t *testing.T, f func(t *testing.T, s *Store)) {
	t.Helper()
	t.Parallel()
	onConfigs(t, func(t *testing.T, c Config) {
		f(t, opened(t, c))
	})
}

// onConfigs is onBoth for those who open the database themselves.
func onConfigs(t *testing.T, f func(t *testing.T, c Config)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, Config{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, Config{URL: freshSchema(t), Log: slog.New(slog.DiscardHandler)})
	})
}

func opened(t *testing.T, c Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// freshSchema makes an empty schema and returns the URL by which it is the only one.
func freshSchema(t *testing.T) string {
	t.Helper()
	server := os.Getenv("RINGBACK_TEST_POSTGRES")
	if server == "" {
		t.Skip("RINGBACK_TEST_POSTGRES is not set")
	}
	name := "t" + strings.ToLower(rand.Text())
	onServer(t, server, "CREATE SCHEMA "+name)
	t.Cleanup(func() {
		await(t, func() error { return tryOnServer(server, "DROP SCHEMA "+name+" CASCADE") }) // a process that was killed may still write
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	values := u.Query()
	values.Set("search_path", name)
	values.Set("application_name", name)
	u.RawQuery = values.Encode()
	return u.String()
}

func onServer(t *testing.T, server, command string) {
	t.Helper()
	if err := tryOnServer(server, command); err != nil {
		t.Fatal(err)
	}
}

func tryOnServer(server, command string) error {
	db, err := sql.Open("pgx", server)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(context.Background(), command)
	return err
}

func write(t *testing.T, s *Store, f func(*Tx) error) {
	t.Helper()
	if err := s.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, s *Store, f func(*Tx) error) {
	t.Helper()
	if err := s.Read(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// get reads one thing.
func get[T any](t *testing.T, s *Store, f func(*Tx) (T, error)) T {
	t.Helper()
	var v T
	read(t, s, func(tx *Tx) (err error) {
		v, err = f(tx)
		return err
	})
	return v
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// A company is an account with a widget where Anna and Jan answer.
type company struct {
	*Store
	account ringback.Account
	owner   ringback.User
	widget  ringback.Widget
	anna    ringback.Manager
	jan     ringback.Manager
}

// noon is a moment that both databases keep exactly.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func newCompany(t testing.TB, s *Store) *company {
	t.Helper()
	c := &company{Store: s}
	err := s.Write(t.Context(), func(tx *Tx) error {
		c.account = ringback.Account{Company: "Acme", Country: "PL", Zone: "Europe/Warsaw", CreatedAt: noon}
		if err := tx.AddAccount(&c.account); err != nil {
			return err
		}
		c.owner = ringback.User{AccountID: c.account.ID, Name: "Olga", Role: ringback.RoleOwner, CreatedAt: noon, UpdatedAt: noon}
		if err := tx.AddUser(&c.owner); err != nil {
			return err
		}
		c.widget = ringback.Widget{
			AccountID: c.account.ID, PublicID: rand.Text(), URL: "https://www.acme.example/shop/", Description: "Shop",
			Locale: "en", Enabled: true, Settings: ringback.Settings{}, CreatedAt: noon, UpdatedAt: noon,
		}
		if err := tx.AddWidget(&c.widget); err != nil {
			return err
		}
		var err error
		if c.anna, err = c.manager(tx, "Anna", "+48500000001"); err != nil {
			return err
		}
		c.jan, err = c.manager(tx, "Jan", "+48500000002")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// manager adds a user who is a manager at the widget.
func (c *company) manager(tx *Tx, name string, tel ringback.Number) (ringback.Manager, error) {
	u := ringback.User{
		AccountID: c.account.ID, ParentID: c.owner.ID, Name: name, Tel: tel, Role: ringback.RoleManager,
		CreatedAt: noon, UpdatedAt: noon,
	}
	if err := tx.AddUser(&u); err != nil {
		return ringback.Manager{}, err
	}
	m := ringback.Manager{
		AccountID: c.account.ID, WidgetID: c.widget.ID, UserID: u.ID, Enabled: true, Hours: ringback.DefaultHours(""), User: u,
	}
	return m, tx.SaveManager(&m)
}

// call is a call that is due at noon, not yet written.
func (c *company) call(to ringback.Number) ringback.Call {
	return ringback.Call{
		AccountID: c.account.ID, WidgetID: c.widget.ID, To: to, Status: ringback.StatusNew, Type: ringback.CallFromWidget,
		DueAt: noon, CreatedAt: noon,
	}
}

// placed writes a call, changed by change.
func (c *company) placed(t *testing.T, to ringback.Number, change func(*ringback.Call)) ringback.Call {
	t.Helper()
	call := c.call(to)
	if change != nil {
		change(&call)
	}
	write(t, c.Store, func(tx *Tx) error { return tx.AddCall(&call) })
	return call
}

// ringing claims a call and writes its next attempt, in which the numbers of managers are to be rung.
func (c *company) ringing(t *testing.T, call *ringback.Call, node string, numbers ...ringback.Number) ringback.Attempt {
	t.Helper()
	call.Attempts++
	call.Status = ringback.StatusRinging
	a := ringback.Attempt{AccountID: call.AccountID, CallID: call.ID, Number: call.Attempts, QueuedAt: noon}
	for i, n := range numbers {
		a.Legs = append(a.Legs, ringback.Leg{Party: ringback.PartyManager, Number: n, Token: fmt.Sprint("token", i)})
	}
	write(t, c.Store, func(tx *Tx) error {
		if err := tx.Claim(call, node); err != nil {
			return err
		}
		return tx.AddAttempt(&a)
	})
	return a
}

// visitor is a telephone number.
func visitor(n int) ringback.Number {
	return ringback.Number(fmt.Sprintf("+4860%07d", n))
}

// during runs the second write between what the first does and its commit, if the first lets it.
func during(t *testing.T, s *Store, first, second func(*Tx) error) {
	t.Helper()
	ended := make(chan error, 1)
	var once sync.Once
	write(t, s, func(tx *Tx) error {
		if err := first(tx); err != nil {
			return err
		}
		once.Do(func() { go func() { ended <- s.Write(context.Background(), second) }() })
		select {
		case err := <-ended:
			ended <- err
		case <-time.After(200 * time.Millisecond): // it waits, as it should
		}
		return nil
	})
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}
