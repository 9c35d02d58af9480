package sandbox

import (
	"crypto/rand"
	"testing"
	"time"
)

func TestTheVisitorHangsUpWhenBothHaveAnswered(t *testing.T) {
	t.Parallel()
	orders := map[string]func(m, v *call){
		"manager first": func(m, v *call) { m.answered(); v.invite(); v.answered() },
		"visitor first": func(m, v *call) { v.answered(); v.silent(150 * time.Millisecond); m.invite(); m.answered() },
	}
	for name, order := range orders {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t, Config{})
			m := newCall(t, "udp", c.Addr(), "+48500100200", manager("7")...)
			v := newCall(t, "udp", c.Addr(), "+48600100200", visitor("7")...)
			if name == "manager first" {
				m.invite()
			} else {
				v.invite()
			}
			order(m, v)
			v.hungUp()
			m.silent(150 * time.Millisecond) // a manager stays
			m.hangUp()
			eventually(t, "both telephones are still", func() bool { return c.Stats().Dialogs == 0 })
			if s := c.Stats(); s.HungUp != 1 || s.Released != 1 || s.Unreleased != 0 {
				t.Errorf("got %+v, want one that hung up and one released", s)
			}
		})
	}
}

func TestEveryAnsweringVisitorHangsUp(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	for _, number := range []string{"+48500009006", "+48500009007", "+48500009008", "+48500009010", "+48500100200"} {
		t.Run(number, func(t *testing.T) {
			t.Parallel()
			m, v := dial(t, c, "+48500100200", manager(number)...), dial(t, c, number, visitor(number)...)
			m.answered()
			v.answered()
			v.hungUp()
			m.hangUp()
		})
	}
}

func TestAVisitorOfNoCallTalksForItself(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	k := dial(t, c, "+48500100200", "X-Ringback-Party: visitor")
	k.answered()
	k.hungUp()
}

func TestAVisitorWaitsForItsOwnManager(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	other, v := dial(t, c, "+48500100200", manager("1")...), dial(t, c, "+48600100200", visitor("2")...)
	other.answered()
	v.answered()
	v.silent(150 * time.Millisecond)
	v.hangUp()
	other.hangUp()
}

func TestAManagerWhoLeftHasNotAnswered(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	gone := dial(t, c, "+48500100200", manager("1")...)
	gone.answered()
	gone.hangUp()
	tag := gone.answer.header.Get("To")
	eventually(t, "the first manager is gone", func() bool { return c.Stats().Dialogs == 0 })
	v := dial(t, c, "+48600100200", visitor("1")...)
	v.answered()
	v.silent(150 * time.Millisecond)
	m := dial(t, c, "+48500100200", manager("1")...)
	m.answered()
	if got := m.answer.header.Get("To"); got == tag {
		t.Errorf("two telephones answer as %q", got)
	}
	v.hungUp()
	m.hangUp()
}

func TestAManagerNobodyReleases(t *testing.T) {
	t.Parallel()
	c := open(t, Config{timing: timing{stay: 100 * time.Millisecond}})
	k := dial(t, c, "+48500100200", manager("1")...)
	k.answered()
	k.hungUp()
	eventually(t, "the telephone is still", func() bool { return c.Stats().Dialogs == 0 })
	if got := c.Stats().Unreleased; got != 1 {
		t.Errorf("%d telephones were not released, want 1", got)
	}
}

func TestTheAnswerIsRepeatedUntilItIsAcknowledged(t *testing.T) {
	t.Parallel()
	c := open(t, Config{timing: timing{retransmit: 30 * time.Millisecond}})
	k := dial(t, c, "+48500100200")
	k.expect(180)
	for range 3 {
		k.expect(200)
	}
	k.ack()
	k.silent(200 * time.Millisecond)
	k.hangUp()
}

func TestAnAnswerNobodyAcknowledges(t *testing.T) {
	t.Parallel()
	c := open(t, Config{timing: timing{retransmit: 10 * time.Millisecond, unacked: 30 * time.Millisecond}})
	k := dial(t, c, "+48500100200", manager("1")...)
	k.expect(180)
	m := k.expect(200)
	for m.code() == 200 {
		m = k.next()
	}
	if m.method() != "BYE" {
		t.Fatalf("got %q, want BYE", m.first)
	}
	k.reply(m)
	eventually(t, "the telephone is still", func() bool { return c.Stats().Dialogs == 0 })
	if got := c.Stats().Unreleased; got != 1 {
		t.Errorf("%d telephones were not released, want 1", got)
	}
}

// RFC 2543 acknowledged a 2xx within the transaction of the INVITE.
func TestAnOldFashionedAck(t *testing.T) {
	t.Parallel()
	c := open(t, Config{timing: timing{retransmit: 50 * time.Millisecond}})
	k := dial(t, c, "+48500100200")
	k.expect(180)
	k.expect(200)
	k.send("ACK", k.branch, 1, "")
	k.silent(200 * time.Millisecond)
	k.hangUp()
}

func TestARepeatedInviteRingsOnce(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	k := newCall(t, "udp", c.Addr(), "+48500009002")
	k.invite()
	k.expect(180)
	was := k.answer
	k.answer = message{}
	k.invite()
	k.expect(180)
	if got, want := k.answer.header.Get("To"), was.header.Get("To"); got != want {
		t.Errorf("the repeated 180 is of %q, want %q", got, want)
	}
	k.cancel()
	if got := len(c.Rings()); got != 1 {
		t.Errorf("%d telephones rang, want 1", got)
	}
}

