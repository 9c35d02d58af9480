package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

func TestStrangersAreNotHeard(t *testing.T) {
	t.Parallel()
	c := open(t, Config{Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	k := dial(t, c, "+48500009001")
	eventually(t, "the packet is counted", func() bool { return c.Stats().Strangers == 1 })
	k.silent(50 * time.Millisecond)
	tcp := newCall(t, "tcp", c.Addr(), "+48500009001")
	tcp.cutOff()
	if got := len(c.Rings()); got != 0 {
		t.Errorf("%d telephones rang, want none", got)
	}
}

// cutOff expects the carrier to close the connection.
func (k *call) cutOff() {
	k.t.Helper()
	k.conn.SetReadDeadline(time.Now().Add(soon))
	if m, err := read(k.in); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		k.t.Errorf("got %q and %v, want the connection closed", m.first, err)
	}
}

func TestWhoIsWelcome(t *testing.T) {
	t.Parallel()
	tests := []struct {
		allow string
		ip    string
		want  bool
	}{
		{"", "127.0.0.1", true},
		{"", "127.9.9.9", true},
		{"", "::1", true},
		{"", "::ffff:127.0.0.1", true},
		{"", "10.0.0.1", false},
		{"", "::ffff:10.0.0.1", false},
		{"10.0.0.0/8", "10.0.0.1", true},
		{"10.0.0.0/8", "127.0.0.1", false},
	}
	for _, tt := range tests {
		g := guests{strangers: new(atomic.Int64)}
		if tt.allow != "" {
			g.allow = []netip.Prefix{netip.MustParsePrefix(tt.allow)}
		}
		if got := g.welcome(netip.MustParseAddr(tt.ip)); got != tt.want {
			t.Errorf("allowing %q, %s is welcome: %t, want %t", tt.allow, tt.ip, got, tt.want)
		}
	}
}

func TestTooManyTelephones(t *testing.T) {
	t.Parallel()
	c := open(t, Config{limit: 2})
	a, b := dial(t, c, "+48500009002"), dial(t, c, "+48500019002")
	a.expect(180)
	b.expect(180)
	dial(t, c, "+48500029002").refused(503)
	a.cancel()
	b.cancel()
}

func TestNoPortsForSound(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	c.media.Close()
	k := dial(t, c, "+48500100200")
	k.expect(180)
	k.refused(503)
}

// A Contact or Record-Route must not make us send packets to somebody else.
func TestNoPacketsOnSomebodysWord(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	k := newCall(t, "udp", c.Addr(), "+48500009005", "Record-Route: <sip:192.0.2.1;lr>")
	k.invite()
	k.answered()
	k.hungUp() // at the address that the INVITE came from
}

func TestOffersThatCannotBeAnswered(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	for _, offer := range []string{"hello", "v=0\r\n", strings.Replace(offerOf(9), " 8 0 101", " 9", 1), strings.Replace(offerOf(9), "127.0.0.1", "\x00", 2)} {
		k := newCall(t, "udp", c.Addr(), "+48500100200")
		k.offer = offer
		k.invite()
		k.expect(180)
		k.refused(488)
	}
	eventually(t, "their ports are free", func() bool { return c.Stats().Ports == 0 })
}

func TestAnExtensionThatIsRequired(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	k := dial(t, c, "+48500100200", "Require: 100rel")
	if m := k.expect(420); m.header.Get("Unsupported") != "100rel" {
		t.Errorf("got %v, want 100rel to be unsupported", m.header)
	}
	k.ack()
}

func TestRequestsWithoutWhatTheyNeed(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	for name, change := range map[string]*strings.Replacer{
		"no From":         strings.NewReplacer("From:", "X-From:"),
		"no To":           strings.NewReplacer("To:", "X-To:"),
		"no Call-ID":      strings.NewReplacer("Call-ID:", "X-Call-ID:"),
		"no From tag":     strings.NewReplacer(";tag=me", ""),
		"another method":  strings.NewReplacer("1 INVITE", "1 BYE"),
		"two Call-IDs":    strings.NewReplacer("Call-ID:", "Call-ID: second\r\nCall-ID:"),
		"two From":        strings.NewReplacer("From:", "From: <sip:x@y>;tag=x\r\nFrom:"),
		"a huge Call-ID":  strings.NewReplacer("Call-ID: one", "Call-ID: "+strings.Repeat("x", 300)),
		"a NUL in a name": strings.NewReplacer("Call-ID: one", "Call-ID: o\x00ne"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newCall(t, "udp", c.Addr(), "+48500100200")
			k.write(change.Replace(plainInvite(k.conn.LocalAddr(), "z9hG4bK"+strings.ReplaceAll(name, " ", ""))))
			k.expect(400)
		})
	}
}

