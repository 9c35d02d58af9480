package sip

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// stop makes a UA die as a process does: it says nothing more, and its port is free.
func stop(ua *UA) {
	ua.gate.Shut()
	_ = ua.gate.UDP.Close()
	ua.sockets.Wait()
}

// mortal is a UA that will not wait long for answers when it has died.
func mortal(c *Config) { c.timing.farewell = 10 * time.Millisecond }

// fixed is a port that the system gives to nobody else while its UA is dead.
func fixed(t *testing.T) func(*Config) {
	port := freePort(t)
	return func(c *Config) { c.Listen = netip.AddrPortFrom(loopback, port) }
}

func port(ua *UA) string { return strconv.Itoa(int(ua.Addr().Port())) }

func TestAnotherProcessHangsUp(t *testing.T) {
	t.Parallel()
	for _, scenario := range []string{"talk", "routed", "byeauth"} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			dead, heir := listen(t, mortal), listen(t)
			c := sipp(t, scenario, port(heir))
			leg := ring(t, dead, c).answers()
			row, err := json.Marshal(leg.Snapshot())
			if err != nil || len(row) >= 1024 || strings.Contains(string(row), "secret") {
				t.Fatalf("the snapshot is %d bytes: %s, %v", len(row), row, err)
			}
			stop(dead)
			var s Snapshot
			if err := json.Unmarshal(row, &s); err != nil {
				t.Fatal(err)
			}
			if err := heir.Release(t.Context(), s, []*Trunk{heir.AddTrunk(c.trunk())}); err != nil {
				t.Fatal(err)
			}
			c.over()
			counted(t, heir, Counters{})
		})
	}
}

func TestTheLongestSnapshotIsShort(t *testing.T) {
	t.Parallel()
	d := &dialog{remoteTag: strings.Repeat("t", 16), trunk: &Trunk{index: 999}}
	d.names = derive("token", "route")
	user := strings.Repeat("%41", maxUser)
	d.from.Address, d.to.Address = gosip.Uri{Scheme: "sip", User: user[:maxUser], Host: "carrier.example"}, gosip.Uri{Scheme: "sip", User: user[:maxUser], Host: "carrier.example"}
	d.peer.target = gosip.Uri{Scheme: "sip", User: strings.Repeat("c", 100), Host: "carrier.example"}
	for range 3 {
		d.peer.routes = append(d.peer.routes, gosip.Uri{Scheme: "sip", Host: "proxy.carrier.example", UriParams: gosip.HeaderParams{{K: "lr"}}})
	}
	leg := &Leg{}
	leg.dialog.Store(d)
	if row, err := json.Marshal(leg.Snapshot()); err != nil || len(row) >= 1024 {
		t.Errorf("%d bytes: %s %v", len(row), row, err)
	}
	if s := new(Leg).Snapshot(); fmt.Sprint(s) != fmt.Sprint(Snapshot{}) {
		t.Errorf("a leg that nobody answered is %+v", s)
	}
}

