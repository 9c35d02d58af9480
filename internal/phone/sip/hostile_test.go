package sip

import (
	"crypto/rand"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// torture finds the messages of RFC 4475 that come with sipgo.
func torture(t *testing.T, kind string) map[string][]byte {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/emiago/sipgo").Output()
	if err != nil {
		t.Skip("the source of sipgo is not here")
	}
	files, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "sip", "testdata", "torture", kind, "*.dat"))
	if len(files) == 0 {
		t.Skip("this sipgo comes without the messages of RFC 4475")
	}
	all := map[string][]byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(f), ".dat")] = b
	}
	return all
}

// harmless are requests of RFC 4475's invalid ones whose fault does not concern us: a type of body, a scheme or an extension
// that only their receiver has to refuse, a header that we never read, or a form that can be understood.
var harmless = map[string]bool{
	"badbranch": true, "baddate": true, "bcast": true, "bext01": true, "cparam01": true, "cparam02": true, "escruri": true, "invut": true, "regaut01": true,
	"regbadct": true, "regescrt": true, "sdp01": true, "unkscm": true, "unksm2": true, "zeromf": true,
}

// misread are valid ones that sipgo 1.7.2 reads otherwise: white space around the "=" of a tag, a method in lower case.
var misread = map[string]bool{"wsinv": true, "intmeth": true}

func TestTortureOfRFC4475(t *testing.T) {
	t.Parallel()
	passes := func(b []byte) bool {
		m, err := gosip.ParseMessage(b)
		if err != nil {
			return false
		}
		switch m := m.(type) {
		case *gosip.Request:
			return valid(m)
		case *gosip.Response:
			return sound(m)
		}
		return false
	}
	for name, b := range torture(t, "valid") {
		if passes(b) == misread[name] {
			t.Errorf("%s is valid, and passes: %t", name, passes(b))
		}
	}
	for name, b := range torture(t, "invalid") {
		if passes(b) != harmless[name] {
			t.Errorf("%s passes: %t", name, passes(b))
		}
	}
}

func TestWhatIsNotSoundIsRefused(t *testing.T) {
	t.Parallel()
	good := "INFO sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:c@d>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 INFO\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
	for name, change := range map[string][2]string{
		"nothing":         {"", ""},
		"no Via":          {"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n", ""},
		"no From":         {"From: <sip:c@d>;tag=1\r\n", ""},
		"no tag":          {";tag=1", ""},
		"no To":           {"To: <sip:a@b>\r\n", ""},
		"no Call-ID":      {"Call-ID: 1\r\n", ""},
		"no CSeq":         {"CSeq: 1 INFO\r\n", ""},
		"another method":  {"1 INFO", "1 BYE"},
		"another version": {"SIP/2.0\r\nVia", "SIP/7.0\r\nVia"},
		"two From":        {"To:", "From: <sip:e@f>;tag=2\r\nTo:"},
		"two Call-ID":     {"To:", "Call-ID: 2\r\nTo:"},
		"two CSeq":        {"To:", "CSeq: 2 INFO\r\nTo:"},
		"long Call-ID":    {"Call-ID: 1", "Call-ID: " + strings.Repeat("1", maxName+1)},
		"long tag":        {"tag=1", "tag=" + strings.Repeat("1", maxName+1)},
		"bare line feed":  {"Call-ID: 1", "Call-ID: 1\n2"},
		"NUL":             {"Call-ID: 1", "Call-ID: 1\x002"},
	} {
		m, err := gosip.ParseMessage([]byte(strings.Replace(good, change[0], change[1], 1)))
		if ok := err == nil && valid(m.(*gosip.Request)); ok != (name == "nothing") {
			t.Errorf("%s: passes %t, %v", name, ok, err)
		}
	}
}

// peerSocket is a UDP socket that the UA listens to.
func peerSocket(t *testing.T, ua *UA) *net.UDPConn {
	t.Helper()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(ua.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func say(t *testing.T, conn *net.UDPConn, message string) {
	t.Helper()
	if _, err := conn.Write([]byte(message)); err != nil {
		t.Fatal(err)
	}
}

// request is a request to the UA; method and Call-ID can be chosen.
func request(method, callID string) string {
	return method + " sip:ringback@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK" + rand.Text() + "\r\nFrom: <sip:c@d>;tag=1\r\n" +
		"To: <sip:a@b>;tag=2\r\nCall-ID: " + callID + "\r\nCSeq: 1 " + method + "\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
}

// told reads answers until one has the status.
func told(t *testing.T, conn *net.UDPConn, status string) {
	t.Helper()
	b := make([]byte, maxMessage)
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		n, err := conn.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(b[:n]), "SIP/2.0 "+status) {
			return
		}
	}
}

