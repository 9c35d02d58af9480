package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"
)

// A plan is what to measure.
type plan struct {
	calls, managers, clients int
	talk, rings, limit       time.Duration
	binary, database         string
}

// run starts the two processes, makes the calls and reports.
func (p plan) run(ctx context.Context) (string, error) {
	dir, err := os.MkdirTemp("", "ringback-bench")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	carrier, err := startProcess(ctx, p.binary, nil, "sip:([0-9.:]+)", "sandbox", "--listen", "127.0.0.1:0",
		"--talk", p.talk.String(), "--rings", p.rings.String(), "--log-level", "error", "--rtp-ports", "10240-21503")
	if err != nil {
		return "", err
	}
	defer carrier.stop()
	key, err := makeAccount(ctx, p, dir)
	if err != nil {
		return "", err
	}
	server, err := startProcess(ctx, p.binary, []string{"RINGBACK_EGRESS_ALLOW=127.0.0.0/8"}, `url=(\S+)`, p.withStore(dir,
		"serve", "--listen", "127.0.0.1:0", "--trunk", "sip:"+carrier.found+";sandbox=true",
		"--rtp-ports", "21504-32767")...)
	if err != nil {
		return "", err
	}
	defer server.stop()
	b := &bench{plan: p, api: client{url: server.found, key: key}, server: server, carrier: carrier}
	return b.measure(ctx)
}

func (p plan) withStore(dir string, args ...string) []string {
	args = append(args, "--data", dir)
	if p.database != "" {
		args = append(args, "--database", p.database)
	}
	return args
}

// A bench is a plan that is being carried out.
type bench struct {
	plan
	api             client
	server, carrier *process
	told            atomic.Int64
	memory          []int64 // KB, of the server, by second
	files           []int
}

func (b *bench) measure(ctx context.Context) (string, error) {
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Ringback-Event") == "call.completed" {
			b.told.Add(1)
		}
	}))
	defer sink.Close()
	widget, err := b.api.office(ctx, b.managers, sink.URL)
	if err != nil {
		return "", err
	}
	time.Sleep(time.Second) // the trunk's first health check
	cpuServer, cpuCarrier, begin := b.server.cpu(), b.carrier.cpu(), time.Now()
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { b.watch(watching) })
	err = b.order(ctx, widget)
	if err == nil {
		err = b.untilEnded(ctx)
	}
	took := time.Since(begin)
	stop()
	watch.Wait()
	if err != nil {
		return "", err
	}
	statuses, err := b.api.statuses(ctx)
	if err != nil {
		return "", err
	}
	return b.report(took, b.server.cpu()-cpuServer, b.carrier.cpu()-cpuCarrier, statuses), nil
}

// order places every call.
func (b *bench) order(ctx context.Context, widget int64) error {
	var next atomic.Int64
	var ordering sync.WaitGroup
	failed := make(chan error, b.clients)
	for range b.clients {
		ordering.Go(func() {
			for n := next.Add(1); n <= int64(b.calls); n = next.Add(1) {
				if err := b.api.call(ctx, widget, visitor(n)); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	ordering.Wait()
	close(failed)
	return <-failed
}

// visitor is a number of its own for each call, none of those that behave oddly in the sandbox.
func visitor(n int64) string { return fmt.Sprintf("+4860%03d%04d", n/9000, n%9000) }

// untilEnded waits until every call has ended and its webhook was told.
func (b *bench) untilEnded(ctx context.Context) error {
	for {
		statuses, err := b.api.statuses(ctx)
		if err != nil {
			return err
		}
		open := statuses["new"] + statuses["ringing"] + statuses["in-progress"]
		if open == 0 && int(b.told.Load()) >= statuses["completed"] {
			return nil
		}
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%d calls have not ended, %d webhooks told: %w", open, b.told.Load(), ctx.Err())
		}
	}
}

// watch samples the server's memory and open files every second.
func (b *bench) watch(ctx context.Context) {
	for {
		b.memory = append(b.memory, b.server.memory())
		b.files = append(b.files, b.server.files())
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return
		}
	}
}

func (b *bench) report(took, server, carrier time.Duration, statuses map[string]int) string {
	var s strings.Builder
	w := tabwriter.NewWriter(&s, 0, 0, 2, ' ', 0)
	row := func(what, format string, args ...any) {
		fmt.Fprintf(w, "%s\t"+format+"\n", append([]any{what}, args...)...)
	}
	per1000 := func(d time.Duration) float64 { return d.Seconds() / float64(b.calls) * 1000 }
	by, _ := json.Marshal(statuses)
	row("callbacks", "%d, with %d managers: %s", b.calls, b.managers, by)
	row("time", "%.1f s", took.Seconds())
	row("rate", "%.0f callbacks a second", float64(b.calls)/took.Seconds())
	row("CPU for 1,000 callbacks, ours", "%.2f s", per1000(server))
	row("CPU for 1,000 callbacks, the carrier's", "%.2f s", per1000(carrier))
	third := max(1, len(b.memory)/3)
	row("memory, peak of each third", "%d, %d, %d MB", peak(b.memory[:third])>>10, peak(b.memory[third:max(third+1, 2*third)])>>10, peak(b.memory[len(b.memory)-third:])>>10)
	row("open files, first, most, last", "%d, %d, %d", b.files[0], peak(b.files), b.files[len(b.files)-1])
	row("webhooks told of a completed call", "%d", b.told.Load())
	_ = w.Flush()
	return s.String()
}

func peak[N int | int64](ns []N) (most N) {
	for _, n := range ns {
		most = max(most, n)
	}
	return most
}
