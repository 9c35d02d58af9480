package ringback

import "time"

// A Tag is a label that staff put on calls. Its name is unique in the account.
type Tag struct {
	ID, AccountID int64
	Name          string
}

// A Note is what staff wrote about a call.
type Note struct {
	ID, AccountID, CallID int64
	UserID                int64 // who wrote it
	Text                  string
	CreatedAt             time.Time
}
