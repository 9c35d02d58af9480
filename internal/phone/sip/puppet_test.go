package sip

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"pgregory.net/rapid"
)

// puppet is a carrier that says what a test wants it to say, when it wants, for what no scenario could put in order.
type puppet struct {
	conn    *net.UDPConn
	contact string

	mu      sync.Mutex
	invite  *gosip.Request
	from    netip.AddrPort
	final   bool            // the INVITE has had its final answer
	answers map[string]bool // tags of the 2xx that were sent; true once they were acknowledged
	over    map[string]bool // tags whose dialog one side has ended
	heard   map[gosip.RequestMethod]int
}

func newPuppet(tb interface {
	Fatal(args ...any)
	Cleanup(f func())
},
) *puppet {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		tb.Fatal(err)
	}
	p := &puppet{conn: conn, contact: conn.LocalAddr().String(), answers: map[string]bool{}, over: map[string]bool{}, heard: map[gosip.RequestMethod]int{}}
	var listener sync.WaitGroup
	listener.Go(p.listen)
	tb.Cleanup(func() { _ = conn.Close(); listener.Wait() })
	return p
}

func (p *puppet) trunk() TrunkConfig {
	return TrunkConfig{Host: "127.0.0.1", Port: p.conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()}
}

func (p *puppet) listen() {
	b := make([]byte, maxMessage)
	for {
		n, from, err := p.conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		if m, err := gosip.ParseMessage(b[:n]); err == nil {
			if req, ok := m.(*gosip.Request); ok {
				p.handle(req, from)
			}
		}
	}
}

func (p *puppet) handle(req *gosip.Request, from netip.AddrPort) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard[req.Method]++
	to := tag(req.To().Params)
	switch req.Method {
	case gosip.INVITE:
		p.invite, p.from = req, from
	case gosip.ACK:
		// The ACK of a refusal has the INVITE's branch, that of an answer has one of its own.
		if _, ok := p.answers[to]; ok && branch(req) != branch(p.invite) {
			p.answers[to] = true
		}
	case gosip.BYE:
		p.over[to] = true
		p.write(gosip.NewResponseFromRequest(req, 200, "OK", nil).String())
	default:
		p.write(gosip.NewResponseFromRequest(req, 200, "OK", nil).String())
	}
}

func branch(req *gosip.Request) string {
	b, _ := req.Via().Params.Get("branch")
	return b
}

// write sends to where the INVITE came from. The caller holds mu.
func (p *puppet) write(message string) { _, _ = p.conn.WriteToUDPAddrPort([]byte(message), p.from) }

// answer answers the INVITE as one of the telephones that it may have reached.
func (p *puppet) answer(code int, who string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	res := gosip.NewResponseFromRequest(p.invite, code, "Whatever", []byte(offer))
	res.To().Params = gosip.HeaderParams{{K: "tag", V: who}}
	res.AppendHeader(gosip.NewHeader("Contact", "<sip:b@"+p.contact+">"))
	p.write(res.String())
	p.final = p.final || code >= 200
	if code/100 == 2 {
		p.answers[who] = p.answers[who] || false
	}
}

// bye hangs up as one of the telephones.
func (p *puppet) bye(who string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over[who] = true
	i := p.invite
	p.write(fmt.Sprintf("BYE sip:ringback@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK%s\r\nFrom: <sip:b@127.0.0.1>;tag=%s\r\nTo: <sip:a@127.0.0.1>;tag=%s\r\n"+
		"Call-ID: %s\r\nCSeq: 9 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n", p.from, p.conn.LocalAddr(), rand.Text(), who, tag(i.From().Params), i.CallID().Value()))
}

func (p *puppet) invited() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.invite != nil
}

func (p *puppet) count(method gosip.RequestMethod) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heard[method]
}

// settled repeats what must be repeated, and reports whether every answer was acknowledged and hung up.
func (p *puppet) settled() bool {
	p.mu.Lock()
	var again []string
	done := true
	for who, acked := range p.answers {
		if !acked {
			again = append(again, who)
		}
		done = done && acked && p.over[who]
	}
	final := p.final
	p.mu.Unlock()
	for _, who := range again {
		p.answer(200, who)
	}
	if !final {
		p.answer(487, "a")
	}
	return done
}

// eventually is await for rapid too.
func eventually(happened func() bool) bool {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if happened() {
			return true
		}
	}
	return false
}

// drained reads all events and counts the ends.
func drained(l *Leg) (ends int, order string) {
	for e := range l.Events() {
		order += fmt.Sprintf(" %T", e)
		if _, ok := e.(Ended); ok {
			ends++
		}
	}
	return ends, order
}

