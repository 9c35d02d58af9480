package web

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"time"

	"github.com/ringback-hq/ringback"
)

// facts is what becomes known of a request while it is served.
type facts struct {
	id    string
	start time.Time
	who   ringback.Actor
	code  string // of the failure; empty: none
	out   *writer
}

type factsKey struct{}

// factsOf returns the facts of the request of ctx.
func factsOf(ctx context.Context) *facts {
	if f, ok := ctx.Value(factsKey{}).(*facts); ok {
		return f
	}
	return &facts{}
}

// RequestID returns the id under which the log knows the request of ctx.
func RequestID(ctx context.Context) string { return factsOf(ctx).id }

// wrote reports whether the answer has begun.
func (f *facts) wrote() bool { return f.out != nil && f.out.status != 0 }

func (d *Door) begin(out *writer, r *http.Request) *http.Request {
	f := &facts{id: "req_" + rand.Text(), start: time.Now(), out: out}
	h := out.Header()
	h.Set("X-Request-Id", f.id)
	h.Set("X-Content-Type-Options", "nosniff")
	return r.WithContext(context.WithValue(r.Context(), factsKey{}, f))
}

// end writes the line of the request: its route rather than its address, which may hold a number or a signature.
func (d *Door) end(r *http.Request) {
	f := factsOf(r.Context())
	level := slog.LevelDebug
	switch {
	case f.out.status >= http.StatusInternalServerError:
		level = slog.LevelWarn
	case f.out.status >= http.StatusBadRequest:
		level = slog.LevelInfo
	}
	d.log().LogAttrs(r.Context(), level, "request",
		slog.String("request_id", f.id), slog.String("method", r.Method), slog.String("route", r.Pattern),
		slog.Int("status", f.out.status), slog.String("code", f.code), slog.Int64("bytes", f.out.bytes),
		slog.Duration("took", time.Since(f.start)), slog.Int64("account_id", f.who.AccountID), slog.String("key_id", f.who.KeyID),
	)
}

// A writer notes what was answered.
type writer struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// Unwrap serves [http.ResponseController].
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader notes the status.
func (w *writer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write notes how much was written.
func (w *writer) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}
