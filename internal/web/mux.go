package web

import (
	"cmp"
	"fmt"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/ringback-hq/ringback"
)

// Handler serves the routes under each of the prefixes, such as "/api/v1/external/". Whatever has no route is answered
// in the door's own form, and so is a panic.
func (d *Door) Handler(prefixes []string, routes []Route) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", http.HandlerFunc(d.noRoute))
	for path, methods := range byPath(routes) {
		h := d.methods(methods)
		for _, prefix := range prefixes {
			mux.Handle(cmp.Or(strings.TrimSuffix(prefix+path, "/"), "/{$}"), h)
		}
	}
	return d.Around(mux)
}

// Around adds what every answer of the door has: a request id, a line in the log, and no panic that leaves it. A slash
// at the end of a path and doubled ones do not matter (row E15).
func (d *Door) Around(next http.Handler) http.Handler {
	return Tidy(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := &writer{ResponseWriter: w}
		r = d.begin(out, r)
		defer d.end(r)
		defer func() {
			if p := recover(); p != nil {
				d.Deny(out, r, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			}
		}()
		next.ServeHTTP(out, r)
	}))
}

// noRoute answers that there is nothing at this address.
func (d *Door) noRoute(w http.ResponseWriter, r *http.Request) {
	d.Deny(w, r, &ringback.Error{
		Kind: ringback.NotFound, Code: ringback.CodeNotFound, Detail: "There is nothing at this address.",
	})
}

// byPath groups the routes by path, so that a method that has none gets an answer in the door's own form.
func byPath(routes []Route) map[string]map[string]Route {
	paths := map[string]map[string]Route{}
	for _, row := range routes {
		if paths[row.Path] == nil {
			paths[row.Path] = map[string]Route{}
		}
		paths[row.Path][row.Method] = row
	}
	return paths
}

// methods serves the routes of one path. HEAD is GET without the body (row E15).
func (d *Door) methods(rows map[string]Route) http.Handler {
	handlers := map[string]http.Handler{}
	var allow []string
	for method, row := range rows {
		handlers[method] = d.handle(row)
		allow = append(allow, method)
	}
	if get, ok := handlers[http.MethodGet]; ok {
		handlers[http.MethodHead] = get
		allow = append(allow, http.MethodHead)
	}
	slices.Sort(allow)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, ok := handlers[r.Method]; ok {
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Allow", strings.Join(allow, ", "))
		d.Deny(w, r, &ringback.Error{
			Kind: ringback.Invalid, Code: ringback.CodeMethodNotAllowed,
			Detail: "This address knows only " + strings.Join(allow, ", ") + ".",
		})
	})
}

// Tidy gives next requests with a clean path: [http.ServeMux] would answer others with a redirect, which loses the body
// of a POST.
func Tidy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, tidy(r)) })
}

func tidy(r *http.Request) *http.Request {
	clean := path.Clean("/" + r.URL.Path)
	if clean == r.URL.Path {
		return r
	}
	tidied := *r
	u := *r.URL
	u.Path, u.RawPath = clean, ""
	tidied.URL = &u
	return &tidied
}

// usualHeaders are what a page may send where its browser does not ask for more.
const usualHeaders = "Accept, Authorization, Content-Type, Idempotency-Key"

// CORS lets pages of any site read the answers of next, without credentials (row R16). A preflight gets 204.
func CORS(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-Request-Id")
		if r.Method != http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PATCH, PUT, DELETE, OPTIONS")
		h.Set("Access-Control-Allow-Headers", cmp.Or(r.Header.Get("Access-Control-Request-Headers"), usualHeaders))
		h.Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusNoContent)
	})
}