func TestNoOrderOfEventsLosesALeg(t *testing.T) {
	t.Parallel()
	ua := listen(t)
	rapid.Check(t, func(rt *rapid.T) {
		p := newPuppet(rt)
		leg, err := ua.Invite(t.Context(), Invite{Token: rand.Text() + rand.Text(), To: "1", Offer: []byte(offer), Trunks: []*Trunk{ua.AddTrunk(p.trunk())}})
		if err != nil {
			rt.Fatal(err)
		}
		if !eventually(p.invited) {
			rt.Fatal("no INVITE came")
		}
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{"100", "180", "183", "200", "200", "486", "603", "bye", "hang up", "wait"}), 1, 8).Draw(rt, "steps")
		for _, step := range steps {
			who := rapid.SampledFrom([]string{"a", "a", "b"}).Draw(rt, "who")
			switch step {
			case "bye":
				p.bye(who)
			case "hang up":
				leg.Hangup(ElsewhereReason)
			case "wait":
				time.Sleep(time.Millisecond)
			default:
				var code int
				_, _ = fmt.Sscan(step, &code)
				p.answer(code, who)
			}
		}
		leg.Hangup("")
		if !eventually(p.settled) {
			rt.Fatalf("after %v: answers acknowledged %v, hung up %v", steps, p.answers, p.over)
		}
		ends, order := drained(leg)
		if ends != 1 || !strings.HasSuffix(order, "Ended") || strings.Count(order, "Answered") > 1 {
			rt.Fatalf("after %v came%s", steps, order)
		}
	})
}

func TestHangupInEveryState(t *testing.T) {
	t.Parallel()
	for state, reach := range map[string]func(p *puppet, l *Leg){
		"before the INVITE": func(*puppet, *Leg) {},
		"calling":           func(p *puppet, _ *Leg) { eventually(p.invited) },
		"trying":            func(p *puppet, _ *Leg) { eventually(p.invited); p.answer(100, "") },
		"ringing":           func(p *puppet, l *Leg) { eventually(p.invited); p.answer(180, "a"); <-l.Events() },
		"nobody listens": func(p *puppet, l *Leg) {
			eventually(p.invited)
			flood(p)
			eventually(func() bool { return len(l.events) >= eventRoom-2 })
		},
		"answered": func(p *puppet, l *Leg) { eventually(p.invited); p.answer(200, "a"); <-l.Events() },
		"refused":  func(p *puppet, l *Leg) { eventually(p.invited); p.answer(486, "a"); <-l.Done() },
		"hung up": func(p *puppet, l *Leg) {
			eventually(p.invited)
			p.answer(200, "a")
			<-l.Events()
			p.bye("a")
			<-l.Done()
		},
	} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			ua, p := listen(t), newPuppet(t)
			leg := ringWith(t, ua, Invite{Trunks: []*Trunk{ua.AddTrunk(p.trunk())}})
			reach(p, leg.Leg)
			var all sync.WaitGroup
			for range 10 {
				all.Go(func() { leg.Hangup(""); leg.Hangup(ElsewhereReason) })
			}
			all.Wait()
			select {
			case <-leg.Done():
			case <-time.After(10 * time.Second):
				t.Fatal("it does not end")
			}
			if ends, order := drained(leg.Leg); ends != 1 || !strings.HasSuffix(order, "Ended") {
				t.Errorf("came%s", order)
			}
			if p.invited() && !eventually(p.settled) {
				t.Errorf("answers acknowledged %v, hung up %v", p.answers, p.over)
			}
		})
	}
}

// flood rings in more ways than a leg's events have room for.
func flood(p *puppet) {
	for i := range 3 * eventRoom {
		p.answer(180+i%3, "a")
		time.Sleep(time.Millisecond)
	}
}

func TestASecondAnswerWhileTheFirstIsTakenIsNotHungUp(t *testing.T) {
	t.Parallel()
	p := newPuppet(t)
	slow := make(chan struct{})
	ua := listen(t, func(c *Config) {
		c.dns.lookupIP = func(context.Context, string) ([]netip.Addr, error) { <-slow; return []netip.Addr{loopback}, nil }
	})
	leg := ringWith(t, ua, Invite{Trunks: []*Trunk{ua.AddTrunk(p.trunk())}})
	eventually(p.invited)
	p.contact = "peer.example:" + strings.TrimPrefix(p.conn.LocalAddr().String(), "127.0.0.1:")
	p.answer(200, "a")
	p.answer(200, "a")
	time.AfterFunc(50*time.Millisecond, func() { close(slow) })
	leg.answers()
	leg.Hangup("")
	leg.ends(Local, 0)
	if !eventually(p.settled) {
		t.Errorf("answers acknowledged %v, hung up %v", p.answers, p.over)
	}
	if n := p.count(gosip.BYE); n != 1 {
		t.Errorf("%d BYE came", n)
	}
}

func TestAllLegsEndWhenTheUACloses(t *testing.T) {
	t.Parallel()
	ua := listen(t)
	var legs []story
	for _, code := range []int{0, 100, 180, 200} {
		p := newPuppet(t)
		leg := ringWith(t, ua, Invite{Trunks: []*Trunk{ua.AddTrunk(p.trunk())}})
		eventually(p.invited)
		if code > 0 {
			p.answer(code, "a")
		}
		if code > 100 {
			leg.next()
		}
		legs = append(legs, leg)
	}
	ua.Close()
	ua.Close()
	for _, leg := range legs {
		if ends, order := drained(leg.Leg); ends != 1 {
			t.Errorf("came%s", order)
		}
	}
}
