package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/ringback-hq/ringback/internal/api"
	"github.com/ringback-hq/ringback/internal/blob"
	"github.com/ringback-hq/ringback/internal/callpage"
	"github.com/ringback-hq/ringback/internal/fetch"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/outbox"
	"github.com/ringback-hq/ringback/internal/store"
	"github.com/ringback-hq/ringback/internal/switchboard"
	"github.com/ringback-hq/ringback/internal/web"
)

type serveCmd struct {
	base
	telephony
	Listen       string        `help:"Address for HTTP." default:":8080" placeholder:"HOST:PORT"`
	PublicURL    string        `help:"Where the world reaches this server; links are made with it." placeholder:"URL"`
	EgressAllow  []string      `help:"Networks that webhooks and downloads may reach although private, on any port and by plain http." placeholder:"CIDR"`
	DrainTimeout time.Duration `help:"How long running calls may go on after SIGTERM." default:"30m"`
	DebugListen  string        `help:"Address for profiles and for what is in use. Nobody but you should reach it. Default: none." placeholder:"HOST:PORT"`
	Demo         bool          `help:"Make a demo account in an empty database and print how to try it."`
}

// Run serves until ctx ends, then drains. It reads top to bottom as the house stands: crafts, work, doors.
func (c *serveCmd) Run(ctx context.Context, o *outputs) error {
	log := c.logger(o)
	st, err := c.open(ctx, log, true)
	if err != nil {
		return err
	}
	defer st.Close()
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen for HTTP (--listen): %w", err)
	}
	defer listener.Close()
	c.publicURL(listener.Addr())
	files, links, err := c.recordings(ctx, st)
	if err != nil {
		return err
	}
	allow, err := prefixes(c.EgressAllow)
	if err != nil {
		return fmt.Errorf("--egress-allow: %w", err)
	}
	exchange, closePhones, err := c.telephony.start(ctx, c.Data, log)
	if err != nil {
		return err
	}
	defer closePhones()
	prompts, err := switchboard.LoadPrompts()
	if err != nil {
		return err
	}

	client := fetch.New(fetch.Config{Allow: allow, Log: log})
	box := outbox.New(outbox.Config{Store: st, Client: client, Log: log, Version: version})
	board := switchboard.New(switchboard.Config{
		Store: st, Phone: exchange, Files: files, Links: links, Prompts: prompts, Told: box.Nudge, Log: log,
	}, rand.Text())
	desk := office.New(office.Config{Store: st, Fetch: client, Log: log})

	inside := &insight{exchange: exchange, board: board}
	if err := inside.listen(ctx, c.DebugListen, log); err != nil {
		return err
	}
	ready := &readiness{store: st}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", alive)
	mux.Handle("GET /readyz", ready)
	ours := api.New(api.Config{Office: desk, Files: files, Links: links, Log: log})
	mux.Handle("/api/", ours)
	mux.Handle("/recordings/", ours)
	documented := callpage.New(callpage.Config{Office: desk, Switchboard: board, Links: links, Log: log})
	for _, version := range []string{"/api/v1/", "/api/v2/", "/api/v3/"} {
		mux.Handle(version, documented)
	}

	var running sync.WaitGroup
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	running.Go(func() { board.Run(ctx, c.DrainTimeout); stopWork() })
	running.Go(func() { logEnd(log, "the outbox stopped", box.Run(work)) })
	if err := c.welcome(ctx, o, st, desk); err != nil {
		log.Error("the demo could not be made", "err", err)
	}
	err = c.serve(ctx, work, listener, web.Tidy(mux), ready, log)
	running.Wait()
	return err
}

// serve answers HTTP requests until the work has drained.
func (c *serveCmd) serve(ctx, work context.Context, l net.Listener, h http.Handler, ready *readiness, log *slog.Logger) error {
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 5 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	log.Info("ringback is up", "url", c.PublicURL, "version", version)
	select {
	case err := <-failed:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	ready.draining.Store(true)
	log.Info("draining: running calls may end, new ones are refused", "timeout", c.DrainTimeout)
	<-work.Done()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stop HTTP: %w", err)
	}
	log.Info("ringback is down")
	return nil
}

// publicURL derives the address of the server where none is given.
func (c *serveCmd) publicURL(a net.Addr) {
	if c.PublicURL != "" {
		c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
		return
	}
	host, port, _ := net.SplitHostPort(a.String())
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	c.PublicURL = "http://" + net.JoinHostPort(host, port)
}

func (c *serveCmd) recordings(ctx context.Context, st *store.Store) (*blob.Disk, blob.Links, error) {
	links := blob.Links{Base: c.PublicURL}
	files, err := blob.OpenDisk(filepath.Join(c.Data, "recordings"))
	if err != nil {
		return nil, links, err
	}
	err = st.Write(ctx, func(tx *store.Tx) error {
		links.Key, err = tx.Secret("recordings", 32)
		return err
	})
	return files, links, err
}

func logEnd(log *slog.Logger, message string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Error(message, "err", err) //nolint:sloglint // the message names who stopped
	}
}
