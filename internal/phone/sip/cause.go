package sip

import "fmt"

// Kind is one of the ways a leg can end; every leg ends in exactly one of them.
type Kind int

// The ways a leg can end. The codes are SIP status codes (RFC 3261 section 21).
const (
	Failed      Kind = iota // any other refusal: 3xx, 400, 488 and the like
	Busy                    // 486, 600
	NoAnswer                // 480, 487, 408 after ringing, or it rang for too long
	Declined                // 603, 607, 608, or 403 after ringing
	Unreachable             // 404, 410, 484, 604: there is no such number
	Forbidden               // 403, or 401 and 407 that our password does not satisfy
	TrunkDown               // 5xx, 408 without ringing, no answer at all: on every trunk that was tried
	Cancelled               // we hung up before it was answered
	HungUp                  // the other side hung up after it had answered
	Local                   // we hung up after it had been answered
	Stale                   // Invite.SendBy had passed, so an INVITE was not sent
)

var kindNames = [...]string{
	Failed: "failed", Busy: "busy", NoAnswer: "no-answer", Declined: "declined", Unreachable: "unreachable", Forbidden: "forbidden",
	TrunkDown: "trunk-down", Cancelled: "cancelled", HungUp: "hung-up", Local: "local", Stale: "stale",
}

// String is the kind in lower case, for logs.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("kind %d", int(k))
	}
	return kindNames[k]
}

// Cause says how a leg ended.
type Cause struct {
	Kind   Kind
	Code   int    // the SIP status that ended it, 0 if none did
	Reason string // the peer's phrase or ours, for people; never parse it
}

// String is the cause for logs: "busy 486 Busy Here".
func (c Cause) String() string {
	if c.Code == 0 {
		return fmt.Sprintf("%s %s", c.Kind, c.Reason)
	}
	return fmt.Sprintf("%s %d %s", c.Kind, c.Code, c.Reason)
}

// refusals are the codes whose meaning does not depend on whether the telephone rang.
var refusals = map[int]Kind{
	401: Forbidden, 407: Forbidden,
	404: Unreachable, 410: Unreachable, 484: Unreachable, 604: Unreachable,
	480: NoAnswer, 487: NoAnswer,
	486: Busy, 600: Busy,
	603: Declined, 607: Declined, 608: Declined,
}

// causeOf reads a final answer of 300 or more; rang says whether a provisional one other than 100 came before it.
func causeOf(code int, phrase string, rang bool) Cause {
	c := Cause{Kind: refusals[code], Code: code, Reason: clean(phrase)}
	switch {
	case code == 408 && rang:
		c.Kind = NoAnswer
	case code == 408, code >= 500 && code < 600:
		c.Kind = TrunkDown
	case code == 403 && rang:
		c.Kind = Declined
	case code == 403:
		c.Kind = Forbidden
	}
	return c
}