func plainInvite(from net.Addr, branch string) string {
	return fmt.Sprintf("INVITE sip:+48500009001@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s;rport\r\n"+
		"From: <sip:me@127.0.0.1>;tag=me\r\nTo: <sip:you@127.0.0.1>\r\nCall-ID: one\r\nCSeq: 1 INVITE\r\n"+
		"Contact: <sip:me@%s>\r\nContent-Length: 0\r\n\r\n", from, branch, from)
}

// A caller cannot pretend that an INVITE inside a dialog is a new one, or the other way round.
func TestTheMarkOfANewInviteCannotBeForged(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		headers string
		want    bool
	}{
		{"To: <sip:a@b>\r\n", true},
		{"To: <sip:a@b>;tag=\r\n", true},
		{"To: <sip:a@b>;tag=x\r\n", false},
		{"To: <sip:a@b>;tag=x\r\n" + initial + ": 1\r\n" + strings.ToLower(initial) + ": 1\r\n", false},
	} {
		msg, err := gosip.ParseMessage([]byte("INVITE sip:a@b SIP/2.0\r\n" + tt.headers + "Content-Length: 0\r\n\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		prepare(msg)
		if got := len(msg.GetHeaders(initial)) > 0; got != tt.want {
			t.Errorf("%q is marked: %t, want %t", tt.headers, got, tt.want)
		}
	}
}

func TestAPortThatIsTaken(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	if second, err := Start(t.Context(), Config{Listen: c.Addr()}); err == nil {
		second.Close()
		t.Error("two carriers listen on the same port")
	}
}

// FuzzPackets sends whatever to a carrier, over UDP and TCP, which must go on answering.
func FuzzPackets(f *testing.F) {
	from := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}
	valid := plainInvite(from, "z9hG4bKfuzz")
	for _, seed := range []string{
		valid, "", "\r\n\r\n", "\x00", "INVITE", "SIP/2.0 200 OK\r\n\r\n", valid[:len(valid)/2],
		strings.Replace(valid, "INVITE sip", "ACK sip", 1),
		strings.ReplaceAll(valid, "INVITE", "CANCEL"),
		strings.ReplaceAll(valid, "INVITE", "BYE"),
		strings.ReplaceAll(valid, "INVITE", "REGISTER"),
		strings.Replace(strings.ReplaceAll(valid, "INVITE", "REGISTER"), "<sip:me@127.0.0.1:9>", "*\r\nExpires: -1", 1),
		strings.ReplaceAll(valid, "INVITE", "UPDATE"),
		strings.ReplaceAll(valid, "INVITE", "\x7f"),
		strings.Replace(valid, "Contact: <sip:me@", "Contact: <tel:me", 1),
		strings.Replace(valid, "Via: SIP/2.0/UDP", "Via: SIP/2.0/WSS", 1),
		strings.Replace(valid, "rport", "rport=x;received=192.0.2.1", 1),
		strings.Replace(valid, "Content-Length: 0", "Content-Length: 99999999999", 1),
		strings.Replace(valid, "Content-Length: 0", "Content-Length: -1", 1),
		strings.Replace(valid, "CSeq: 1", "CSeq: 4294967296", 1),
		strings.Replace(valid, "Contact:", strings.Repeat("Record-Route: <sip:127.0.0.1;lr>\r\n", 100)+"Contact:", 1),
		strings.Replace(valid, "sip:+48500009001@127.0.0.1", "tel:+48500009001", 1),
		strings.Replace(valid, "sip:+48500009001@127.0.0.1", "sips:%ff%0d%0a@[::1", 1),
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\nCSeq: 1 BYE\r\nCall-ID: x\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	c, err := Start(context.Background(), Config{RingFor: time.Millisecond, Talk: time.Millisecond, timing: timing{stay: 5 * time.Millisecond, unacked: 5 * time.Millisecond, retransmit: time.Millisecond}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(c.Close)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, network := range []string{"udp", "tcp"} {
			k := newCall(t, network, c.Addr(), "sandbox")
			_, _ = k.conn.Write(data)
			k.conn.Close()
		}
		k := newCall(t, "udp", c.Addr(), "sandbox")
		k.send("OPTIONS", k.branch, 1, "")
		k.expect(200)
	})
}
