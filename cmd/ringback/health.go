package main

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/ringback-hq/ringback/internal/store"
)

// alive answers that the process runs.
func alive(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }

// readiness answers whether new calls can be taken: the store can be written and nobody asked us to stop.
type readiness struct {
	store    *store.Store
	draining atomic.Bool
}

func (r *readiness) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	ctx, cancel := context.WithTimeout(req.Context(), 2*time.Second)
	defer cancel()
	switch {
	case r.draining.Load():
		http.Error(w, "draining", http.StatusServiceUnavailable)
	case r.store.Write(ctx, func(*store.Tx) error { return nil }) != nil:
		http.Error(w, "the database cannot be written", http.StatusServiceUnavailable)
	default:
		fmt.Fprintln(w, "ready")
	}
}
