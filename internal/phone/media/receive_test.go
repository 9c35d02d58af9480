package media

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"testing"
	"time"
)

func portOf(f *phone) string { return strconv.Itoa(int(f.addr().Port())) }

func TestNobodyElseCanTalkIntoACall(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	anna, visitor, eve := newPhone(t, ALaw), newPhone(t, ALaw), newPhone(t, ALaw)
	a, b := open(t, e), open(t, e)
	anna.answers(a)
	visitor.answers(b)
	Join(a, b)

	frame, evil := sine(ALaw, 400, 1)[0], sine(ALaw, 1000, 1)[0]
	anna.talk(a, frame)
	visitor.mustHear()
	eve.talk(a, evil)
	eventually(t, "the intruder is counted", func() bool { return a.Stats().Foreign == 1 })
	anna.talk(a, frame)
	if h := visitor.mustHear(); !bytes.Equal(h.payload(), frame) {
		t.Error("the visitor heard the intruder")
	}
	visitor.talk(b, frame)
	anna.mustHear()
	if h, ok := eve.hear(20 * time.Millisecond); ok {
		t.Errorf("the intruder was sent %x", h.raw)
	}
	if got := a.Stats().Received; got != 2 {
		t.Errorf("received %d packets, want 2", got)
	}
}

// A phone behind NAT advertises an address that it does not send from.
func TestAudioReturnsToWhereItComesFrom(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	anna := newPhone(t, ALaw)
	a := open(t, e)
	behindNAT := []byte("v=0\r\nc=IN IP4 192.0.2.2\r\nm=audio 4000 RTP/AVP 8\r\n")
	if err := a.Accept(behindNAT); err != nil {
		t.Fatalf("Accept: %v", err)
	}
	anna.talk(a, sine(ALaw, 400, 1)[0])
	stop := a.Loop(Tone([]float64{425}, time.Second, 0, 0.5))
	defer stop()
	anna.mustHear()

	// A re-INVITE that repeats the useless address must not undo that.
	if _, err := a.Answer(append(behindNAT, "a=sendonly\r\n"...)); err != nil {
		t.Fatalf("hold: %v", err)
	}
	for heard := true; heard; {
		_, heard = anna.hear(60 * time.Millisecond)
	}
	if _, err := a.Answer(append(behindNAT, "a=sendrecv\r\n"...)); err != nil {
		t.Fatalf("resume: %v", err)
	}
	anna.mustHear()
}

func TestANewAddressIsFollowed(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	anna, music := newPhone(t, ALaw), newPhone(t, ALaw)
	a := open(t, e)
	anna.answers(a)
	anna.talk(a, sine(ALaw, 400, 1)[0])
	eventually(t, "the first packet arrives", func() bool { return a.Stats().Received == 1 })
	if _, err := a.Answer(music.describe("")); err != nil {
		t.Fatalf("Answer: %v", err)
	}
	stop := a.Loop(Tone([]float64{425}, time.Second, 0, 0.5))
	defer stop()
	music.mustHear()
	music.talk(a, sine(ALaw, 400, 1)[0])
	eventually(t, "the new side is heard", func() bool { return a.Stats().Received == 2 })
}

// A stray packet that came first does not shut out the address that SDP names.
func TestTheDescribedAddressWinsOverAnEarlierStranger(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	anna, eve := newPhone(t, ALaw), newPhone(t, ALaw)
	a := open(t, e)
	anna.answers(a)
	frame := sine(ALaw, 400, 1)[0]
	eve.talk(a, frame)
	eventually(t, "the stranger is taken for the phone", func() bool { return a.Stats().Received == 1 })
	anna.talk(a, frame)
	eventually(t, "the phone is heard", func() bool { return a.Stats().Received == 2 })
	eve.talk(a, frame)
	eventually(t, "the stranger is shut out", func() bool { return a.Stats().Foreign == 1 })
	if got := *a.sock.remote.Load(); got != anna.addr() {
		t.Errorf("audio goes to %v, want %v", got, anna.addr())
	}
}