// alive asks until there is an answer: in a flood, packets are lost.
func alive(t *testing.T, conn *net.UDPConn) {
	t.Helper()
	b := make([]byte, maxMessage)
	await(t, "an answer to OPTIONS", func() bool {
		say(t, conn, request("OPTIONS", "last"))
		_ = conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		n, err := conn.Read(b)
		return err == nil && strings.HasPrefix(string(b[:n]), "SIP/2.0 200")
	})
}

func TestStrangersAreNotHeard(t *testing.T) {
	t.Parallel()
	ua := listen(t)
	stranger := peerSocket(t, ua)
	say(t, stranger, request("OPTIONS", "1"))
	await(t, "the packet to be counted", func() bool { return ua.Counters().Stranger == 1 })
	conn, err := net.Dial("tcp", ua.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if n, err := conn.Read(make([]byte, 1)); err == nil {
		t.Errorf("a stranger was sent %d bytes", n)
	}
	counted(t, ua, Counters{Stranger: 2})
}

func TestAKnownPeerIsAnsweredByTheRules(t *testing.T) {
	t.Parallel()
	ua := listen(t)
	ua.guests.admit(loopback)
	defer ua.guests.dismiss(loopback)
	peer := peerSocket(t, ua)
	for _, test := range []struct{ message, status string }{
		{request("OPTIONS", "1"), "200"},
		{request("BYE", "2"), "481"},
		{request("INFO", "3"), "481"},
		{request("UPDATE", "4"), "481"},
		{request("INVITE", "5"), "481"},
		{strings.Replace(request("INVITE", "6"), "tag=2", "x=2", 1), "403"},
		{request("CANCEL", "7"), "481"},
		{request("REGISTER", "8"), "405"},
		{request("PUBLISH", "9"), "405"},
		{strings.Replace(request("OPTIONS", "10"), ";tag=1", "", 1), "400"},
	} {
		say(t, peer, test.message)
		told(t, peer, test.status)
	}
	counted(t, ua, Counters{UnmatchedBye: 1, Malformed: 1})
}

func TestGarbageIsSurvived(t *testing.T) {
	t.Parallel()
	ua := listen(t)
	ua.guests.admit(loopback)
	defer ua.guests.dismiss(loopback)
	peer := peerSocket(t, ua)
	whole := request("INVITE", "1")
	for i := range 300 {
		noise := make([]byte, 1+i*5)
		_, _ = rand.Read(noise)
		say(t, peer, string(noise))
		at := i % len(whole)
		say(t, peer, whole[:at])
		say(t, peer, whole[:at]+string(noise[:1])+whole[at:])
	}
	for _, kind := range []string{"valid", "invalid"} {
		for _, b := range torture(t, kind) {
			say(t, peer, string(b))
		}
	}
	alive(t, peer)
}

func TestGarbageOverTCPIsSurvived(t *testing.T) {
	t.Parallel()
	ua := listen(t)
	ua.guests.admit(loopback)
	defer ua.guests.dismiss(loopback)
	for range 20 {
		conn, err := net.Dial("tcp", ua.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		noise := make([]byte, 3*maxMessage)
		_, _ = rand.Read(noise)
		_, _ = conn.Write(noise)
		_ = conn.Close()
	}
	peer := peerSocket(t, ua)
	alive(t, peer)
}

func TestNobodyIsAdmittedForEver(t *testing.T) {
	t.Parallel()
	g := guests{seen: map[netip.Addr]int{}}
	mapped := netip.MustParseAddr("::ffff:127.0.0.1")
	g.admit(loopback, mapped)
	g.dismiss(mapped)
	if !g.welcome(loopback) {
		t.Error("one reason to listen is left")
	}
	g.dismiss(loopback)
	if g.welcome(loopback) || len(g.seen) != 0 {
		t.Error("no reason to listen is left")
	}
}
