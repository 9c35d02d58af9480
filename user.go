package ringback

import "time"

// A User is a person with a telephone. With an e-mail address they can log in.
type User struct {
	ID, AccountID int64
	ParentID      int64 // the account's owner; 0 for the owner
	Name          string
	Email         string // empty: rings only
	Tel           Number
	TelExtension  string // digits to press after the answer; empty: none
	Role          Role
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// A Role is what a user may do in their account.
type Role string

// Every role.
const (
	RoleOwner   Role = "owner"   // everything
	RoleAdmin   Role = "admin"   // everything but billing and the owner
	RoleManager Role = "manager" // only their own widgets, calls and recordings
)