// After a transfer the old phone, which has not heard of it yet, must not be taken for the new one behind its NAT.
func TestTheFormerSourceIsNotLearntAgain(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	old, anna := newPhone(t, ALaw), newPhone(t, ALaw)
	a := open(t, e)
	old.answers(a)
	now := time.Now()
	frame := func(f *phone, after time.Duration) {
		a.receive(rtp(uint8(ALaw), uint16(after/frameTime), 0, f.ssrc, make([]byte, frameSize)), f.addr(), now.Add(after))
	}
	frame(old, 0)
	if err := a.Accept([]byte("v=0\r\nc=IN IP4 192.0.2.2\r\nm=audio 4000 RTP/AVP 8\r\n")); err != nil {
		t.Fatal(err)
	}
	frame(old, frameTime)
	frame(anna, 2*frameTime)
	frame(old, 2*parting)
	if got := *a.sock.remote.Load(); got != anna.addr() {
		t.Errorf("audio goes to %v, want %v", got, anna.addr())
	}
	if s := a.Stats(); s.Received != 2 || s.Foreign != 2 {
		t.Errorf("received %d, foreign %d; want 2 and 2", s.Received, s.Foreign)
	}

	// A carrier that names another address and sends from the same one is heard again, if nobody else comes.
	if err := a.Accept([]byte("v=0\r\nc=IN IP4 192.0.2.3\r\nm=audio 4000 RTP/AVP 8\r\n")); err != nil {
		t.Fatal(err)
	}
	frame(anna, frameTime)
	frame(anna, 2*parting)
	if s := a.Stats(); s.Received != 3 || s.Foreign != 3 {
		t.Errorf("then received %d, foreign %d; want 3 and 3", s.Received, s.Foreign)
	}
}

// Nobody talks at a thousand packets a second; whoever tries is heard no more than that.
func TestAFloodIsNotPassedOn(t *testing.T) {
	t.Parallel()
	r := newRelayed(t)
	for i := range 3 * flood {
		r.feed(uint8(ALaw), uint16(i), uint32(i), 7, make([]byte, frameSize))
	}
	if s, sent := r.in.Stats(), r.out.Stats().Sent; s.Received != flood || s.Junk != 2*flood || sent != flood {
		t.Errorf("received %d, junk %d, passed on %d; want %d, %d, %d", s.Received, s.Junk, sent, flood, 2*flood, flood)
	}
	r.now = r.now.Add(time.Second)
	r.frame(3*flood, 3*flood)
	if got := r.in.Stats().Received; got != flood+1 {
		t.Errorf("a second later %d packets are received, want %d", got, flood+1)
	}
}

func TestNothingIsHeardBeforeADescription(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	a := open(t, e)
	newPhone(t, ALaw).talk(a, sine(ALaw, 400, 1)[0])
	eventually(t, "the packet is refused", func() bool { return a.Stats().Foreign == 1 })
	if got := a.Stats().Received; got != 0 {
		t.Errorf("received %d packets, want none", got)
	}
}

func TestJunkIsCountedAndIgnored(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	a := open(t, e)
	anna := newPhone(t, ALaw)
	anna.answers(a)
	junk := [][]byte{
		{}, {0x80}, []byte("GET / HTTP/1.1\r\n\r\n"), make([]byte, 12), // too short, or another version
		rtp(111, 1, 2, 3, []byte("opus")),                                    // a codec that nobody offered
		append([]byte{0x8f}, rtp(8, 1, 2, 3, nil)[1:]...),                    // 15 sources, none there
		append([]byte{0x90}, rtp(8, 1, 2, 3, nil)[1:]...),                    // an extension, not there
		append([]byte{0x90}, rtp(8, 1, 2, 3, []byte{0, 0, 255, 255})[1:]...), // a long one
		append([]byte{0xa0}, rtp(8, 1, 2, 3, []byte{200})[1:]...),            // padding beyond the packet
		rtp(8, 1, 2, 3, make([]byte, datagram)),                              // too long
		{0x80, 200}, {0x81, 201, 0, 9, 1, 2, 3, 4},                           // RTCP, cut short
	}
	for _, b := range junk {
		a.receive(bytes.Clone(b), anna.addr(), time.Now())
	}
	if s := a.Stats(); s.Junk != uint64(len(junk)) || s.Received != 0 {
		t.Errorf("%d junk, %d received; want %d and none", s.Junk, s.Received, len(junk))
	}
}

