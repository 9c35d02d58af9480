package gate

import (
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"
)

// open opens a gate whose connections and packets go nowhere, but are counted.
func open(t *testing.T, welcome func(netip.Addr) bool) (*Gate, *atomic.Int64) {
	t.Helper()
	g, err := Open(t.Context(), "127.0.0.1:0", welcome)
	if err != nil {
		t.Fatal(err)
	}
	var packets atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for b := make([]byte, 100); ; packets.Add(1) {
			if _, _, err := g.UDP.ReadFrom(b); err != nil {
				return
			}
		}
	}()
	<-g.UDP.Ready()
	t.Cleanup(func() {
		g.Shut()
		_ = g.UDP.Close()
		<-done
	})
	return g, &packets
}

func everybody(netip.Addr) bool { return true }

func TestStrangersAreNotHeard(t *testing.T) {
	t.Parallel()
	var known atomic.Bool
	var asked atomic.Int64
	g, packets := open(t, func(ip netip.Addr) bool {
		defer asked.Add(1)
		return known.Load() && ip == netip.MustParseAddr("127.0.0.1")
	})
	say := func() {
		conn, err := net.Dial("udp", g.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
	}
	say()
	eventually(t, "the stranger has come", func() bool { return asked.Load() == 1 })
	known.Store(true)
	say()
	eventually(t, "a guest is heard", func() bool { return packets.Load() == 1 })
	g.Shut()
	say()
	time.Sleep(20 * time.Millisecond)
	if n := packets.Load(); n != 1 {
		t.Errorf("%d packets were heard, want 1", n)
	}
}

func TestStreamsAreLimited(t *testing.T) {
	t.Parallel()
	g, _ := open(t, everybody)
	accepted := make(chan net.Conn)
	go func() {
		for {
			conn, err := g.TCP.Accept()
			if err != nil {
				return
			}
			accepted <- conn
		}
	}()
	g.TCP.open.Store(MaxStreams - 1)
	dial(t, g)
	first := <-accepted
	if n, err := dial(t, g).Read(make([]byte, 1)); err == nil {
		t.Errorf("one connection too many was kept: %d bytes", n)
	}
	for range 2 { // closing twice makes room once
		_ = first.Close()
	}
	if n := g.TCP.Open(); n != MaxStreams-1 {
		t.Errorf("%d connections are open, want %d", n, MaxStreams-1)
	}
	dial(t, g)
	_ = (<-accepted).Close()
}

func dial(t *testing.T, g *Gate) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", g.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestBothProtocolsHaveTheSamePort(t *testing.T) {
	t.Parallel()
	g, _ := open(t, everybody)
	if tcp := g.TCP.Addr().(*net.TCPAddr).AddrPort(); tcp != g.Addr() || g.Laddr().Port != int(g.Addr().Port()) {
		t.Errorf("UDP %s, TCP %s, for requests %d", g.Addr(), tcp, g.Laddr().Port)
	}
	if second, err := Open(t.Context(), g.Addr().String(), everybody); err == nil {
		second.Shut()
		t.Error("two gates at the same port")
	}
}

func eventually(t *testing.T, what string, yes func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !yes(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
