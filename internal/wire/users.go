package wire

import (
	"github.com/ringback-hq/ringback"
)

// UserRef names a user, by the strongest of the names that are given (row U1): GET users/get, POST users/delete.
type UserRef struct {
	ID    int64  `in:"id,user_id"`
	Email string `in:"email" rule:"max=254"`
}

// UserChange asks for a user to be changed: POST users/update. What is absent stays as it is (rows R14 and U11). An
// e-mail address that stands alone names the user; beside an id it is a new one, and none where it is empty.
type UserChange struct {
	ID           int64   `in:"id,user_id"`
	Name         *string `in:"name" rule:"max=255"`
	Tel          *string `in:"tel" rule:"raw,max=100"`
	TelExtension *string `in:"tel_extension" rule:"max=20"` // ours (row U10)
	Email        *string `in:"email" rule:"email,max=254"`
	Role         string  `in:"role" rule:"oneof=owner admin manager"` // owner: only for who is one
}

// Ref names the user who is to be changed.
func (c UserChange) Ref() UserRef {
	if c.ID == 0 && c.Email != nil {
		return UserRef{Email: *c.Email}
	}
	return UserRef{ID: c.ID}
}

// NewEmail returns the address that the user is to have; nil: the one that they have.
func (c UserChange) NewEmail() *string {
	if c.ID == 0 {
		return nil
	}
	return c.Email
}

// UserRow is a user in the documents of users/all and users/get.
type UserRow struct {
	ID           int64           `json:"id"`
	Name         string          `json:"name"`
	Email        *string         `json:"email"`
	Tel          ringback.Number `json:"tel"`
	TelFormatted string          `json:"tel_formatted"` // national here (row C11)
	TelExtension *string         `json:"tel_extension"`
	LastOnline   *string         `json:"last_online"`
	ParentID     *int64          `json:"parent_id"` // null for the owner
	ActivatedAt  *string         `json:"activated_at"`
	Role         RoleSlug        `json:"role"`
	Avatar       *string         `json:"avatar"`
	CallerID     OwnNumber       `json:"caller_id"`
}

// RoleSlug is a role as answers write it; requests have a plain text (row U4).
type RoleSlug struct {
	Slug ringback.Role `json:"slug"`
}

// OwnNumber says whether a user's number may be shown to visitors (row C12: version 1).
type OwnNumber struct {
	ID          int64   `json:"id"`
	ActivatedAt *string `json:"activated_at"`
	UpdatedAt   *string `json:"updated_at"`
}

// UserOf returns the document of a user.
func UserOf(u ringback.User, s Style) UserRow {
	row := UserRow{
		ID: u.ID, Name: u.Name, Email: filled(u.Email), Tel: u.Tel, TelFormatted: s.National(u.Tel),
		TelExtension: filled(u.TelExtension), ActivatedAt: stamp(u.CreatedAt, s.Zone), Role: RoleSlug{u.Role},
		CallerID: OwnNumber{ID: u.ID, UpdatedAt: stamp(u.UpdatedAt, s.Zone)},
	}
	if u.ParentID != 0 {
		row.ParentID = &u.ParentID
	}
	return row
}

// UsersOf returns the documents of users.
func UsersOf(users []ringback.User, s Style) []UserRow {
	rows := make([]UserRow, len(users))
	for i, u := range users {
		rows[i] = UserOf(u, s)
	}
	return rows
}
