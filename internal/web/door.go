// Package web provides what the doors share: typed endpoints, reading whatever clients send, errors, limits, the log.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"
	"time"

	"github.com/ringback-hq/ringback"
)

// A Func does the work of one endpoint. It knows nothing of HTTP.
type Func[In, Out any] func(ctx context.Context, who ringback.Actor, in In) (Out, error)

// A Door is how one audience identifies itself, is answered and is told no.
type Door struct {
	Who   func(w http.ResponseWriter, r *http.Request) (ringback.Actor, error)
	Write func(w http.ResponseWriter, r *http.Request, status int, out any)
	Fail  func(w http.ResponseWriter, r *http.Request, f Failure)
	Log   *slog.Logger // nil: the default one
}

// A Route is one endpoint of a door: the mux, the rights and the documents come from its rows.
type Route struct {
	Method, Path string           // the path without a slash in front
	AnyOf        []ringback.Scope // one of them suffices; none: the role decides
	Status       int              // of the answer; 0: 200
	Summary      string
	Do           Endpoint
}

// An Endpoint is a [Func] whose types can be asked for.
type Endpoint struct {
	In, Out reflect.Type
	serve   func(ctx context.Context, who ringback.Actor, t Tree) (any, error)
}

// Do makes an endpoint of f.
func Do[In, Out any](f Func[In, Out]) Endpoint {
	return Endpoint{reflect.TypeFor[In](), reflect.TypeFor[Out](), func(ctx context.Context, who ringback.Actor, t Tree) (any, error) {
		var in In
		if err := t.Into(&in); err != nil {
			return nil, err
		}
		return f(ctx, who, in)
	}}
}

// patience is how long an answer may take.
const patience = 30 * time.Second

// handle serves one route.
func (d *Door) handle(row Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		out, err := d.answer(w, r.WithContext(ctx), row)
		if err != nil {
			d.Deny(w, r, err)
			return
		}
		d.Write(w, r, max(row.Status, http.StatusOK), out)
	})
}

func (d *Door) answer(w http.ResponseWriter, r *http.Request, row Route) (any, error) {
	who, err := d.Who(w, r)
	if err != nil {
		return nil, err
	}
	factsOf(r.Context()).who = who
	if !who.May(row.AnyOf...) {
		return nil, &ringback.Error{
			Kind: ringback.Forbidden, Code: ringback.CodeForbidden, Detail: "This key may not do that: it lacks the scope.",
		}
	}
	tree, err := ReadTree(r)
	if err != nil {
		return nil, err
	}
	ctx, err := withOnce(r, row, tree)
	if err != nil {
		return nil, err
	}
	return row.Do.serve(ctx, who, tree)
}
