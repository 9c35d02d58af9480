package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ringback-hq/ringback"
)

// FieldErrors is all that is wrong with one input. Each is a [*ringback.Error]; the first speaks for all.
type FieldErrors []error

// Error returns the sentences of all problems.
func (p FieldErrors) Error() string {
	var details []string
	for _, err := range p {
		details = append(details, err.Error())
	}
	return strings.Join(details, " ")
}

// Unwrap returns the problems.
func (p FieldErrors) Unwrap() []error { return p }

// limitError is a [ringback.Limited] error that knows when to come back.
type limitError struct {
	limit ringback.Limit
	after time.Duration
}

// Error returns a sentence for the log.
func (t *limitError) Error() string { return "more than the limit: " + t.limit.Name }

// Unwrap returns what the caller may read.
func (t *limitError) Unwrap() error {
	return &ringback.Error{
		Kind: ringback.Limited, Code: ringback.CodeRateLimited,
		Detail: fmt.Sprintf("Too many requests: there may be %d in %.0f seconds.", t.limit.Count, t.limit.Per.Seconds()),
	}
}

// A Failure is what a caller is told when something went wrong.
type Failure struct {
	Status    int // of HTTP
	Code      string
	Detail    string
	Field     string // the first that is wrong; empty: none
	Fields    map[string][]string
	RequestID string
}

// statuses are the HTTP statuses of the kinds of failure; those of the API document, and 429.
var statuses = map[ringback.Kind]int{
	ringback.Internal:     http.StatusInternalServerError,
	ringback.Invalid:      http.StatusUnprocessableEntity,
	ringback.Refused:      http.StatusUnprocessableEntity,
	ringback.Unauthorized: http.StatusUnauthorized,
	ringback.Forbidden:    http.StatusForbidden,
	ringback.NotFound:     http.StatusNotFound,
	ringback.Limited:      http.StatusTooManyRequests,
	ringback.Unavailable:  http.StatusServiceUnavailable,
}

// codeStatuses are the statuses of the codes that say more than their kind (row E11).
var codeStatuses = map[string]int{
	ringback.CodeTooLarge:         http.StatusRequestEntityTooLarge,
	ringback.CodeMethodNotAllowed: http.StatusMethodNotAllowed,
}

// internal is all that a caller hears of an error that is ours.
var internal = &ringback.Error{Code: ringback.CodeInternal, Detail: "Something went wrong on our side."}

// busy is what a caller hears when the answer took too long.
var busy = &ringback.Error{
	Kind: ringback.Unavailable, Code: ringback.CodeMaintenance, Detail: "The server is busy. Please try again later.",
}

// failureOf returns what the caller may know of err. Whatever is not a [*ringback.Error] is ours.
func failureOf(err error) Failure {
	e, ok := errors.AsType[*ringback.Error](err)
	switch {
	case ok && e.Kind != ringback.Internal:
	case errors.Is(err, context.DeadlineExceeded):
		e = busy
	default:
		e = internal
	}
	status, ok := codeStatuses[e.Code]
	if !ok {
		status = statuses[e.Kind]
	}
	return Failure{Status: status, Code: e.Code, Detail: e.Detail, Field: e.Field, Fields: fieldsOf(err, e)}
}

// fieldsOf returns the sentences about each field.
func fieldsOf(err error, first *ringback.Error) map[string][]string {
	all, ok := errors.AsType[FieldErrors](err)
	if !ok {
		all = FieldErrors{first}
	}
	fields := map[string][]string{}
	for _, err := range all {
		if e, ok := errors.AsType[*ringback.Error](err); ok && e.Field != "" {
			fields[e.Field] = append(fields[e.Field], e.Detail)
		}
	}
	return fields
}

// Deny tells the caller what went wrong, in the door's own form, and the log what is ours.
func (d *Door) Deny(w http.ResponseWriter, r *http.Request, err error) {
	facts := factsOf(r.Context())
	f := failureOf(err)
	f.RequestID = facts.id
	facts.code = f.Code
	if f.Code == ringback.CodeInternal && r.Context().Err() == nil {
		d.log().ErrorContext(r.Context(), "a request failed", "request_id", facts.id, "err", err)
	}
	if facts.wrote() {
		return // the answer had begun: nothing can be added to it
	}
	h := w.Header()
	switch f.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(retryAfter(err)))
	}
	d.Fail(w, r, f)
}

// retryAfter is when to come back, in seconds.
func retryAfter(err error) int {
	if limited, ok := errors.AsType[*limitError](err); ok {
		return int(max(limited.after, time.Second).Round(time.Second) / time.Second)
	}
	return 5
}

func (d *Door) log() *slog.Logger {
	if d.Log == nil {
		return slog.Default()
	}
	return d.Log
}
