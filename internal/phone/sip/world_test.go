package sip

import (
	"crypto/rand"
	flags "flag" // flag is a function of ours
	"log"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain lets more tests run at once than there are processors: most of them wait for a carrier.
func TestMain(m *testing.M) {
	if err := flags.Set("test.parallel", "12"); err != nil {
		log.Fatal(err)
	}
	goleak.VerifyTestMain(m)
}

// brisk are timings for tests: nothing that a busy machine could miss, but no long waits at the end.
func brisk() timing {
	return timing{linger: 400 * time.Millisecond, retransmit: 100 * time.Millisecond}
}

// listen opens a UA on loopback with brisk timing. At the end of the test it must be as if nothing had happened.
func listen(t *testing.T, adjust ...func(*Config)) *UA {
	t.Helper()
	c := Config{Listen: netip.AddrPortFrom(loopback, 0), timing: brisk()}
	for _, f := range adjust {
		f(&c)
	}
	ua, err := Listen(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ua.Close()
		quietly(t, ua)
	})
	return ua
}

// quietly waits until the UA has forgotten every dialog.
func quietly(t *testing.T, ua *UA) {
	t.Helper()
	if n := ua.Legs(); n != 0 {
		t.Errorf("%d legs are left", n)
	}
	await(t, "the tables to empty", func() bool {
		ua.mu.Lock()
		defer ua.mu.Unlock()
		return len(ua.dialogs) == 0 && len(ua.strays) == 0
	})
	await(t, "addresses other than the trunks' to be forgotten", func() bool {
		ua.guests.mu.RLock()
		defer ua.guests.mu.RUnlock()
		heard := 0
		for _, n := range ua.guests.seen {
			heard += n
		}
		return heard == ua.trunks // each of a test's trunks has one address
	})
}

// story is a leg as its owner sees it.
type story struct {
	*Leg
	t *testing.T
}

// ring rings a number over trunks to the carriers, in order.
func ring(t *testing.T, ua *UA, carriers ...*carrier) story {
	t.Helper()
	i := Invite{}
	for _, c := range carriers {
		i.Trunks = append(i.Trunks, ua.AddTrunk(c.trunk()))
	}
	return ringWith(t, ua, i)
}

// ringWith rings with what is missing filled in.
func ringWith(t *testing.T, ua *UA, i Invite) story {
	t.Helper()
	if i.Token == "" {
		i.Token = rand.Text() + rand.Text()
	}
	i.To, i.From, i.Offer = "+48123456789", "+48221234567", []byte(offer)
	leg, err := ua.Invite(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	return story{Leg: leg, t: t}
}

const offer = "v=0\r\no=ringback 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 8 0\r\n"

// next waits for the next event.
func (s story) next() Event {
	s.t.Helper()
	select {
	case e, ok := <-s.Events():
		if !ok {
			s.t.Fatal("no event will come any more")
		}
		return e
	case <-time.After(20 * time.Second):
		s.t.Fatal("waited in vain for an event")
	}
	return nil
}

// rings waits for a provisional answer.
func (s story) rings(code int) story {
	s.t.Helper()
	if e, ok := s.next().(Ringing); !ok || e.Code != code {
		s.t.Fatalf("got %v, want it to ring with %d", e, code)
	}
	return s
}

// answers waits for the answer, whatever rings before.
func (s story) answers() story {
	s.t.Helper()
	for {
		switch e := s.next().(type) {
		case Ringing:
		case Answered:
			if len(e.SDP) == 0 {
				s.t.Fatal("the answer has no description of the sound")
			}
			return s
		case Ended:
			s.t.Fatalf("it ended: %s", e.Cause)
		}
	}
}

// ends waits for the end, and sees that it is the only one.
func (s story) ends(want Kind, code int) Cause {
	s.t.Helper()
	for {
		e, ok := s.next().(Ended)
		if !ok {
			continue
		}
		if e.Cause.Kind != want || e.Cause.Code != code {
			s.t.Fatalf("it ended as %s, want %s %d", e.Cause, want, code)
		}
		if e, more := <-s.Events(); more {
			s.t.Fatalf("after the end came %v", e)
		}
		<-s.Done()
		return e.Cause
	}
}

// counted compares all counters, once everything that is under way has arrived.
func counted(t *testing.T, ua *UA, want Counters) {
	t.Helper()
	ua.Close()
	if got := ua.Counters(); got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// maxMessage is more than any message of ours.
const maxMessage = 16 << 10
