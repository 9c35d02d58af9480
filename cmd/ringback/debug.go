package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"runtime"
	"time"

	"github.com/ringback-hq/ringback/internal/phone"
	"github.com/ringback-hq/ringback/internal/switchboard"
)

// insight shows what the server is doing, to those who may reach its address: profiles and what is in use now.
type insight struct {
	exchange *phone.Exchange
	board    *switchboard.Switchboard
}

// inUse is what must go back to its level at rest once all calls have ended.
type inUse struct {
	Attempts   int `json:"attempts"`
	Legs       int `json:"legs"`  // telephones that ring or talk
	Ports      int `json:"ports"` // for sound
	Goroutines int `json:"goroutines"`
}

func (i *insight) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(inUse{ // whoever asks may be gone
		Attempts: i.board.Live(), Legs: i.exchange.Legs(), Ports: i.exchange.Ports(), Goroutines: runtime.NumGoroutine(),
	})
}

// listen serves insight at an address until ctx ends; an empty one is none.
func (i *insight) listen(ctx context.Context, addr string, log *slog.Logger) error {
	if addr == "" {
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle("GET /debug/in-use", i)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen for debugging (--debug-listen): %w", err)
	}
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = srv.Close() })
	go func() { _ = srv.Serve(l) }()
	log.Info("profiles can be read", "at", l.Addr().String())
	return nil
}
