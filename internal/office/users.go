package office

import (
	"context"
	"strings"
	"time"

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

// A UserRef names a user, by an id or else by an e-mail address in whatever case (row R15).
type UserRef struct {
	ID    int64
	Email string
}

// A UserChange says what is to change about a user; nil and an empty role: that stays as it is (row R14).
type UserChange struct {
	Name, Tel, TelExtension, Email *string
	Role                           ringback.Role
}

// CreateUser adds a user to the actor's account and returns their id. Their telephone must be one that the account may
// call: ringing managers costs like any other call.
func (o *Office) CreateUser(ctx context.Context, who ringback.Actor, in NewUser, once Once) (int64, error) {
	if err := overAccount(who); err != nil {
		return 0, err
	}
	user := ringback.User{AccountID: who.AccountID, Role: ringback.RoleManager}
	change, err := o.checked(ctx, who, UserChange{Name: &in.Name, Tel: &in.Tel, TelExtension: &in.TelExtension, Email: &in.Email, Role: in.Role})
	if err != nil {
		return 0, err
	}
	if err := change.apply(&user); err != nil {
		return 0, err
	}
	return o.once(ctx, who, once, func(tx *store.Tx) (int64, error) {
		owner, err := tx.Owner(who.AccountID)
		if err != nil {
			return 0, err
		}
		if err := seat(tx, who.AccountID, "", user.Email); err != nil {
			return 0, err
		}
		user.ParentID = owner.ID
		err = tx.AddUser(&user)
		return user.ID, emailTaken(err)
	})
}

// Users returns users of the actor's account, at most limit after the first offset, and how many there are. A manager
// sees only themselves (row S3).
func (o *Office) Users(ctx context.Context, who ringback.Actor, limit, offset int) (users []ringback.User, count int, err error) {
	if overAccount(who) != nil {
		self, err := o.User(ctx, who, UserRef{ID: who.UserID})
		if err != nil || offset > 0 {
			return nil, 1, err
		}
		return []ringback.User{self}, 1, nil
	}
	err = o.Store.Read(ctx, func(tx *store.Tx) (err error) {
		users, count, err = tx.Users(who.AccountID, limit, offset)
		return err
	})
	return users, count, err
}

// User returns one user of the actor's account.
func (o *Office) User(ctx context.Context, who ringback.Actor, ref UserRef) (u ringback.User, err error) {
	err = o.Store.Read(ctx, func(tx *store.Tx) (err error) {
		u, err = user(tx, who, ref)
		return err
	})
	if err == nil && u.ID != who.UserID {
		err = overAccount(who)
	}
	if err != nil {
		return ringback.User{}, err
	}
	return u, nil
}

// UpdateUser changes a user and returns their id. Only the owner changes the owner (row U7).
func (o *Office) UpdateUser(ctx context.Context, who ringback.Actor, ref UserRef, change UserChange) (int64, error) {
	if err := overAccount(who); err != nil {
		return 0, err
	}
	change, err := o.checked(ctx, who, change)
	if err != nil {
		return 0, err
	}
	var id int64
	err = o.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.LockStaff(who.AccountID); err != nil {
			return err
		}
		u, err := user(tx, who, ref)
		if err != nil {
			return err
		}
		if u.Role == ringback.RoleOwner && who.Role != ringback.RoleOwner {
			return forbidden("Only the owner may change the owner.")
		}
		before := u.Email
		if err := change.apply(&u); err != nil {
			return err
		}
		if err := seat(tx, who.AccountID, before, u.Email); err != nil {
			return err
		}
		id, u.UpdatedAt = u.ID, time.Now()
		return emailTaken(tx.SaveUser(u))
	})
	return id, err
}

// DeleteUser removes a user, with the managers that they are. Neither the owner nor the actor can be removed (row U8).
func (o *Office) DeleteUser(ctx context.Context, who ringback.Actor, ref UserRef) error {
	if err := overAccount(who); err != nil {
		return err
	}
	return o.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.LockStaff(who.AccountID); err != nil {
			return err
		}
		u, err := user(tx, who, ref)
		switch {
		case err != nil:
			return err
		case u.Role == ringback.RoleOwner:
			return forbidden("The owner cannot be removed.")
		case u.ID == who.UserID:
			return forbidden("Nobody can remove themselves.")
		}
		return known(tx.DeleteUser(who.AccountID, u.ID, time.Now()), "user")
	})
}

// user finds a user of the actor's account.
func user(tx *store.Tx, who ringback.Actor, ref UserRef) (u ringback.User, err error) {
	switch {
	case ref.ID != 0:
		u, err = tx.User(who.AccountID, ref.ID)
	case ref.Email != "":
		u, err = tx.UserByEmail(who.AccountID, ref.Email)
	default:
		return u, ringback.Invalidf("id", "The id field is required.")
	}
	return u, known(err, "user")
}

// checked returns the change with the telephone in E.164, once all that needs no user is in order.
func (o *Office) checked(ctx context.Context, who ringback.Actor, c UserChange) (UserChange, error) {
	switch {
	case c.Name != nil && *c.Name == "":
		return c, ringback.Invalidf("name", "The name field must not be empty.")
	case c.TelExtension != nil && strings.Trim(*c.TelExtension, "0123456789*#,") != "":
		return c, ringback.Invalidf("tel_extension", "The tel_extension field may hold digits, * and #, and commas to wait.")
	case c.Tel == nil:
		return c, nil
	}
	account, err := o.Account(ctx, who.AccountID)
	if err != nil {
		return c, err
	}
	tel, err := dialplan.Parse(*c.Tel, account.Country)
	if err != nil {
		return c, err
	}
	e164 := string(tel)
	c.Tel = &e164
	return c, dialplan.Check(tel, account.Country)
}

// apply makes a change that was checked.
func (c UserChange) apply(u *ringback.User) error {
	owner := u.Role == ringback.RoleOwner
	switch {
	case owner && c.Email != nil && *c.Email == "":
		return ringback.Invalidf("email", "The owner needs an e-mail address.")
	case owner && c.Role != "" && c.Role != ringback.RoleOwner:
		return forbidden("The owner stays the owner.")
	case !owner && c.Role != "" && c.Role != ringback.RoleAdmin && c.Role != ringback.RoleManager: // row U3
		return ringback.Invalidf("role", "The selected role is invalid: it must be one of admin, manager.")
	}
	set(&u.Name, c.Name)
	set(&u.Email, c.Email)
	set(&u.TelExtension, c.TelExtension)
	if c.Tel != nil {
		u.Tel = ringback.Number(*c.Tel)
	}
	if c.Role != "" {
		u.Role = c.Role
	}
	return nil
}

func set(to, text *string) {
	if text != nil {
		*to = *text
	}
}

// seat says, as an error, that the account has no seat for a user who gets an e-mail address.
func seat(tx *store.Tx, accountID int64, before, after string) error {
	if before != "" || after == "" {
		return nil
	}
	if err := tx.LockStaff(accountID); err != nil {
		return err
	}
	account, err := tx.Account(accountID)
	if err != nil || account.Seats == 0 {
		return err
	}
	taken, err := tx.SeatsTaken(accountID)
	if err != nil || taken < account.Seats {
		return err
	}
	return &ringback.Error{
		Kind: ringback.Refused, Code: ringback.CodePricing, Field: "email",
		Detail: "No seat is left for one more user with an e-mail address. Users without one need no seat.",
	}
}
