package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/ringback-hq/ringback/internal/phone/media"
	"github.com/ringback-hq/ringback/internal/phone/sandbox"
)

type sandboxCmd struct {
	logging
	Listen   string        `help:"Address for SIP, of the loopback." default:"127.0.0.1:5099" placeholder:"IP:PORT"`
	Talk     time.Duration `help:"How long visitors talk." default:"5s"`
	Rings    time.Duration `help:"How long telephones ring before they are answered." default:"1s"`
	RTPPorts portRange     `name:"rtp-ports" help:"Ports for the sound." default:"16384-32767"`
	Journal  string        `help:"Write what happens to this file, a line of JSON each." placeholder:"FILE"`
}

// Run runs the carrier until ctx ends.
func (c *sandboxCmd) Run(ctx context.Context, o *outputs) error {
	listen, err := netip.ParseAddrPort(c.Listen)
	if err != nil {
		return fmt.Errorf("--listen must be an IP address and a port: %w", err)
	}
	log := c.logger(o)
	config := sandbox.Config{
		Listen: listen, Talk: c.Talk, RingFor: c.Rings, Log: log,
		Media: media.Config{Addr: listen.Addr(), PortMin: c.RTPPorts.Low, PortMax: c.RTPPorts.High, Log: log},
	}
	if c.Journal != "" {
		f, err := os.OpenFile(c.Journal, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("open the journal: %w", err)
		}
		defer closeQuietly(f)
		config.Journal = f
	}
	carrier, err := sandbox.Start(context.WithoutCancel(ctx), config)
	if err != nil {
		return err
	}
	defer carrier.Close()
	if _, err := fmt.Fprintf(o.out, "sandbox carrier at %s; use it with: ringback serve --trunk \"sip:%s;sandbox=true\"\n", carrier.Addr(), carrier.Addr()); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