func TestTheSameCallByAnotherWay(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	k := dial(t, c, "+48500009002")
	k.expect(180)
	rang := k.answer
	k.answer = message{}
	first := k.branch
	k.branch += "b"
	k.invite()
	k.refused(482)
	k.branch, k.answer = first, rang
	k.cancel()
}

func TestACancelThatIsTooLate(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	k := dial(t, c, "+48500100200", manager("1")...)
	k.expect(180)
	k.expect(200)
	answered := k.answer
	k.answer = message{}
	k.send("CANCEL", k.branch, 1, "")
	k.expect(200) // of the CANCEL, which changes nothing
	if got := k.answer.header.Get("Cseq"); got != "1 CANCEL" {
		t.Errorf("the answer is to %q, want 1 CANCEL", got)
	}
	k.answer = answered
	k.ack()
	k.silent(100 * time.Millisecond)
	k.hangUp()
}

func TestAByeInsteadOfACancel(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	k := dial(t, c, "+48500009002")
	k.expect(180)
	rang := k.answer
	k.send("BYE", k.branch+"bye", 2, "")
	k.expect(200)
	k.answer = rang
	k.refused(487)
}

func TestHoldAndResume(t *testing.T) {
	t.Parallel()
	c := open(t, Config{timing: timing{retransmit: 30 * time.Millisecond}})
	k := dial(t, c, "+48500100200", manager("1")...)
	k.answered()
	for _, direction := range []string{"sendonly", "sendrecv"} {
		k.seq++
		k.branch = "z9hG4bK" + rand.Text()
		k.send("INVITE", k.branch, k.seq, k.offer+"a="+direction+"\r\n")
		k.expect(200)
		k.expect(200) // again, until the ACK
		k.ack()
		want := map[string]string{"sendonly": "a=recvonly", "sendrecv": "a=sendrecv"}[direction]
		if !contains(k.answer.body, want) {
			t.Errorf("the answer to %s is %q, want %s", direction, k.answer.body, want)
		}
	}
	k.silent(100 * time.Millisecond)
	k.send("INVITE", k.branch+"old", k.seq-1, k.offer)
	k.expect(500)
	k.send("UPDATE", k.branch+"upd", k.seq+1, "")
	k.expect(200)
	k.send("UPDATE", k.branch+"up2", k.seq+2, "v=0\r\n")
	k.expect(488)
	k.seq += 2
	k.hangUp()
	if got := len(c.Rings()); got != 1 {
		t.Errorf("%d telephones rang, want 1", got)
	}
}

func TestALateOffer(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	e := listenTo(t)
	k := newCall(t, "udp", c.Addr(), "+48500100200")
	k.offer = ""
	k.invite()
	k.expect(180)
	k.expect(200)
	answer, err := e.Answer([]byte(k.answer.body))
	if err != nil {
		t.Fatal(err)
	}
	k.send("ACK", k.branch+"ack", 1, string(answer))
	eventually(t, "sound", func() bool { return e.Stats().Received > 2 })
	k.hangUp()
}

func TestRequestsOfNoDialog(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	for _, method := range []string{"BYE", "CANCEL", "UPDATE", "INVITE"} {
		k := newCall(t, "udp", c.Addr(), "+48500100200")
		k.answer.header = map[string][]string{"To": {"<sip:x@127.0.0.1>;tag=unknown"}}
		k.send(method, k.branch, 1, "")
		k.expect(481)
		if method == "INVITE" {
			k.ack()
		}
	}
	if got := len(c.Rings()); got != 0 {
		t.Errorf("%d telephones rang, want none", got)
	}
}

func TestOnlyTheCallerCanHangUp(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	k := dial(t, c, "+48500100200", manager("1")...)
	k.answered()
	answer, tag := k.answer, k.tag
	k.tag = "somebody"
	k.send("BYE", "z9hG4bK1", 2, "")
	k.expect(481)
	k.tag, k.answer = tag, message{header: map[string][]string{"To": {"<sip:x@127.0.0.1>;tag=somebody"}}}
	k.send("BYE", "z9hG4bK2", 2, "")
	k.expect(481)
	k.answer = answer
	k.hangUp()
}

func TestCloseHangsUp(t *testing.T) {
	t.Parallel()
	c := open(t, Config{timing: timing{farewell: 300 * time.Millisecond}})
	ringing, talking, deaf := dial(t, c, "+48500009002"), dial(t, c, "+48500100200", manager("1")...), dial(t, c, "+48500100201", manager("2")...)
	ringing.expect(180)
	talking.answered()
	deaf.answered()
	closed := make(chan struct{})
	go func() { defer close(closed); c.Close() }()
	ringing.expect(503)
	talking.hungUp()
	select {
	case <-closed: // although the deaf caller does not answer the BYE
	case <-time.After(soon):
		t.Fatal("Close waits for a caller who does not answer")
	}
	if m := deaf.next(); m.method() != "BYE" {
		t.Errorf("the deaf caller got %q, want BYE", m.first)
	}
	c.Close()
}

func TestTheRouteBack(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	proxy := newCall(t, "udp", c.Addr(), "proxy")
	k := dial(t, c, "+48500009005", "Record-Route: <sip:"+proxy.conn.LocalAddr().String()+";lr>")
	k.answered()
	bye := proxy.hungUp()
	if got, want := bye.header.Get("Route"), "<sip:"+proxy.conn.LocalAddr().String()+";lr>"; got != want {
		t.Errorf("the BYE has the route %q, want %q", got, want)
	}
	if got, want := bye.first, "BYE sip:tester@"+k.conn.LocalAddr().String()+" SIP/2.0"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
