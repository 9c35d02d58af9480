package ringback

import "time"

// A Limit is one row of the limits table: what is counted, in which time, and what happens beyond it.
type Limit struct {
	Name  string
	Count int
	Per   time.Duration // 0: at the same time
	Does  LimitAction
}

// A LimitAction is what happens beyond a [Limit].
type LimitAction string

// The actions. Whatever only concerns capacity delays; it never refuses.
const (
	Refuses LimitAction = "refuses"
	Delays  LimitAction = "delays"
)

// The limits that ship. An account with LimitsOff has none of them.
var (
	LimitDialsAnHour  = Limit{"dials of one visitor's number in an hour", 3, time.Hour, Refuses}
	LimitDialsADay    = Limit{"dials of one visitor's number in a day", 5, 24 * time.Hour, Refuses}
	LimitLiveCalls    = Limit{"calls of an account at the same time", 10, 0, Delays}
	LimitOrdersPerKey = Limit{"calls ordered with one key in a minute", 60, time.Minute, Refuses}
	LimitOrdersPublic = Limit{"calls ordered with one publishable key in a minute", 10, time.Minute, Refuses}
	LimitRequests     = Limit{"requests with one key in a minute", 600, time.Minute, Refuses}
)

// Limits lists every limit.
var Limits = []Limit{LimitDialsAnHour, LimitDialsADay, LimitLiveCalls, LimitOrdersPerKey, LimitOrdersPublic, LimitRequests}