func TestASnapshotOfNothingIsRefused(t *testing.T) {
	t.Parallel()
	good := Snapshot{CallID: "1", LocalTag: "2", RemoteTag: "3", From: "sip:a@b", To: "sip:c@d", Target: "sip:c@d", Addr: "127.0.0.1:1", Network: "UDP"}
	ua := listen(t)
	for name, spoil := range map[string]func(s *Snapshot){
		"empty":      func(s *Snapshot) { *s = Snapshot{} },
		"no address": func(s *Snapshot) { s.Addr = "carrier.example:5060" },
		"no tag":     func(s *Snapshot) { s.RemoteTag = "" },
		"two lines":  func(s *Snapshot) { s.CallID = "1\r\nX: y" },
		"a bad URI":  func(s *Snapshot) { s.Target = "nonsense" },
		"routes":     func(s *Snapshot) { s.Routes = make([]string, maxRoutes+1) },
	} {
		s := good
		spoil(&s)
		if err := ua.Release(t.Context(), s, nil); !errors.Is(err, ErrSnapshot) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnotherProcessStopsTheRinging(t *testing.T) {
	t.Parallel()
	challenge := []string{"407 Proxy Authentication Required", `Proxy-Authenticate: Digest realm="trunk", nonce="abcdef", algorithm=MD5, qop="auth"`}
	for name, words := range map[string][]string{"at once": nil, "after a challenge": challenge} {
		t.Run("from its own port "+name, func(t *testing.T) {
			t.Parallel()
			dead, heir := listen(t, mortal), listen(t)
			c := sipp(t, "orphan", append([]string{"alone", port(heir)}, words...)...)
			stops(t, c, dead, func() *UA { return heir })
		})
		t.Run("from the same port "+name, func(t *testing.T) {
			t.Parallel()
			dead := listen(t, mortal, fixed(t))
			c := sipp(t, "orphan", append([]string{"acknowledged", port(dead)}, words...)...)
			stops(t, c, dead, func() *UA { return listen(t, func(c *Config) { c.Listen = dead.Addr() }) })
		})
	}
}

// stops rings, dies, and cancels as another process.
func stops(t *testing.T, c *carrier, dead *UA, born func() *UA) {
	t.Helper()
	token := rand.Text() + rand.Text()
	leg := ringWith(t, dead, Invite{Token: token, Trunks: []*Trunk{dead.AddTrunk(c.trunk())}}).rings(180)
	stop(dead)
	heir := born()
	ticket := Ticket{Token: token, SentBy: dead.SentBy(), To: "+48123456789"}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := heir.CancelTicket(ctx, ticket, []*Trunk{heir.AddTrunk(c.trunk())}); err != nil {
		t.Error(err)
	}
	c.over()
	vias := regexp.MustCompile(`INVITE sip:.*\r\n(Via: .*)\r\n`).FindAllStringSubmatch(c.log("messages"), -1)
	last := vias[len(vias)-1][1]
	if !regexp.MustCompile(`CANCEL sip:.*\r\n` + regexp.QuoteMeta(last) + `\r\n`).MatchString(c.log("messages")) {
		t.Errorf("no CANCEL says %s", last)
	}
	counted(t, heir, Counters{})
	leg.Hangup("")
	leg.ends(Cancelled, 0)
}

func TestATicketWithoutATokenIsRefused(t *testing.T) {
	t.Parallel()
	ua := listen(t)
	for _, ticket := range []Ticket{{}, {Token: "short", To: "1"}, {Token: strings.Repeat("t", minToken)}} {
		if err := ua.CancelTicket(t.Context(), ticket, nil); !errors.Is(err, ErrToken) {
			t.Errorf("%+v: %v", ticket, err)
		}
	}
}

func TestAnAnswerThatNobodyWaitsForIsHungUp(t *testing.T) {
	t.Parallel()
	c, dead := sipp(t, "stray"), listen(t, mortal, fixed(t))
	leg := ring(t, dead, c).rings(180)
	stop(dead)
	heir := listen(t, func(c *Config) { c.Listen = dead.Addr() })
	heir.AddTrunk(c.trunk())
	c.over()
	counted(t, heir, Counters{Stray2xx: 1})
	leg.Hangup("")
	leg.ends(Cancelled, 0)
}

func TestAnAnswerAfterTheLegWasForgottenIsHungUp(t *testing.T) {
	t.Parallel()
	c, ua := sipp(t, "afterwards"), listen(t)
	ring(t, ua, c).ends(Busy, 486)
	c.over()
	ua.Close()
}

func TestAnInviteThatComesTooLateIsNotSent(t *testing.T) {
	t.Parallel()
	c, ua := sipp(t, "talk"), listen(t)
	trunk := ua.AddTrunk(c.trunk())
	i := Invite{Token: rand.Text() + rand.Text(), To: "1", Trunks: []*Trunk{trunk}, SendBy: time.Now().Add(-time.Millisecond)}
	if _, err := ua.Invite(t.Context(), i); !errors.Is(err, ErrStale) {
		t.Errorf("got %v", err)
	}
	// A leg that was stopped on its way finds out itself.
	waiting := &Trunk{ua: ua, cfg: c.trunk(), known: make(chan struct{}), targets: trunk.hops()}
	leg := ringWith(t, ua, Invite{Trunks: []*Trunk{waiting}, SendBy: time.Now().Add(50 * time.Millisecond)})
	time.AfterFunc(100*time.Millisecond, func() { close(waiting.known) })
	leg.ends(Stale, 0)
	ua.Close()
	if s := c.log("messages"); s != "" {
		t.Errorf("the carrier was sent %s", s)
	}
}

func TestATokenRingsOnce(t *testing.T) {
	t.Parallel()
	c, ua := sipp(t, "talk"), listen(t)
	trunks := []*Trunk{ua.AddTrunk(c.trunk())}
	token := rand.Text() + rand.Text()
	first := ringWith(t, ua, Invite{Token: token, Trunks: trunks}).answers()
	if cause := ringWith(t, ua, Invite{Token: token, Trunks: trunks}).ends(Failed, 0); cause.Reason != ErrToken.Error() {
		t.Errorf("it ended as %s", cause)
	}
	first.Hangup("")
	first.ends(Local, 0)
	c.over()
	counted(t, ua, Counters{})
}

func TestInviteRefusesMistakes(t *testing.T) {
	t.Parallel()
	ua := listen(t)
	good := Invite{Token: rand.Text() + rand.Text(), To: "1", Trunks: []*Trunk{{}}}
	for want, spoil := range map[error]func(i *Invite){
		ErrToken:    func(i *Invite) { i.Token = i.Token[:minToken-1] },
		ErrNoNumber: func(i *Invite) { i.To = "" },
		ErrNoTrunk:  func(i *Invite) { i.Trunks = nil },
		ErrStale:    func(i *Invite) { i.SendBy = time.Now().Add(-time.Hour) },
	} {
		i := good
		spoil(&i)
		if _, err := ua.Invite(t.Context(), i); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	ua.Close()
	if _, err := ua.Invite(t.Context(), good); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if ua.Legs() != 0 {
		t.Error("a leg that never was is counted")
	}
}

func TestTicketsDoNotDependOnOrder(t *testing.T) {
	t.Parallel()
	u := quiet()
	one, two := &Trunk{ua: u, index: 0, cfg: TrunkConfig{Host: "192.0.2.1"}}, &Trunk{ua: u, index: 3, cfg: TrunkConfig{Host: "192.0.2.1"}}
	hops := []hop{{addr: u.local, network: "UDP"}, {addr: u.sentBy, network: "TCP"}}
	one.targets, two.targets = hops, []hop{hops[1], hops[0]}
	a, b := one.routes(), two.routes()
	if derive("token", a[0].name()) != derive("token", b[1].name()) || derive("token", a[1].name()) != derive("token", b[0].name()) {
		t.Error("another process would cancel another call")
	}
	if derive("token", a[0].name()) == derive("token", a[1].name()) || derive("token", a[0].name()) == derive("nekot", a[0].name()) {
		t.Error("two INVITEs have the same names")
	}
}
