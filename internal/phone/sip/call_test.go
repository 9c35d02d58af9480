package sip

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestATalkEndsWhenWeHangUp(t *testing.T) {
	t.Parallel()
	c, ua := sipp(t, "talk"), listen(t)
	leg := ring(t, ua, c).answers()
	leg.Hangup("")
	leg.Hangup(ElsewhereReason)
	leg.ends(Local, 0)
	c.over()
	counted(t, ua, Counters{})
}

func TestATalkEndsWhenTheOtherSideHangsUp(t *testing.T) {
	t.Parallel()
	c, ua := sipp(t, "leave"), listen(t)
	ring(t, ua, c).answers().ends(HungUp, 0)
	c.over()
	counted(t, ua, Counters{})
}

func TestRingingIsCancelled(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"180 Ringing", "183 Session Progress"} {
		c, ua := sipp(t, "cancelled", answer), listen(t)
		leg := ring(t, ua, c).rings(int(answer[2]-'0') + 180)
		leg.Hangup("")
		leg.ends(Cancelled, 0)
		c.over()
		counted(t, ua, Counters{})
	}
}

func TestATelephoneIsToldThatAnotherOneAnswered(t *testing.T) {
	t.Parallel()
	c, ua := sipp(t, "cancelled", "180 Ringing", `^ ?SIP;cause=200;text=.Call completed elsewhere.$`), listen(t)
	leg := ring(t, ua, c).rings(180)
	leg.Hangup(ElsewhereReason)
	leg.ends(Cancelled, 0)
	c.over()
	if !strings.Contains(c.log("messages"), "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n") {
		t.Error("the Reason is not as phones expect it")
	}
}

func TestAnAnswerThatCrossesTheCancelIsHungUp(t *testing.T) {
	t.Parallel()
	c, ua := sipp(t, "crossing"), listen(t)
	leg := ring(t, ua, c).rings(180)
	leg.Hangup("")
	leg.ends(Cancelled, 0)
	c.over()
	counted(t, ua, Counters{CancelCross: 1})
}

func TestTheSecondOfTwoAnswersIsHungUp(t *testing.T) {
	t.Parallel()
	c, ua := sipp(t, "fork"), listen(t)
	leg := ring(t, ua, c).answers()
	await(t, "the second one's BYE", func() bool { return strings.Contains(c.log("messages"), "BYE sip:") })
	leg.Hangup("")
	leg.ends(Local, 0)
	c.over()
	counted(t, ua, Counters{Fork2xx: 1})
}

func TestALostACKIsSentAgain(t *testing.T) {
	t.Parallel()
	c, ua := sipp(t, "lostack"), listen(t)
	leg := ring(t, ua, c).answers()
	await(t, "the second ACK", func() bool { return ua.Counters().ReAck == 1 })
	leg.Hangup("")
	leg.ends(Local, 0)
	c.over()
	counted(t, ua, Counters{ReAck: 1})
}

func TestAByeOvertakesTheAnswer(t *testing.T) {
	t.Parallel()
	c, ua := sipp(t, "byerace"), listen(t)
	ring(t, ua, c).answers().ends(HungUp, 0)
	c.over()
	counted(t, ua, Counters{ByeBefore2xx: 1})
}

func TestACancelWaitsForTheFirstSignOfLife(t *testing.T) {
	t.Parallel()
	c, ua := sipp(t, "slow", "300", "180 Ringing"), listen(t)
	leg := ring(t, ua, c)
	await(t, "the INVITE", func() bool { return strings.Contains(c.log("messages"), "INVITE sip:") })
	leg.Hangup("")
	leg.ends(Cancelled, 0)
	c.over()
	counted(t, ua, Counters{})
}

func TestRequestsFollowTheRouteOfTheAnswer(t *testing.T) {
	t.Parallel()
	c, ua := sipp(t, "routed"), listen(t)
	leg := ring(t, ua, c).answers()
	leg.Hangup("")
	leg.ends(Local, 0)
	c.over()
	counted(t, ua, Counters{})
}

func TestATalkOverTCP(t *testing.T) {
	t.Parallel()
	c, ua := sippWith(t, []string{"-t", "t1"}, "talk"), listen(t)
	cfg := c.trunk()
	cfg.Transport = "tcp"
	leg := ringWith(t, ua, Invite{Trunks: []*Trunk{ua.AddTrunk(cfg)}}).answers()
	if s := leg.Snapshot(); s.Network != "TCP" {
		t.Errorf("the snapshot is of %s", s.Network)
	}
	leg.Hangup("")
	leg.ends(Local, 0)
	c.over()
	counted(t, ua, Counters{})
}

func TestATalkOverALossyNetwork(t *testing.T) {
	t.Parallel()
	for range 2 {
		c, ua := sippWith(t, []string{"-lost", "10"}, "lossy"), listen(t)
		leg := ring(t, ua, c).answers()
		leg.Hangup("")
		leg.ends(Local, 0)
		c.over()
	}
}

