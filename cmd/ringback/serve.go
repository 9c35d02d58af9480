package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringback-hq/ringback/internal/api"
	"github.com/ringback-hq/ringback/internal/blob"
	"github.com/ringback-hq/ringback/internal/callpage"
	"github.com/ringback-hq/ringback/internal/fetch"
	"github.com/ringback-hq/ringback/internal/office"
	"github.com/ringback-hq/ringback/internal/openapi"
	"github.com/ringback-hq/ringback/internal/outbox"
	"github.com/ringback-hq/ringback/internal/phone"
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

// A server is the house: crafts, work and doors.
type server struct {
	store    *store.Store
	exchange *phone.Exchange
	files    *blob.Disk // recordings
	sounds   *blob.Disk // voice messages of widgets
	links    blob.Links
	outbox   *outbox.Outbox
	board    *switchboard.Switchboard
	office   *office.Office
	draining atomic.Bool
	log      *slog.Logger
}

// Run serves until ctx ends, then drains.
func (c *serveCmd) Run(ctx context.Context, o *outputs) error {
	log := c.logger(o)
	st, err := c.open(ctx, log, true)
	if err != nil {
		return err
	}
	defer closeQuietly(st)
	listener, err := listen(ctx, c.Listen)
	if err != nil {
		return fmt.Errorf("listen for HTTP (--listen): %w", err)
	}
	defer closeQuietly(listener)
	c.publicURL(listener.Addr())
	exchange, closePhones, err := c.start(ctx, c.Data, log)
	if err != nil {
		return err
	}
	defer closePhones()
	s := &server{store: st, exchange: exchange, log: log}
	if err := c.furnish(ctx, s); err != nil {
		return err
	}
	if err := s.debug(ctx, c.DebugListen); err != nil {
		return err
	}

	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop() // also where serving fails
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	running.Go(func() { s.board.Run(ctx, c.DrainTimeout); stopWork() })
	running.Go(func() { s.deliver(work) })
	if err := c.welcome(ctx, o, s); err != nil {
		log.ErrorContext(ctx, "the demo could not be made", "err", err)
	}
	log.InfoContext(ctx, "ringback is up", "url", c.PublicURL, "version", version)
	return s.serve(ctx, work, listener)
}

// furnish puts the rooms into the house, from the ground up.
func (c *serveCmd) furnish(ctx context.Context, s *server) error {
	var err error
	if s.files, err = blob.OpenDisk(filepath.Join(c.Data, "recordings")); err != nil {
		return err
	}
	s.links.Base = c.PublicURL
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		s.links.Key, err = tx.Secret("recordings", 32)
		return err
	})
	if err != nil {
		return err
	}
	allow, err := prefixes(c.EgressAllow)
	if err != nil {
		return fmt.Errorf("--egress-allow: %w", err)
	}
	prompts, err := switchboard.LoadPrompts()
	if err != nil {
		return err
	}
	if prompts.Own, err = blob.OpenDisk(filepath.Join(c.Data, "prompts")); err != nil {
		return err
	}
	prompts.Log, s.sounds = s.log, prompts.Own
	client := fetch.New(fetch.Config{Allow: allow, Log: s.log})
	s.outbox = outbox.New(outbox.Config{Store: s.store, Client: client, Log: s.log, Version: version})
	s.board = switchboard.New(switchboard.Config{
		Store: s.store, Phone: s.exchange, Files: s.files, Links: s.links, Prompts: prompts, Told: s.outbox.Nudge, Log: s.log,
	}, rand.Text())
	s.office = office.New(office.Config{
		Store: s.store, Fetch: client, Sounds: s.sounds, Log: s.log,
		Downloads: fetch.New(fetch.Config{Allow: allow, Redirects: office.MostRedirects, Plain: true, Log: s.log}),
	})
	return nil
}

// doors are all that is served over HTTP.
func (s *server) doors() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", s.ready)
	ours := api.New(api.Config{Office: s.office, Files: s.files, Links: s.links, Log: s.log})
	mux.Handle("/api/", ours)
	mux.Handle("/recordings/", ours)
	sounds := callpage.NewSounds(s.sounds, s.log)
	mux.Handle("/sounds/", sounds)
	mux.Handle("/prompts/", sounds)
	documented := callpage.New(callpage.Config{Office: s.office, Switchboard: s.board, Links: s.links, Log: s.log})
	for _, version := range []string{"/api/v1/", "/api/v2/", "/api/v3/"} {
		mux.Handle(version, documented)
	}
	mux.Handle("GET /docs", openapi.Page(s.links.Base, callpage.Document(), api.Document()))
	return web.Tidy(mux)
}

// deliver tells webhooks until ctx ends.
func (s *server) deliver(ctx context.Context) {
	if err := s.outbox.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		s.log.ErrorContext(ctx, "the outbox stopped", "err", err)
	}
}

// serve answers HTTP requests until the work has drained.
func (s *server) serve(ctx, work context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler: s.doors(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 5 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	s.draining.Store(true)
	s.log.InfoContext(ctx, "draining: running calls may end, new ones are refused", "calls", s.board.Live())
	<-work.Done()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stop HTTP: %w", err)
	}
	s.log.InfoContext(ctx, "ringback is down")
	return nil
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", addr)
}

// closeQuietly closes what has nothing left to lose.
func closeQuietly(c io.Closer) { _ = c.Close() }

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
