package sip

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// FuzzInvite sees that nothing that people or peers write can add a line to a message of ours.
func FuzzInvite(f *testing.F) {
	for _, s := range []string{"", "Anna", "a\r\nX: y", "a\nX: y", "\"<sip:x@y>\"", "a\x00b", "é\u2028\u0085", "\xff\r", "+48 123", "%0d%0a", strings.Repeat("ł", 100)} {
		f.Add(s, "+48123456789", s, s)
		f.Add("x", s, "y", s)
	}
	ua := quiet()
	f.Fuzz(func(t *testing.T, display, to, from, value string) {
		trunk := &Trunk{ua: ua, cfg: TrunkConfig{Host: "carrier.example", User: from, From: value, Sandbox: true}}
		i := Invite{Token: strings.Repeat("t", minToken), To: to, From: from, Display: display, Headers: map[string]string{"X-Ringback-Note": value, value: display, "X-Ringback-" + value: to}}
		for _, i.HideFrom = range []bool{false, true} {
			d := ua.newDialog(i, route{trunk: trunk, hop: hop{addr: netip.MustParseAddrPort("192.0.2.1:5060"), network: "UDP"}})
			lines(t, d.compose(i).String())
			d.remoteTag = "tag"
			lines(t, d.farewell(Reason(value), nil).String())
			lines(t, d.cancelRequest("192.0.2.9:5060", 1).String())
		}
	})
}

// lines looks at a message as it leaves: only lines that we mean to write, and no other line breaks or controls.
func lines(t *testing.T, message string) {
	t.Helper()
	head, _, ok := strings.Cut(message, "\r\n\r\n")
	if !ok {
		t.Fatalf("the header does not end: %q", message)
	}
	known := map[string]bool{
		"Via": true, "Max-Forwards": true, "User-Agent": true, "From": true, "To": true, "Call-ID": true, "CSeq": true, "Contact": true, "Allow": true,
		"P-Asserted-Identity": true, "Privacy": true, "Content-Type": true, "Content-Length": true, "Reason": true, "Route": true,
	}
	for i, line := range strings.Split(head, "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		if i > 0 && !known[name] && !strings.HasPrefix(name, "X-Ringback-") {
			t.Fatalf("%q was injected in %q", line, message)
		}
		if !printable(line) {
			t.Fatalf("there is a control character in %q", line)
		}
	}
	if _, err := gosip.ParseMessage([]byte(message)); err != nil {
		t.Fatalf("nobody can read %q: %v", message, err)
	}
}

// quiet is a UA without sockets.
func quiet() *UA {
	u := &UA{cfg: Config{UserAgent: "Ringback", timing: timing{}.orDefault(), dns: dns{}.orDefault()}, guests: &guests{seen: map[netip.Addr]int{}}}
	u.local, u.sentBy = netip.MustParseAddrPort("192.0.2.9:5060"), netip.MustParseAddrPort("192.0.2.9:5060")
	u.hard, u.kill = context.WithCancel(context.Background())
	return u
}

func TestTextIsCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	if got := cut("łłł", 3); got != "ł" {
		t.Errorf("got %q", got)
	}
	if got := clean(" \"Anna\"\r\n <x> "); got != "Anna x" {
		t.Errorf("got %q", got)
	}
}

