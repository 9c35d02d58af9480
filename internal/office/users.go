package office

import (
	"context"
	"strings"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/dialplan"
	"github.com/ringback-hq/ringback/internal/store"
)

// NewUser asks for a user.
type NewUser struct {
	Name         string
	Tel          string // as written
	TelExtension string // digits to press after the answer; empty: none
	Email        string // empty: rings only (row U2)
	Role         ringback.Role
}

// CreateUser adds a user to the actor's account and returns their id. Their telephone must be one that the account may
// call: ringing managers costs like any other call.
func (o *Office) CreateUser(ctx context.Context, who ringback.Actor, in NewUser, once Once) (int64, error) {
	if err := rules(who); err != nil {
		return 0, err
	}
	user, err := o.newUser(ctx, who, in)
	if err != nil {
		return 0, err
	}
	return o.once(ctx, who, once, func(tx *store.Tx) (int64, error) {
		owner, err := tx.Owner(who.AccountID)
		if err != nil {
			return 0, err
		}
		user.ParentID = owner.ID
		err = tx.AddUser(&user)
		return user.ID, emailTaken(err)
	})
}

// newUser checks what was asked for.
func (o *Office) newUser(ctx context.Context, who ringback.Actor, in NewUser) (ringback.User, error) {
	user := ringback.User{AccountID: who.AccountID, Name: in.Name, Email: in.Email, TelExtension: in.TelExtension, Role: in.Role}
	account, err := o.Account(ctx, who.AccountID)
	if err != nil {
		return user, err
	}
	if user.Tel, err = dialplan.Parse(in.Tel, account.Country); err != nil {
		return user, err
	}
	if err := dialplan.Check(user.Tel, account.Country); err != nil {
		return user, err
	}
	switch {
	case strings.Trim(in.TelExtension, "0123456789*#,") != "":
		return user, ringback.Invalidf("tel_extension", "The tel_extension field may hold digits, * and #, and commas to wait.")
	case in.Role == "":
		user.Role = ringback.RoleManager
	case in.Role != ringback.RoleAdmin && in.Role != ringback.RoleManager: // row U3
		return user, ringback.Invalidf("role", "The selected role is invalid: it must be one of admin, manager.")
	}
	return user, nil
}
