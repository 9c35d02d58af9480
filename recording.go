package ringback

import "time"

// A Recording is what was heard in one talk: the manager on the left channel, the visitor on the right.
type Recording struct {
	ID, AccountID, CallID int64
	Name                  string // of the file, unguessable
	Duration              time.Duration
	CreatedAt             time.Time
}
