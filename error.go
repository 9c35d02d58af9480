package ringback

import (
	"errors"
	"fmt"
)

// A Kind says what sort of failure an [Error] is; each door turns it into its own status code.
type Kind int

// The kinds of failure.
const (
	Internal     Kind = iota // ours; the caller sees no details
	Invalid                  // the caller sent something that cannot be right
	Refused                  // understood, and not allowed for this number, widget or moment
	Unauthorized             // nobody we know
	Forbidden                // known, and may not
	NotFound                 // it is not there, or not the caller's to see
	Limited                  // too often; later it may go
	Unavailable              // the server cannot take it now; later it may go
)

// Error is a failure that the caller may read. Every other error counts as [Internal].
type Error struct {
	Kind   Kind
	Code   string // stable and kebab-case, one of the constants below
	Detail string // one sentence for a person
	Field  string // the input that it is about, where there is one
}

// Error returns the sentence for a person.
func (e *Error) Error() string { return e.Detail }

// The codes of an [Error]. The first block is known to existing clients of the CallPage API.
const (
	CodeNoManagers        = "no-managers-available"
	CodeUntrustedDomain   = "untrusted-domain"
	CodeForbiddenCountry  = "forbidden-country"
	CodeMissingRequest    = "missing-request"
	CodeDisabledWidget    = "disabled-widget"
	CodeBlacklistedNumber = "blacklisted-phone-number"
	CodePricing           = "pricing-error"
	CodeTooManyCalls      = "calls-amount-exceeded"
	CodeCallInProgress    = "calls-in-progress"

	CodeUnauthorized     = "unauthorized"
	CodeForbidden        = "forbidden"
	CodeNotFound         = "not-found"
	CodeInvalid          = "validation-failed"
	CodeInvalidJSON      = "invalid-json"
	CodeTooLarge         = "request-too-large"
	CodeMethodNotAllowed = "method-not-allowed"
	CodeRateLimited      = "rate-limited"
	CodeInternal         = "internal-error"
	CodeMaintenance      = "maintenance"
	CodeInvalidNumber    = "invalid-phone-number"
	CodeEmailTaken       = "email-taken"
	CodeKeyReused        = "idempotency-key-reused"
	CodeForbiddenURL     = "forbidden-url"
	CodeInvalidFile      = "invalid-file"
	CodeNotCustomized    = "not-customized"
)

// Invalidf returns an [Invalid] error about one field of the input, with the code [CodeInvalid].
func Invalidf(field, format string, args ...any) *Error {
	return &Error{Kind: Invalid, Code: CodeInvalid, Field: field, Detail: fmt.Sprintf(format, args...)}
}

// NoSuch returns a [NotFound] error: no such thing, a noun in lower case.
func NoSuch(thing string) *Error {
	return &Error{Kind: NotFound, Code: CodeNotFound, Detail: "There is no such " + thing + "."}
}

// KindOf returns the kind of err, or [Internal] where err is not an [Error].
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}