func TestIPv6IsWrittenInBrackets(t *testing.T) {
	t.Parallel()
	u := quiet()
	u.local, u.sentBy = netip.MustParseAddrPort("[2001:db8::9]:5060"), netip.MustParseAddrPort("[2001:db8::9]:5060")
	trunk := &Trunk{ua: u, cfg: TrunkConfig{Host: "2001:db8::1"}}
	i := Invite{Token: strings.Repeat("t", minToken), To: "+48123456789"}
	got := u.newDialog(i, route{trunk: trunk, hop: hop{addr: netip.MustParseAddrPort("[2001:db8::1]:5060"), network: "UDP"}}).compose(i).String()
	for _, want := range []string{"INVITE sip:+48123456789@[2001:db8::1] SIP/2.0", "UDP [2001:db8::9]:5060", "<sip:ringback@[2001:db8::9]:5060>"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestRoutesOfALooseAndAStrictRouter(t *testing.T) {
	t.Parallel()
	uri := func(s string) (u gosip.Uri) {
		if err := gosip.ParseUri(s, &u); err != nil {
			t.Fatal(err)
		}
		return u
	}
	p := peer{target: uri("sip:b@192.0.2.2"), routes: []gosip.Uri{uri("sip:p1.example;lr"), uri("sip:p2.example;lr")}}
	if got := p.route(gosip.BYE).String(); !strings.HasPrefix(got, "BYE sip:b@192.0.2.2 SIP/2.0\r\nRoute: <sip:p1.example;lr>\r\nRoute: <sip:p2.example;lr>") {
		t.Error(got)
	}
	p.routes[0] = uri("sip:p1.example")
	if got := p.route(gosip.BYE).String(); !strings.HasPrefix(got, "BYE sip:p1.example SIP/2.0\r\nRoute: <sip:p2.example;lr>\r\nRoute: <sip:b@192.0.2.2>") {
		t.Error(got)
	}
}

func TestTheNextHopIsOneThatCanBeReached(t *testing.T) {
	t.Parallel()
	u := quiet()
	u.cfg.dns.lookupIP = func(_ context.Context, host string) ([]netip.Addr, error) {
		if host != "proxy.example" {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		return []netip.Addr{netip.MustParseAddr("198.51.100.4")}, nil
	}
	way := hop{addr: netip.MustParseAddrPort("198.51.100.1:5060"), network: "UDP"}
	for contact, want := range map[string]string{
		"sip:b@198.51.100.2:5070":          "198.51.100.2:5070 UDP",
		"sip:b@198.51.100.2;transport=tcp": "198.51.100.2:5060 TCP",
		"sip:b@proxy.example":              "198.51.100.4:5060 UDP",
		"sip:b@nowhere.example":            "198.51.100.1:5060 UDP",
		"sip:b@10.0.0.7:5070":              "198.51.100.1:5060 UDP",
		"sip:b@127.0.0.1":                  "198.51.100.1:5060 UDP",
		"sip:b@0.0.0.0":                    "198.51.100.1:5060 UDP",
		"sip:b@224.0.0.1":                  "198.51.100.1:5060 UDP",
		"sip:b@[2001:db8::2]":              "198.51.100.1:5060 UDP",
		"sip:b@[::ffff:198.51.100.2]":      "198.51.100.2:5060 UDP",
	} {
		var p peer
		if err := gosip.ParseUri(contact, &p.target); err != nil {
			t.Fatal(err)
		}
		if h := u.hopOf(p, way); h.addr.String()+" "+h.network != want {
			t.Errorf("%s: %v, want %s", contact, h, want)
		}
	}
}

func TestServicesOfATrunkAreLookedUp(t *testing.T) {
	t.Parallel()
	u := quiet()
	u.cfg.dns = dns{
		lookupSRV: func(_ context.Context, network, host string) ([]*net.SRV, error) {
			if host != "srv.example" || network != "udp" {
				return nil, &net.DNSError{IsNotFound: true}
			}
			return []*net.SRV{{Target: "b.example.", Port: 5070}, {Target: "gone.example.", Port: 1}, {Target: "a.example.", Port: 5080}}, nil
		},
		lookupIP: func(_ context.Context, host string) ([]netip.Addr, error) {
			ips := map[string]string{"a.example": "192.0.2.1", "b.example": "192.0.2.2", "plain.example": "192.0.2.3", "srv.example": "192.0.2.4", "six.example": "2001:db8::1"}
			if ip, ok := ips[host]; ok {
				return []netip.Addr{netip.MustParseAddr(ip)}, nil
			}
			return nil, &net.DNSError{IsNotFound: true}
		},
	}
	for s, want := range map[string]string{
		"sip:srv.example":               "192.0.2.2:5070 192.0.2.1:5080",
		"sip:srv.example:5090":          "192.0.2.4:5090",
		"sip:srv.example;transport=tcp": "192.0.2.4:5060",
		"sip:plain.example":             "192.0.2.3:5060",
		"sip:gone.example":              "",
		"sip:six.example":               "", // our socket speaks IPv4 only
		"sip:192.0.2.8":                 "192.0.2.8:5060",
	} {
		c, err := ParseTrunk(s)
		if err != nil {
			t.Fatal(err)
		}
		hops, err := u.targets(t.Context(), c)
		var got []string
		for _, h := range hops {
			got = append(got, h.addr.String())
		}
		if strings.Join(got, " ") != want || (err == nil) != (want != "") {
			t.Errorf("%s: %v %v, want %s", s, got, err, want)
		}
	}
}

func TestInvitesLeaveOnlyWhileTheyAreFresh(t *testing.T) {
	t.Parallel()
	if newFreshness(time.Time{}).over() || newFreshness(time.Time{}).after(time.Hour).over() {
		t.Error("without SendBy it is too late")
	}
	late := newFreshness(time.Now().Add(-time.Millisecond))
	if !late.over() {
		t.Error("after SendBy it is not too late")
	}
	f := newFreshness(time.Now().Add(time.Minute)).after(time.Hour)
	if left := time.Until(f.until); left < time.Hour || left > time.Hour+time.Minute {
		t.Errorf("a further route may be taken for %s", left)
	}
}
