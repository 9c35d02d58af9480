package ringback

import "time"

// A Widget is a button on a website, with the managers who answer there.
type Widget struct {
	ID, AccountID int64
	PublicID      string // 43 characters of base64url, in the install snippet; the wire calls it encrypted_id
	URL           string // of the website
	Description   string
	Locale        string // wire code, one of [Locales]
	Enabled       bool
	SMSName       string // sender of texts; empty: none
	Settings      Settings
	InstalledAt   time.Time // first seen on its site; zero: never
	CreatedAt     time.Time
	UpdatedAt     time.Time
	DeletedAt     time.Time // zero: it is there
}
