package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/pprof"
	"runtime"
	"time"
)

// inUse is what must go back to its level at rest once all calls have ended.
type inUse struct {
	Attempts   int `json:"attempts"`
	Legs       int `json:"legs"`  // telephones that ring or talk
	Ports      int `json:"ports"` // for sound
	Goroutines int `json:"goroutines"`
}

func (s *server) inUse(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(inUse{ // whoever asks may be gone
		Attempts: s.board.Live(), Legs: s.exchange.Legs(), Ports: s.exchange.Ports(), Goroutines: runtime.NumGoroutine(),
	})
}

// debug shows what the server is doing, until ctx ends, to those who may reach the address; an empty one is none.
func (s *server) debug(ctx context.Context, addr string) error {
	if addr == "" {
		return nil
	}
	l, err := listen(ctx, addr)
	if err != nil {
		return fmt.Errorf("listen for debugging (--debug-listen): %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/in-use", s.inUse)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { closeQuietly(srv) })
	go func() { _ = srv.Serve(l) }()
	s.log.InfoContext(ctx, "profiles can be read", "at", l.Addr().String())
	return nil
}
