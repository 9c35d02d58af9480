package media

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

func TestPortsAreEvenAndInPairs(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	seen := map[uint16]bool{}
	for range 20 {
		port := open(t, e).Addr().Port()
		if port%2 != 0 || port < defaultPortMin || port > defaultPortMax || seen[port] {
			t.Errorf("port %d is odd, out of range or given twice", port)
		}
		seen[port] = true
		for _, n := range []uint16{port, port + 1} {
			if c, err := net.ListenPacket("udp4", fmt.Sprintf("127.0.0.1:%d", n)); err == nil {
				_ = c.Close()
				t.Errorf("port %d of pair %d is not bound", n, port)
			}
		}
	}
	if got := e.Ports(); got != 20 {
		t.Errorf("%d ports are open, want 20", got)
	}
}

// narrow is an engine with three pairs, at a place where nobody else is.
func narrow(t *testing.T) *Engine {
	t.Helper()
	for range 50 {
		lo := 20000 + 6*rand.IntN(2000)
		e, err := New(Config{PortMin: lo, PortMax: lo + 5})
		if err != nil {
			t.Fatalf("New: %v", err)
		}
		var ports []*Port
		for p, err := e.Open(); err == nil; p, err = e.Open() {
			ports = append(ports, p)
		}
		if len(ports) == 3 {
			t.Cleanup(e.Close)
			return e
		}
		e.Close()
	}
	t.Fatal("no three free pairs in a row")
	return nil
}

func TestPortsRunOutAndRestAfterUse(t *testing.T) {
	t.Parallel()
	e := narrow(t)
	if _, err := e.Open(); !errors.Is(err, ErrNoPorts) {
		t.Fatalf("a fourth port: %v, want %v", err, ErrNoPorts)
	}
	e.open()[0].Close()
	if got := e.Ports(); got != 2 {
		t.Errorf("%d ports are open, want 2", got)
	}
	if _, err := e.Open(); !errors.Is(err, ErrNoPorts) {
		t.Errorf("at once after closing: %v, want %v", err, ErrNoPorts)
	}
}

func TestAForeignPortIsSkipped(t *testing.T) {
	t.Parallel()
	e := narrow(t)
	ports := e.open()
	lo := int(min(ports[0].Addr().Port(), ports[1].Addr().Port(), ports[2].Addr().Port()))
	e.Close()
	var other net.PacketConn
	other, err := net.ListenPacket("udp4", fmt.Sprintf("127.0.0.1:%d", lo+3)) // the RTCP half of the second pair
	if err != nil {
		t.Skipf("somebody else was quicker: %v", err)
	}
	defer func() { _ = other.Close() }()
	e, err = New(Config{PortMin: lo, PortMax: lo + 5})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for range 2 {
		if port := int(open(t, e).Addr().Port()); port == lo+2 {
			t.Errorf("port %d was opened without its RTCP half", port)
		}
	}
	if _, err := e.Open(); !errors.Is(err, ErrNoPorts) {
		t.Errorf("a third pair: %v, want %v", err, ErrNoPorts)
	}
}

func TestUselessConfigsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{
		{Addr: netip.IPv4Unspecified()},
		{Addr: netip.MustParseAddr("192.0.2.1")}, // not of this host
		{Advertised: netip.IPv6Loopback()},
		{PortMin: 80, PortMax: 90},
		{PortMin: 20001, PortMax: 20002},
		{PortMin: 20002, PortMax: 20000},
		{PortMin: 60000, PortMax: 70000},
	} {
		if e, err := New(c); err == nil {
			e.Close()
			t.Errorf("%+v is accepted", c)
		}
	}
}

func TestClosingTwiceAndUsingAfterwards(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	a, b := open(t, e), open(t, e)
	a.Close()
	a.Close()
	if got := e.Ports(); got != 1 {
		t.Errorf("%d ports are open, want 1", got)
	}
	Join(a, b)
	Relay(b, a)
	Part(a, b)
	a.Offer()
	a.Answered()
	a.Quiet()
	a.Stats()
	a.Record(nil, Left)
	if err := a.Accept(newPhone(t, ALaw).describe("")); err != nil {
		t.Errorf("Accept on a closed port: %v", err)
	}
	e.Close()
	e.Close()
	if _, err := e.Open(); !errors.Is(err, ErrClosed) {
		t.Errorf("Open on a closed engine: %v, want %v", err, ErrClosed)
	}
}

// descriptors counts the open files of this process; 0 where nobody tells.
func descriptors() int {
	d, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(d)
}

// Not parallel: it counts what the whole process has open.
func TestAHundredCallsLeaveNothingBehind(t *testing.T) {
	files, running := descriptors(), runtime.NumGoroutine()
	e, err := New(Config{Log: slog.New(slog.DiscardHandler), reportEvery: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ringback, path := Tone([]float64{425}, time.Second, 0, 0.5), filepath.Join(t.TempDir(), "call.wav")
	recorder := recordTo(t, path)
	var ports []*Port
	for range 100 {
		p, err := e.Open()
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, p)
	}
	for i, p := range ports {
		if err := p.Accept(ports[i^1].Offer()); err != nil {
			t.Fatal(err)
		}
		p.Loop(ringback)
		p.Record(recorder, i)
	}
	for _, p := range ports {
		eventually(t, "ringback arrives", func() bool { return p.Stats().Received > 3 })
	}
	for i := 0; i < 100; i += 4 {
		Join(ports[i], ports[i+2])
		ports[i].Close()
	}
	e.Close()
	if _, err := recorder.Close(); err != nil {
		t.Error(err)
	}
	if got := e.Ports(); got != 0 {
		t.Errorf("%d ports are still open", got)
	}
	if got := descriptors(); got != files {
		t.Errorf("%d files are open, want the %d from before", got, files)
	}
	eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= running })
}

// Whatever order the rest of the program finds, nothing races, blocks or stays behind.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	e := newReporting(t, 10*time.Millisecond)
	clip := Tone([]float64{400}, 60*time.Millisecond, 0, 0.5)
	for range 5 {
		phones, ports := [3]*phone{}, [3]*Port{}
		for i := range ports {
			phones[i], ports[i] = newPhone(t, []Law{ALaw, ULaw}[i%2]), open(t, e)
			phones[i].answers(ports[i])
		}
		recorder := recordTo(t, filepath.Join(t.TempDir(), "call.wav"))
		var all sync.WaitGroup
		for i, p := range ports {
			other := ports[(i+1)%3]
			deeds := []func(){
				func() { _ = p.Play(t.Context(), clip) },
				func() { p.Loop(clip)() },
				func() { Join(p, other) },
				func() { Relay(other, p) },
				func() { Part(p, other) },
				func() { p.Record(recorder, i) },
				func() { p.Record(nil, i) },
				func() { _ = p.SendDigit(t.Context(), '1') },
				func() { p.Answered(); p.Quiet(); p.Stats(); p.OnHold(); p.Offer() },
				func() { _, _ = p.Answer(phones[i].describe("a=sendonly\r\n")) },
				func() { _ = p.Accept(phones[i].describe("")) },
			}
			for worker := range 3 {
				all.Go(func() {
					for range 10 {
						deeds[rand.IntN(len(deeds))]()
					}
					if worker == 0 {
						p.Close()
					}
				})
			}
			all.Go(func() {
				for _, f := range sine(phones[i].law, 400, 20) {
					phones[i].talk(p, f)
				}
			})
		}
		all.Go(func() { _, _ = recorder.Close() })
		all.Wait()
	}
	e.Close()
	if got := e.Ports(); got != 0 {
		t.Errorf("%d ports are still open", got)
	}
}