func TestAChallengeIsAnswered(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status, ask, answer, algorithm string
		sum                            func() hash.Hash
	}{
		{"407 Proxy Authentication Required", "Proxy-Authenticate", "Proxy-Authorization", "MD5", md5.New},
		{"401 Unauthorized", "WWW-Authenticate", "Authorization", "MD5", md5.New},
		{"401 Unauthorized", "WWW-Authenticate", "Authorization", "SHA-256", sha256.New},
	} {
		t.Run(test.status+" "+test.algorithm, func(t *testing.T) {
			t.Parallel()
			c := sipp(t, "challenge", test.status, test.ask+`: Digest realm="trunk", nonce="abcdef", algorithm=`+test.algorithm+`, qop="auth"`)
			ua := listen(t)
			leg := ring(t, ua, c).answers()
			leg.Hangup("")
			leg.ends(Local, 0)
			c.over()
			counted(t, ua, Counters{})
			proves(t, c.log("messages"), test.answer, test.sum)
		})
	}
}

// proves works out the answer to the challenge as RFC 7616 section 3.4.1 has it.
func proves(t *testing.T, messages, header string, sum func() hash.Hash) {
	t.Helper()
	line := regexp.MustCompile(`(?m)^` + header + `: Digest (.*)\r$`).FindStringSubmatch(messages)
	if line == nil {
		t.Fatalf("no %s in\n%s", header, messages)
	}
	p := map[string]string{}
	for _, m := range regexp.MustCompile(`(\w+)=(?:"([^"]*)"|([^ ,]+))`).FindAllStringSubmatch(line[1], -1) {
		p[m[1]] = m[2] + m[3]
	}
	h := func(parts ...string) string {
		s := sum()
		s.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(s.Sum(nil))
	}
	want := h(h("anna", "trunk", "secret"), "abcdef", p["nc"], p["cnonce"], "auth", h("INVITE", p["uri"]))
	if p["response"] != want || p["username"] != "anna" {
		t.Errorf("%s proves nothing: %v, want response %s", header, p, want)
	}
}

func TestAWrongPasswordIsForbidden(t *testing.T) {
	t.Parallel()
	c, ua := sipp(t, "refusetwice", `407 Proxy Authentication Required`, `Proxy-Authenticate: Digest realm="trunk", nonce="abcdef", algorithm=MD5, qop="auth"`), listen(t)
	ring(t, ua, c).ends(Forbidden, 407)
	c.over()
	counted(t, ua, Counters{})
}

// talkers records what the owner of a leg is asked and told about the sound.
type talker struct {
	mu     sync.Mutex
	offers []string
	heard  []string
	refuse int // offers
}

func (w *talker) answer(offer []byte) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse--; w.refuse >= 0 {
		return nil, errors.New("not this one")
	}
	w.offers = append(w.offers, string(offer))
	if strings.Contains(string(offer), "a=sendonly") {
		return []byte("v=0\r\nm=audio 20000 RTP/AVP 8\r\na=recvonly\r\n"), nil
	}
	return []byte("v=0\r\nm=audio 20000 RTP/AVP 8\r\na=sendrecv\r\n"), nil
}

func (w *talker) hear(answer []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = append(w.heard, string(answer))
	return nil
}

func TestOffersInADialog(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		scenario      string
		refuse        int
		offers, heard int
		want          Counters
	}{
		{"hold", 0, 2, 0, Counters{ReInvite: 2}},
		{"refusedoffer", 1, 1, 0, Counters{ReInvite: 2}},
		{"lateoffer", 0, 1, 1, Counters{ReInvite: 1}},
		{"update", 0, 1, 0, Counters{ReInvite: 2}},
	} {
		t.Run(test.scenario, func(t *testing.T) {
			t.Parallel()
			c, ua, who := sipp(t, test.scenario), listen(t), &talker{refuse: test.refuse}
			leg := ringWith(t, ua, Invite{Trunks: []*Trunk{ua.AddTrunk(c.trunk())}, OnOffer: who.answer, OnAnswer: who.hear})
			leg.answers().ends(HungUp, 0)
			c.over()
			counted(t, ua, test.want)
			if len(who.offers) != test.offers || len(who.heard) != test.heard {
				t.Errorf("heard the offers %q and the answers %q", who.offers, who.heard)
			}
		})
	}
}

func TestAnAnswerThatIsNeverAcknowledgedIsGivenUp(t *testing.T) {
	t.Parallel()
	c, ua, who := sipp(t, "noack"), listen(t, func(c *Config) { c.timing.retransmit = 5 * time.Millisecond }), &talker{}
	leg := ringWith(t, ua, Invite{Trunks: []*Trunk{ua.AddTrunk(c.trunk())}, OnOffer: who.answer}).answers()
	await(t, "patience to end", func() bool { return ua.Counters().LostAck == 1 })
	leg.Hangup("")
	leg.ends(Local, 0)
	c.over()
	counted(t, ua, Counters{ReInvite: 1, LostAck: 1})
}
