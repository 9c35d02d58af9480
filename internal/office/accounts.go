package office

import (
	"context"
	"errors"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/dialplan"
	"github.com/ringback-hq/ringback/internal/store"
	"github.com/ringback-hq/ringback/internal/web"
)

// NewAccount asks for an account with its owner and a key.
type NewAccount struct {
	Company     string
	Name, Email string // of the owner
	Tel         string // of the owner, with "+" and the code of the country, which becomes the account's
	Zone        string // IANA; empty: UTC (row C10)
	Seats       int    // how many of its users may have an e-mail address, the owner too; 0: any number
	LimitsOff   bool
}

// Founded is a new account.
type Founded struct {
	Account ringback.Account
	Owner   ringback.User
	Key     string // the owner's first key, with every scope; it cannot be shown again
}

// CreateAccount founds an account.
func (o *Office) CreateAccount(ctx context.Context, in NewAccount) (Founded, error) {
	tel, err := dialplan.Parse(in.Tel, "")
	if err != nil {
		return Founded{}, err
	}
	if !web.IsEmail(in.Email) {
		return Founded{}, ringback.Invalidf("email", "The owner needs a valid e-mail address.")
	}
	if in.Seats < 0 {
		return Founded{}, ringback.Invalidf("seats", "An account has no seats below zero.")
	}
	country := dialplan.Country(tel)
	if err := dialplan.Check(tel, country); err != nil {
		return Founded{}, err
	}
	if in.Zone == "" {
		in.Zone = "UTC"
	}
	if _, err := time.LoadLocation(in.Zone); err != nil {
		return Founded{}, ringback.Invalidf("zone", "The time zone %q is not known.", in.Zone)
	}
	f := Founded{
		Account: ringback.Account{Company: in.Company, Country: country, Zone: in.Zone, Seats: in.Seats, LimitsOff: in.LimitsOff},
		Owner:   ringback.User{Name: in.Name, Email: in.Email, Tel: tel, Role: ringback.RoleOwner},
	}
	err = o.Store.Write(ctx, func(tx *store.Tx) error { return f.add(tx) })
	return f, err
}

func (f *Founded) add(tx *store.Tx) error {
	if err := tx.AddAccount(&f.Account); err != nil {
		return err
	}
	f.Owner.AccountID = f.Account.ID
	if err := tx.AddUser(&f.Owner); err != nil {
		return emailTaken(err)
	}
	key, err := addKey(tx, NewKey{AccountID: f.Account.ID, UserID: f.Owner.ID, Name: "First key"})
	f.Key = key
	return err
}

// emailTaken says that somebody has the e-mail address already (row U5).
func emailTaken(err error) error {
	if !errors.Is(err, store.ErrTaken) {
		return err
	}
	return &ringback.Error{
		Kind: ringback.Refused, Code: ringback.CodeEmailTaken, Field: "email", Detail: "Somebody has this e-mail address already.",
	}
}
