package sandbox

import (
	"net/url"
	"strings"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"github.com/ringback-hq/ringback"
)

// behaviour is what a telephone does. The zero value rings for a while, answers and plays a tone.
type behaviour struct {
	refuse int           // the network's final answer, without ringing
	rings  time.Duration // zero is Config.RingFor
	never  bool          // rings and never answers
	denies int           // the final answer after ringing
	leaves bool          // hangs up at once
	sound  sound
	press  byte // the key that it presses
	early  bool // the network says something before the answer
}

// behaviours by the last four digits of a number; docs/sandbox.md is this table for integrators.
func behaviours(t timing) map[string]behaviour {
	return map[string]behaviour{
		"9001": {refuse: gosip.StatusBusyHere},
		"9002": {never: true},
		"9003": {denies: gosip.StatusGlobalDecline},
		"9004": {refuse: gosip.StatusNotFound},
		"9005": {leaves: true},
		"9006": {sound: voicemail},
		"9007": {sound: silence},
		"9008": {rings: t.slow},
		"9009": {refuse: gosip.StatusServiceUnavailable},
		"9010": {press: '1'},
		"9011": {rings: t.early, early: true},
	}
}

// maxNumber is more than any number has (ITU-T E.164: 15 digits).
const maxNumber = 32

// numberOf reads the called number out of the request line: "+48500100200", or whatever else is there.
func numberOf(uri *gosip.Uri) ringback.Number {
	user, _, _ := strings.Cut(uri.User, ";") // tel parameters, RFC 3261 section 19.1.6
	if plain, err := url.PathUnescape(user); err == nil {
		user = plain
	}
	return ringback.Number(strings.Clone(clean(user, maxNumber)))
}

// last4 returns the last four digits of a number, or fewer if it has no more.
func last4(n ringback.Number) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, string(n))
	return digits[max(0, len(digits)-4):]
}

// clean drops what has no place in a header, a log or a journal, and shortens the rest to limit bytes.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), limit)]
}