func TestReceptionIsTallied(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		seqs           []uint16
		received, lost uint64
	}{
		{"in order", []uint16{1, 2, 3}, 3, 0},
		{"over the top", []uint16{65534, 65535, 0, 1}, 4, 0},
		{"lost", []uint16{1, 2, 5}, 3, 2},
		{"lost over the top", []uint16{65534, 1}, 2, 2},
		{"overtaken", []uint16{1, 3, 2, 4}, 4, 0},
		{"twice", []uint16{1, 2, 2, 3}, 4, 0},
		{"one from far away", []uint16{1, 2, 30000, 3}, 3, 0},
		{"restarted", []uint16{1, 3, 30000, 30001, 30003}, 4, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var y tally
			now := time.Now()
			for i, seq := range tt.seqs {
				y.add(&packet{seq: seq, ts: uint32(i * frameSize), at: now.Add(time.Duration(i) * frameTime)})
			}
			if lost := y.lost + uint64(y.missing()); y.total != tt.received || lost != tt.lost {
				t.Errorf("%v: received %d, lost %d; want %d, %d", tt.seqs, y.total, lost, tt.received, tt.lost)
			}
		})
	}
}

func TestJitterIsMeasured(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		late     time.Duration // every second packet
		min, max time.Duration
	}{
		{0, 0, 0},
		{8 * time.Millisecond, 7 * time.Millisecond, 9 * time.Millisecond},
	} {
		var y tally
		now := time.Now()
		for i := range 200 {
			at := now.Add(time.Duration(i)*frameTime + time.Duration(i%2)*tt.late)
			y.add(&packet{seq: uint16(i), ts: uint32(i * frameSize), at: at})
		}
		if got := length(int64(y.jitter)); got < tt.min || got > tt.max {
			t.Errorf("late by %v: jitter %v, want %v to %v", tt.late, got, tt.min, tt.max)
		}
	}
}

func TestQuietCountsFromTheAnswer(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	a := open(t, e)
	anna := newPhone(t, ALaw)
	anna.answers(a)
	if got := a.Quiet(); got != 0 {
		t.Errorf("before the answer: quiet for %v, want 0", got)
	}
	a.Answered()
	eventually(t, "silence is noticed", func() bool { return a.Quiet() >= 30*time.Millisecond })
	quiet := a.Quiet()
	anna.talk(a, sine(ALaw, 400, 1)[0])
	eventually(t, "a packet ends it", func() bool { return a.Quiet() < quiet })
	if a.Stats().LastReceived.IsZero() {
		t.Error("the time of the last packet is not known")
	}

	eventually(t, "silence is noticed again", func() bool { return a.Quiet() >= 30*time.Millisecond })
	quiet = a.Quiet()
	for _, way := range []string{"a=inactive\r\n", "a=sendrecv\r\n"} {
		if _, err := a.Answer(anna.describe(way)); err != nil {
			t.Fatalf("re-INVITE %q: %v", way, err)
		}
	}
	if got := a.Quiet(); got >= quiet {
		t.Errorf("after a hold: quiet for %v, want it counted from the end of the hold", got)
	}
}

