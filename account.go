package ringback

import "time"

// An Account is one customer of this installation; it owns all that follows.
type Account struct {
	ID          int64
	Company     string // its display name
	Country     string // ISO 3166 alpha-2; the only country that is dialled unless more are allowed
	Zone        string // IANA time zone of its times on the wire
	Seats       int    // how many of its users may have an e-mail address; 0: any number
	NewestFirst bool   // the order of its history on the wire, where the client names none
	LimitsOff   bool   // no guard but the country and the kind of number, for benches and tests
	CreatedAt   time.Time
}
