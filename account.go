package ringback

import "time"

// An Account is one customer of this installation; it owns all that follows.
type Account struct {
	ID        int64
	Company   string // its display name
	Country   string // ISO 3166 alpha-2; the only country that is dialled unless more are allowed
	Zone      string // IANA time zone of its times on the wire
	LimitsOff bool   // no guard but the country and the kind of number, for benches and tests
	CreatedAt time.Time
}
