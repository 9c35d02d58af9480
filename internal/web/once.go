package web

import (
	"context"
	"net/http"

	"github.com/ringback-hq/ringback"
)

// Once names a request that may be sent again with the same Idempotency-Key (row E17). The zero value names none.
type Once struct {
	Route, Key string
	BodyHash   []byte
}

type onceKey struct{}

// OnceOf returns how the request of ctx is named.
func OnceOf(ctx context.Context) Once {
	once, _ := ctx.Value(onceKey{}).(Once)
	return once
}

func withOnce(r *http.Request, row Route, t Tree) (context.Context, error) {
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		return r.Context(), nil
	}
	if len(key) > 255 {
		return nil, ringback.Invalidf("", "The Idempotency-Key header must not have more than 255 characters.")
	}
	once := Once{Route: row.Method + " " + row.Path, Key: key, BodyHash: t.Hash()}
	return context.WithValue(r.Context(), onceKey{}, once), nil
}
