package main

import (
	"fmt"
	"net/http"
)

// alive answers that the process runs.
func alive(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }

// ready answers whether new calls can be taken: the store can be written and nobody asked us to stop.
func (s *server) ready(w http.ResponseWriter, _ *http.Request) {
	switch {
	case s.draining.Load():
		http.Error(w, "draining", http.StatusServiceUnavailable)
	case s.store.Ready() != nil:
		http.Error(w, "the database cannot be written", http.StatusServiceUnavailable)
	default:
		fmt.Fprintln(w, "ready")
	}
}