// A talk counts as dead when neither side is on hold and both have been quiet for twenty seconds.
func TestADeadTalkIsTold(t *testing.T) {
	t.Parallel()
	const limit = 20 * time.Second
	e := newEngine(t)
	anna := newPhone(t, ALaw)
	a := open(t, e)
	dead := func() bool { return !a.OnHold() && a.Quiet() > limit }
	pass := func(d time.Duration) { // as if so much time had gone by
		a.in.mu.Lock()
		defer a.in.mu.Unlock()
		a.in.answered, a.in.life = a.in.answered.Add(-d), a.in.life.Add(-d)
	}
	frame := sine(ALaw, 400, 1)[0]
	anna.answers(a)
	anna.talk(a, frame) // early media
	eventually(t, "early media arrives", func() bool { return a.Stats().Received == 1 })
	a.in.mu.Lock()
	a.in.life = a.in.life.Add(-time.Minute)
	a.in.mu.Unlock()
	if dead() {
		t.Error("dead before the answer")
	}
	a.Answered()
	if dead() {
		t.Error("dead at the answer, for the silence before it")
	}
	pass(limit - time.Second)
	a.Answered() // again changes nothing
	if dead() {
		t.Error("dead after 19 s")
	}
	pass(2 * time.Second)
	if !dead() {
		t.Error("not dead after 21 s without a packet")
	}
	anna.talk(a, frame)
	eventually(t, "a packet brings it back", func() bool { return !dead() })

	for _, way := range []string{"a=sendonly\r\n", "a=inactive\r\n", "a=recvonly\r\n"} {
		if _, err := a.Answer(anna.describe(way)); err != nil {
			t.Fatal(err)
		}
		pass(time.Hour)
		if dead() {
			t.Errorf("dead on hold with %q", way)
		}
		if _, err := a.Answer(anna.describe("a=sendrecv\r\n")); err != nil {
			t.Fatal(err)
		}
		if dead() {
			t.Errorf("dead at the end of the hold with %q", way)
		}
		pass(limit + time.Second)
		if !dead() {
			t.Errorf("not dead 21 s after the hold with %q", way)
		}
	}
}

func TestIPv6(t *testing.T) {
	t.Parallel()
	e, err := New(Config{Addr: netip.IPv6Loopback()})
	if err != nil {
		t.Skipf("no IPv6 here: %v", err)
	}
	t.Cleanup(e.Close)
	a, b := open(t, e), open(t, e)
	answer, err := b.Answer(a.Offer())
	if err != nil {
		t.Fatalf("Answer: %v", err)
	}
	if err := a.Accept(answer); err != nil {
		t.Fatalf("Accept: %v", err)
	}
	if err := a.Play(t.Context(), Tone([]float64{400}, 60*time.Millisecond, 0, 0.5)); err != nil {
		t.Fatalf("Play: %v", err)
	}
	eventually(t, "the tone arrives", func() bool { return b.Stats().Received == 3 })
	if err := a.Accept([]byte("v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 8\r\n")); err == nil {
		t.Error("an IPv4 address was accepted by a port that has only IPv6")
	}
}

func FuzzReceive(f *testing.F) {
	f.Add(rtp(8, 1, 160, 3, make([]byte, frameSize)), uint8(0))
	f.Add(rtp(0, 1, 160, 3, make([]byte, frameSize)), uint8(1))
	f.Add(rtp(101, 1, 160, 3, []byte{1, 10, 0, 160}), uint8(2))
	f.Add(append([]byte{0xbf}, rtp(8, 1, 2, 3, make([]byte, 80))[1:]...), uint8(0))
	f.Add([]byte{0x80, 200, 0, 6, 1, 2, 3, 4}, uint8(0))
	f.Add([]byte{0x81, 201, 0, 7}, uint8(0))
	e := newEngine(f)
	anna, visitor := newPhone(f, ALaw), newPhone(f, ULaw)
	a, b := open(f, e), open(f, e)
	anna.answers(a)
	visitor.answers(b)
	Join(a, b)
	a.Record(record(f), Left)
	now := time.Now()
	f.Fuzz(func(t *testing.T, raw []byte, ms uint8) {
		now = now.Add(time.Duration(ms) * time.Millisecond)
		a.receive(bytes.Clone(raw), anna.addr(), now)
		a.receive(bytes.Clone(raw), netip.AddrPort{}, now)
		if s := a.Stats(); s.Jitter < 0 {
			t.Error(fmt.Sprint("negative jitter ", s.Jitter))
		}
		for len(a.digits) > 0 {
			if d := <-a.Digits(); !bytes.Contains([]byte(keys), []byte{d}) {
				t.Errorf("digit %q", d)
			}
		}
	})
}
