package sip

import (
	"testing"
	"time"
)

// hasty gives up on a trunk soon.
func hasty(c *Config) {
	c.timing.provisional, c.timing.ringing = 500*time.Millisecond, 500*time.Millisecond
}

func TestTheSecondTrunkTakesWhatTheFirstCannot(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"503 Service Unavailable", "500 Server Internal Error", "408 Request Timeout"} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			first, second, ua := sipp(t, "refuse", status), sipp(t, "talk"), listen(t)
			leg := ring(t, ua, first, second).answers()
			leg.Hangup("")
			leg.ends(Local, 0)
			first.over()
			second.over()
			counted(t, ua, Counters{})
		})
	}
}

func TestNobodyIsRungTwice(t *testing.T) {
	t.Parallel()
	first, ua := sipp(t, "refuse", "503 Service Unavailable", "180 Ringing"), listen(t)
	second := &carrier{port: freePort(t)} // not even there: an INVITE to it would cost the leg its cause
	ring(t, ua, first, second).ends(TrunkDown, 503)
	first.over()
	counted(t, ua, Counters{})
}

func TestASilentTrunkIsLeft(t *testing.T) {
	t.Parallel()
	first, second, ua := sipp(t, "slow", "900", "180 Ringing"), sipp(t, "talk"), listen(t, hasty)
	leg := ring(t, ua, first, second).answers()
	first.over() // what rings late is cancelled
	leg.Hangup("")
	leg.ends(Local, 0)
	second.over()
	counted(t, ua, Counters{})
}

func TestATrunkThatOnlyTriesIsCancelledFirst(t *testing.T) {
	t.Parallel()
	first, second, ua := sipp(t, "slow", "0", "100 Trying"), sipp(t, "talk"), listen(t, hasty)
	leg := ring(t, ua, first, second).answers()
	first.over()
	leg.Hangup("")
	leg.ends(Local, 0)
	second.over()
	counted(t, ua, Counters{})
}

func TestATelephoneThatRangAfterAllEndsTheSearch(t *testing.T) {
	t.Parallel()
	first, ua := sipp(t, "lateringing"), listen(t, hasty)
	second := &carrier{port: freePort(t)}
	ring(t, ua, first, second).ends(NoAnswer, 487)
	first.over()
	counted(t, ua, Counters{})
}

func TestATelephoneThatRingsForEverIsCancelled(t *testing.T) {
	t.Parallel()
	c, ua := sipp(t, "slow", "0", "180 Ringing"), listen(t, func(c *Config) { c.timing.ringMax = 300 * time.Millisecond })
	ring(t, ua, c).ends(NoAnswer, 487)
	c.over()
	counted(t, ua, Counters{})
}

func TestNoTrunkAnswersAtAll(t *testing.T) {
	t.Parallel()
	ua := listen(t, hasty, func(c *Config) { c.timing.cancelled, c.timing.provisional = 100*time.Millisecond, 100*time.Millisecond })
	ring(t, ua, &carrier{port: freePort(t)}, &carrier{port: freePort(t)}).ends(TrunkDown, 0)
	counted(t, ua, Counters{})
}

func TestATrunkThatAnswersOPTIONSIsUp(t *testing.T) {
	t.Parallel()
	c := sippWith(t, []string{"-m", "2"}, "options", "200 OK")
	ua := listen(t, func(c *Config) { c.timing.pingUp, c.timing.pingProbe = 50*time.Millisecond, 50*time.Millisecond })
	trunk := ua.AddTrunk(c.trunk())
	c.over()
	if !trunk.Up() {
		t.Error("the trunk is down")
	}
	counted(t, ua, Counters{})
}

func TestATrunkThatWasHeardIsNotAsked(t *testing.T) {
	t.Parallel()
	c, ua := sipp(t, "talk"), listen(t, func(c *Config) { c.timing.pingUp, c.timing.pingProbe = 20*time.Second, time.Millisecond })
	leg := ring(t, ua, c).answers()
	time.Sleep(50 * time.Millisecond) // an OPTIONS in this time would spoil the carrier's scenario
	leg.Hangup("")
	leg.ends(Local, 0)
	c.over()
	counted(t, ua, Counters{})
}

func TestATrunkThatFailsThreeTimesComesLast(t *testing.T) {
	t.Parallel()
	ill, well := sippWith(t, []string{"-m", "3"}, "options", "503 Service Unavailable"), sipp(t, "talk")
	ua := listen(t, func(c *Config) { c.timing.provisional = time.Minute }) // waiting for the one that is down would fail
	down, up := ua.AddTrunk(ill.trunk()), ua.AddTrunk(well.trunk())
	for range 3 {
		if !down.Up() {
			t.Error("the trunk is down too soon")
		}
		down.ping()
	}
	ill.over()
	if down.Up() {
		t.Error("the trunk still counts as up")
	}
	leg := ringWith(t, ua, Invite{Trunks: []*Trunk{down, up}}).answers()
	if n := leg.Snapshot().Trunk; n != up.index {
		t.Errorf("it went over trunk %d", n)
	}
	leg.Hangup("")
	leg.ends(Local, 0)
	well.over()
	down.alive()
	if !down.Up() {
		t.Error("a sign of life does not bring the trunk back")
	}
	counted(t, ua, Counters{})
}

func TestARegistrationIsRenewedAndWithdrawn(t *testing.T) {
	t.Parallel()
	c, ua := sipp(t, "registrar"), listen(t, func(c *Config) { c.timing.registerMin = 10 * time.Millisecond })
	cfg := c.trunk()
	cfg.Register = true
	trunk := ua.AddTrunk(cfg)
	await(t, "the second REGISTER", func() bool { return countLines(c.log("messages"), "Expires: 3600\r\n") == 4 })
	await(t, "its answer", trunk.Registered)
	ua.Close()
	c.over()
	counted(t, ua, Counters{})
}

func TestTheSameWayIsTriedOnce(t *testing.T) {
	t.Parallel()
	c, ua := sipp(t, "refuse", "503 Service Unavailable"), listen(t)
	ring(t, ua, c, c).ends(TrunkDown, 503)
	c.over()
	counted(t, ua, Counters{})
}

func TestATrunkMayMoveDuringACall(t *testing.T) {
	t.Parallel()
	ua, p := listen(t), newPuppet(t)
	leg := ringWith(t, ua, Invite{Trunks: []*Trunk{ua.AddTrunk(p.trunk())}})
	await(t, "the INVITE", p.invited)
	ua.guests.dismiss(loopback) // what resolve does when the name says something else
	p.answer(200, "a")
	leg.answers()
	p.bye("a")
	leg.ends(HungUp, 0)
	ua.guests.admit(loopback)
	await(t, "the ACK", p.settled)
	counted(t, ua, Counters{})
}
