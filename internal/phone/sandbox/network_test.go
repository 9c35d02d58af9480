package sandbox

import (
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
)

func TestTCP(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	m, v := newCall(t, "tcp", c.Addr(), "+48500100200", manager("1")...), newCall(t, "tcp", c.Addr(), "+48600100200", visitor("1")...)
	m.invite()
	v.invite()
	m.answered()
	v.answered()
	v.hungUp()
	m.hangUp()
	k := newCall(t, "tcp", c.Addr(), "+48500009002")
	k.invite()
	k.expect(180)
	k.cancel()
}

func TestOptionsAndRegister(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	k := newCall(t, "udp", c.Addr(), "sandbox")
	k.send("OPTIONS", "z9hG4bK1", 1, "")
	if m := k.expect(200); m.header.Get("Accept") != "application/sdp" {
		t.Errorf("OPTIONS: got %v, want to accept SDP", m.header)
	}
	k.send("REGISTER", "z9hG4bK2", 2, "")
	if m := k.expect(200); !contains(m.header.Get("Contact"), ";expires=3600") {
		t.Errorf("REGISTER: got %v, want a binding for an hour", m.header)
	}
	k.headers = "Expires: 60\r\n"
	k.send("REGISTER", "z9hG4bK3", 3, "")
	if m := k.expect(200); !contains(m.header.Get("Contact"), ";expires=60") {
		t.Errorf("REGISTER: got %v, want a binding for a minute", m.header)
	}
	k.headers = "Expires: 0\r\n"
	k.send("REGISTER", "z9hG4bK4", 4, "")
	if m := k.expect(200); m.header.Get("Contact") != "" {
		t.Errorf("REGISTER with Expires 0: got %v, want no binding", m.header)
	}
	k.headers = ""
	k.send("SUBSCRIBE", "z9hG4bK5", 5, "")
	k.expect(405)
}

func TestIPv6(t *testing.T) {
	t.Parallel()
	if conn, err := net.ListenPacket("udp", "[::1]:0"); err != nil {
		t.Skipf("this machine has no IPv6: %v", err)
	} else {
		conn.Close()
	}
	c := open(t, Config{Listen: netip.MustParseAddrPort("[::1]:0")})
	for _, network := range []string{"udp", "tcp"} {
		k := newCall(t, network, c.Addr(), "+48500009005")
		k.offer = strings.ReplaceAll(k.offer, "IP4 127.0.0.1", "IP6 ::1")
		k.invite()
		k.answered()
		if want := "@" + c.Addr().String(); !contains(k.answer.header.Get("Contact"), want) {
			t.Errorf("the contact is %q, want %s", k.answer.header.Get("Contact"), want)
		}
		bye := k.hungUp()
		if want := c.Addr().String(); !contains(bye.header.Get("Via"), want) {
			t.Errorf("the BYE is via %q, want %s", bye.header.Get("Via"), want)
		}
	}
}

// Somebody else's caller, as a check on ours.
func TestSIPp(t *testing.T) {
	t.Parallel()
	sipp, err := exec.LookPath("sipp")
	if err != nil {
		t.Skip("sipp is not installed (Debian package sip-tester)")
	}
	c := open(t, Config{})
	for _, transport := range []string{"u1", "t1"} {
		cmd := exec.CommandContext(t.Context(), sipp, "-sn", "uac", "-s", "+48500100200", "-t", transport, "-i", "127.0.0.1",
			"-d", "100", "-r", "50", "-m", "10", "-nostdin", "-timeout", "30s", "-timeout_error", c.Addr().String())
		cmd.Dir = t.TempDir()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("sipp over %s: %v\n%s", transport, err, out)
		}
	}
	eventually(t, "all telephones are still", func() bool { return c.Stats().Dialogs == 0 })
	if s := c.Stats(); s.Released != 20 || s.Unreleased != 0 {
		t.Errorf("got %+v, want 20 released", s)
	}
}
