package outbox

import (
	"math/rand/v2"
	"time"

	"github.com/ringback-hq/ringback"
)

// waits is how long each try waits after the one before; the last one is made about 76 hours after the first. The
// beginning is dense because an event is worth most in the first minutes.
var waits = [...]time.Duration{
	0, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// overtakenAfter is how many tries an event that its webhook refuses holds back the later events of its call.
const overtakenAfter = 3

// settle writes how a try ended into its delivery: what it became and when it is due again.
func settle(d *ringback.Delivery, a answer, now time.Time) {
	d.Tries++
	d.LastStatus = a.status
	d.LastError = a.reason
	switch {
	case a.verdict == delivered:
		d.State = ringback.DeliveryDelivered
	case d.Tries >= len(waits):
		d.State = ringback.DeliveryParked
	default:
		d.DueAt = now.Add(max(jitter(waits[d.Tries]), a.after))
	}
}

// jitter makes d up to a fifth shorter or longer, so that what failed together does not come back together.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}
