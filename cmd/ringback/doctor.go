package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/ringback-hq/ringback/internal/store"
)

type doctorCmd struct {
	base
	telephony
}

// A finding is one thing that the doctor looked at. An empty advice means that it is well.
type finding struct{ about, advice string }

// Run looks at everything the server needs and says in words what is wrong.
func (c *doctorCmd) Run(ctx context.Context, o *outputs) error {
	findings := []finding{c.database(ctx, o), c.disk(), c.files(), c.ports(), c.trunksAdvice()}
	bad := 0
	for _, f := range findings {
		sign, text := "ok   ", ""
		if f.advice != "" {
			bad++
			sign, text = "BAD  ", ": "+f.advice
		}
		if _, err := fmt.Fprintln(o.out, sign+f.about+text); err != nil {
			return err
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d things need attention", bad, len(findings))
	}
	return nil
}

func (c *doctorCmd) database(ctx context.Context, o *outputs) finding {
	f := finding{about: "database"}
	st, err := c.open(ctx, c.logger(o), false)
	if err != nil {
		f.advice = err.Error()
		return f
	}
	defer closeQuietly(st)
	if err := st.Write(ctx, func(*store.Tx) error { return nil }); err != nil {
		f.advice = "it cannot be written: " + err.Error()
	}
	return f
}

func (c *doctorCmd) disk() finding {
	f := finding{about: "free space in the data directory"}
	var s syscall.Statfs_t
	if err := syscall.Statfs(c.Data, &s); err != nil {
		f.advice = err.Error()
		return f
	}
	if free := s.Bavail * uint64(s.Bsize); free < 1<<30 { //nolint:gosec // a block size is not negative
		f.advice = fmt.Sprintf("only %d MB are left; an hour of recorded talk takes 58 MB", free>>20)
	}
	return f
}

// files looks at the limit of open files: a call takes five.
func (c *doctorCmd) files() finding {
	f := finding{about: "limit of open files"}
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		f.advice = err.Error()
	} else if l.Cur < 4096 {
		f.advice = fmt.Sprintf("%d is enough for about %d calls at a time; raise it with ulimit -n or LimitNOFILE=", l.Cur, l.Cur/5)
	}
	return f
}

// ports looks whether the kernel gives away ports that we want for sound.
func (c *doctorCmd) ports() finding {
	f := finding{about: "ports for sound"}
	b, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return f // another system; nothing is known
	}
	low, _ := strconv.Atoi(strings.Fields(string(b))[0])
	if c.RTPPorts.High > low {
		f.advice = fmt.Sprintf("the kernel uses ports from %d for other connections; choose --rtp-ports below", low)
	}
	return f
}

func (c *doctorCmd) trunksAdvice() finding {
	f := finding{about: "trunks"}
	trunks, err := c.trunks()
	switch {
	case err != nil:
		f.advice = err.Error()
	case len(trunks) == 0 && !c.Sandbox:
		f.advice = "there is none: no telephone can be rung; give --trunk or --sandbox"
	}
	for _, t := range trunks {
		if _, err := netip.ParseAddr(t.Host); err == nil {
			continue
		}
		if _, err := net.LookupHost(t.Host); err != nil { //nolint:noctx // a person waits for it
			f.advice = fmt.Sprintf("the name %s cannot be resolved", t.Host)
		}
	}
	return f
}
