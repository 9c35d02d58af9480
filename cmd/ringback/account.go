package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/store"
)

type accountCmd struct {
	Create accountCreateCmd `cmd:"" help:"Make an account with its owner and an API key."`
}

type accountCreateCmd struct {
	base
	Company string `help:"Name of the company." required:""`
	Name    string `help:"Name of the owner." required:""`
	Email   string `help:"E-mail address of the owner." required:""`
	Tel     string `help:"Telephone number of the owner, with the country code. Its country is the one that may be called." required:""`
	Seats   int    `help:"How many users may have an e-mail address; any number by default." default:"0"`
	Limits  string `help:"Whether the guards against abuse act: on or off (for benches and tests)." enum:"on,off" default:"on"`
	JSON    bool   `name:"json" help:"Print only JSON."`
}

// Run makes the account. The key is shown here and never again.
func (c *accountCreateCmd) Run(ctx context.Context, o *outputs) error {
	log := c.logger(o)
	st, err := c.open(ctx, log, false)
	if err != nil {
		return err
	}
	defer closeQuietly(st)
	made, err := office.New(office.Config{Store: st, Log: log}).CreateAccount(ctx, office.NewAccount{
		Company: c.Company, Name: c.Name, Email: c.Email, Tel: c.Tel, Seats: c.Seats, LimitsOff: c.Limits == "off",
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(o.out).Encode(map[string]any{
			"account_id": made.Account.ID, "user_id": made.Owner.ID, "api_key": made.Key,
		})
	}
	_, err = fmt.Fprintf(o.out, "account %d of %s, owner %d\nAPI key, shown only now: %s\n", made.Account.ID, c.Company, made.Owner.ID, made.Key)
	return err
}

type keyCmd struct {
	Create keyCreateCmd `cmd:"" help:"Make an API key for a user."`
}

type keyCreateCmd struct {
	base
	User   string   `help:"E-mail address of the user whose rights the key has." required:""`
	Name   string   `help:"What the key is for." default:"API"`
	Scopes []string `help:"What it may do; everything by default." placeholder:"widgets.call"`

	Widgets     []int64  `help:"The only widgets that it reaches; all by default." placeholder:"ID"`
	Publishable bool     `help:"It may stand in a public page: it only orders calls, at its one widget, from its origins."`
	Origins     []string `help:"The sites on which a publishable key may stand." placeholder:"https://example.com"`

	JSON bool `name:"json" help:"Print only JSON."`
}

// Run makes the key. It is shown here and never again.
func (c *keyCreateCmd) Run(ctx context.Context, o *outputs) error {
	log := c.logger(o)
	st, err := c.open(ctx, log, false)
	if err != nil {
		return err
	}
	defer closeQuietly(st)
	var user ringback.User
	err = st.Read(ctx, func(tx *store.Tx) error {
		user, err = tx.UserWithEmail(c.User)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("there is no user with the address %s", c.User)
	}
	if err != nil {
		return err
	}
	key, err := office.New(office.Config{Store: st, Log: log}).CreateKey(ctx, office.NewKey{
		AccountID: user.AccountID, UserID: user.ID, Name: c.Name, Scopes: scopes(c.Scopes),
		Widgets: c.Widgets, Publishable: c.Publishable, Origins: c.Origins,
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(o.out).Encode(map[string]any{"api_key": key})
	}
	_, err = fmt.Fprintln(o.out, key)
	return err
}

func scopes(names []string) []ringback.Scope {
	var list []ringback.Scope
	for _, n := range names {
		list = append(list, ringback.Scope(n))
	}
	return list
}
