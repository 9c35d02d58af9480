package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/lmittmann/tint"

	"github.com/ringback-hq/ringback/internal/store"
)

// cli is every command and flag. Each flag is also an environment variable: --public-url is RINGBACK_PUBLIC_URL.
type cli struct {
	Serve   serveCmd   `cmd:"" help:"Run the server."`
	Account accountCmd `cmd:"" help:"Manage accounts."`
	Key     keyCmd     `cmd:"" help:"Manage API keys."`
	Migrate migrateCmd `cmd:"" help:"Bring the database up to date and exit. The server does so too when it starts."`
	Doctor  doctorCmd  `cmd:"" help:"Check the machine and the configuration, and say what is wrong."`
	MCP     mcpCmd     `cmd:"" name:"mcp" help:"Let an agent use the API, by the Model Context Protocol on standard input and output."`
	Sandbox sandboxCmd `cmd:"" help:"Run the sandbox carrier alone."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// base are the flags of every command that uses the store.
type base struct {
	Data     string `help:"Directory for the database and the recordings." default:"data" placeholder:"DIR"`
	Database string `help:"PostgreSQL instead of the embedded database." placeholder:"postgres://..."`
	logging
}

// logging are the flags of every command that logs.
type logging struct {
	LogFormat string `help:"How to log: text or json." enum:"text,json" default:"text"`
	LogLevel  string `help:"What to log: debug, info, warn or error." enum:"debug,info,warn,error" default:"info"`
}

// logger writes to the log output; telephone numbers and secrets are masked where they are logged.
func (b *logging) logger(o *outputs) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(b.LogLevel)) // the flag's enum has only good ones
	if b.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(o.log, &slog.HandlerOptions{Level: level}))
	}
	f, isFile := o.log.(*os.File)
	color := false
	if isFile {
		info, err := f.Stat()
		color = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return slog.New(tint.NewTextHandler(o.log, &tint.Options{Level: level, TimeFormat: time.TimeOnly, NoColor: !color}))
}

// open opens the store. A command that is not the server works beside a running one.
func (b *base) open(ctx context.Context, log *slog.Logger, server bool) (*store.Store, error) {
	if err := os.MkdirAll(b.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	st, err := store.Open(ctx, store.Config{Dir: b.Data, URL: b.Database, Beside: !server, Log: log})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return st, nil
}

// portRange is "16384-32767".
type portRange struct{ Low, High int }

// UnmarshalText reads a range of ports.
func (p *portRange) UnmarshalText(b []byte) error {
	low, high, ok := strings.Cut(string(b), "-")
	var errLow, errHigh error
	p.Low, errLow = strconv.Atoi(low)
	p.High, errHigh = strconv.Atoi(high)
	if !ok || errLow != nil || errHigh != nil || p.Low < 1024 || p.High > 65535 || p.High-p.Low < 4 {
		return fmt.Errorf("%q is not a range of ports such as 16384-32767", b)
	}
	return nil
}

// prefixes reads CIDRs; a bare address means itself alone.
func prefixes(texts []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, t := range texts {
		p, err := netip.ParsePrefix(t)
		if addr, addrErr := netip.ParseAddr(t); addrErr == nil {
			p, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%q is not a network such as 10.0.0.0/8", t)
		}
		out = append(out, p)
	}
	return out, nil
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(o *outputs) error {
	_, err := fmt.Fprintln(o.out, "ringback", version)
	return err
}

type migrateCmd struct{ base }

// Run migrates the database.
func (c *migrateCmd) Run(ctx context.Context, o *outputs) error {
	st, err := c.open(ctx, c.logger(o), false)
	if err != nil {
		return err
	}
	return st.Close()
}
