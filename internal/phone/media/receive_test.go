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
