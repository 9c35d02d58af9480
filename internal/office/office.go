// Package office keeps the company's books: accounts, users, widgets, managers, keys and webhooks, and says who may do what.
package office

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/blob"
	"github.com/ringback-hq/ringback/internal/fetch"
	"github.com/ringback-hq/ringback/internal/store"
	"github.com/ringback-hq/ringback/internal/web"
)

// Config is what an office works with.
type Config struct {
	Store *store.Store
	Fetch *fetch.Client // says which URLs a webhook may have; nil: one that reaches public addresses only
	Log   *slog.Logger  // nil: the default one

	Downloads *fetch.Client // fetches the files of voice messages; nil: one that reaches public addresses only
	Sounds    *blob.Disk    // keeps them; nil: there can be none but built-in ones
}

// Office keeps the books of all accounts.
type Office struct {
	Config
	seen     cache[string, seenKey]
	accounts cache[int64, ringback.Account]
	requests web.Limiter
	reading  chan struct{} // holds one for each file of a stranger that is being read, so that there are few
}

// New returns an office.
func New(c Config) *Office {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Fetch == nil {
		c.Fetch = fetch.New(fetch.Config{Log: c.Log})
	}
	if c.Downloads == nil {
		c.Downloads = fetch.New(fetch.Config{Redirects: MostRedirects, Plain: true, Log: c.Log})
	}
	return &Office{Config: c, reading: make(chan struct{}, mostReading)}
}

// Once names a request that may be sent again: the same key and body get the same answer for a day (row E17). The zero
// value names none.
type Once struct {
	Route, Key string
	BodyHash   []byte
}

// answersLast is how long a repeated request gets the same answer.
const answersLast = 24 * time.Hour

// once makes something in one transaction and returns its id. The request and its answer are kept in the same
// transaction: when it comes again it makes nothing.
func (o *Office) once(ctx context.Context, who ringback.Actor, once Once, do func(*store.Tx) (int64, error)) (int64, error) {
	var id int64
	err := o.Store.Write(ctx, func(tx *store.Tx) error {
		var err error
		if once.Key == "" {
			id, err = do(tx)
			return err
		}
		made, answered, err := once.answer(tx, who)
		if answered || err != nil {
			id = made
			return err
		}
		if id, err = do(tx); err != nil {
			return err
		}
		return once.save(tx, who, id)
	})
	return id, err
}

// answer returns what the same request was answered before.
func (once Once) answer(tx *store.Tx, who ringback.Actor) (id int64, answered bool, err error) {
	a, ok, err := tx.Answer(who.AccountID, once.Route, once.Key)
	switch {
	case err != nil || !ok:
		return 0, false, err
	case time.Since(a.At) > answersLast:
		return 0, false, tx.ForgetAnswers(time.Now().Add(-answersLast))
	case !bytes.Equal(a.BodyHash, once.BodyHash):
		return 0, false, &ringback.Error{
			Kind: ringback.Refused, Code: ringback.CodeKeyReused, Detail: "This Idempotency-Key was used for another request.",
		}
	}
	if err := json.Unmarshal(a.Body, &id); err != nil {
		return 0, false, fmt.Errorf("read the answer of %s: %w", once.Route, err)
	}
	return id, true, nil
}

func (once Once) save(tx *store.Tx, who ringback.Actor, id int64) error {
	body, err := json.Marshal(id)
	if err != nil {
		return err
	}
	return tx.SaveAnswer(who.AccountID, once.Route, once.Key, store.Answer{BodyHash: once.BodyHash, Status: 200, Body: body, At: time.Now()})
}

// Account returns an account, as it was a second ago at most.
func (o *Office) Account(ctx context.Context, id int64) (ringback.Account, error) {
	if a, ok := o.accounts.get(id); ok {
		return a, nil
	}
	var a ringback.Account
	err := o.Store.Read(ctx, func(tx *store.Tx) (err error) {
		a, err = tx.Account(id)
		return err
	})
	if err != nil {
		return a, fmt.Errorf("find account %d: %w", id, err)
	}
	o.accounts.put(id, a)
	return a, nil
}

// rules reports whether the actor may change the books of their account: owners and admins may (API document, "User
// Roles").
func rules(who ringback.Actor) error {
	if who.Role == ringback.RoleOwner || who.Role == ringback.RoleAdmin {
		return nil
	}
	return forbidden("A manager may not do that.")
}

func forbidden(detail string) *ringback.Error {
	return &ringback.Error{Kind: ringback.Forbidden, Code: ringback.CodeForbidden, Detail: detail}
}

// known turns a row that is not there into an error that names the thing.
func known(err error, thing string) error {
	if errors.Is(err, store.ErrNotFound) {
		return ringback.NoSuch(thing)
	}
	return err
}
