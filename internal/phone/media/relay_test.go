package media

import (
	"net/netip"
	"testing"
	"time"
)

func TestJoinedPhonesHearEachOther(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ a, b Law }{{ALaw, ULaw}, {ULaw, ALaw}, {ALaw, ALaw}, {ULaw, ULaw}} {
		t.Run(tt.a.String()+" and "+tt.b.String(), func(t *testing.T) {
			t.Parallel()
			e := newEngine(t)
			anna, visitor := newPhone(t, tt.a), newPhone(t, tt.b)
			a, b := open(t, e), open(t, e)
			anna.answers(a)
			visitor.answers(b)
			Join(a, b)

			for i := range 25 {
				anna.talk(a, sine(tt.a, 400, 25)[i])
				visitor.talk(b, sine(tt.b, 1000, 25)[i])
			}
			for _, ear := range []struct {
				*phone
				hears, not float64
			}{{visitor, 400, 1000}, {anna, 1000, 400}} {
				pcm := ear.mustHearAudio(25)
				if got := Level(pcm, ear.hears); got < 0.45 || got > 0.55 {
					t.Errorf("the %s phone hears %.0f Hz at %.3f, want 0.5", ear.law, ear.hears, got)
				}
				if got := Level(pcm, ear.not); got > 0.01 {
					t.Errorf("the %s phone hears %.0f Hz at %.3f, want none", ear.law, ear.not, got)
				}
			}
		})
	}
}

// A peer may send the other law than the one agreed on; its payload type says which.
func TestEitherLawIsTaken(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	anna, visitor := newPhone(t, ALaw), newPhone(t, ALaw)
	a, b := open(t, e), open(t, e)
	anna.answers(a)
	visitor.answers(b)
	Join(a, b)
	anna.law = ULaw
	for _, f := range sine(ULaw, 400, 25) {
		anna.talk(a, f)
	}
	h := visitor.mustHear()
	if Law(h.kind) != ALaw {
		t.Errorf("relayed as payload type %d, want %d", h.kind, ALaw)
	}
	if got := Level(append(ALaw.decode(h.payload()), visitor.mustHearAudio(24)...), 400); got < 0.45 {
		t.Errorf("heard at %.3f, want 0.5", got)
	}
}

func TestPartedPhonesDoNotHearEachOther(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	anna, visitor := newPhone(t, ALaw), newPhone(t, ALaw)
	a, b := open(t, e), open(t, e)
	anna.answers(a)
	visitor.answers(b)
	Join(a, b)
	anna.talk(a, sine(ALaw, 400, 1)[0])
	visitor.mustHear()
	Part(a, b)
	anna.talk(a, sine(ALaw, 400, 1)[0])
	eventually(t, "the second packet arrives", func() bool { return a.Stats().Received == 2 })
	if h, ok := visitor.hear(50 * time.Millisecond); ok {
		t.Errorf("after parting the visitor hears %x", h.raw)
	}
}

func TestEarlyMediaGoesOneWay(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	anna, visitor := newPhone(t, ALaw), newPhone(t, ALaw)
	a, b := open(t, e), open(t, e)
	anna.answers(a)
	visitor.answers(b)
	Relay(b, a)
	anna.talk(a, sine(ALaw, 400, 1)[0])
	visitor.talk(b, sine(ALaw, 1000, 1)[0])
	anna.mustHear()
	eventually(t, "both packets arrive", func() bool { return a.Stats().Received+b.Stats().Received == 2 })
	if got := b.Stats().Sent; got != 0 {
		t.Errorf("the visitor was sent %d packets, want none", got)
	}
}

// A third party that joins takes the place of the second, which hears nothing more.
func TestJoiningAnotherLeavesTheFirst(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	phones, ports := [3]*phone{}, [3]*Port{}
	for i := range ports {
		phones[i], ports[i] = newPhone(t, ALaw), open(t, e)
		phones[i].answers(ports[i])
	}
	Join(ports[0], ports[1])
	Join(ports[0], ports[2])
	for i, f := range phones {
		f.talk(ports[i], sine(ALaw, 400, 1)[0])
	}
	phones[0].mustHear()
	phones[2].mustHear()
	eventually(t, "the packet of the one who was left arrives", func() bool { return ports[1].Stats().Received == 1 })
	for i, want := range []uint64{1, 0, 1} {
		if got := ports[i].Stats().Sent; got != want {
			t.Errorf("port %d sent %d packets, want %d", i, got, want)
		}
	}
}

// relayed is a joined pair whose packets a test feeds in by hand, at instants of its choice.
type relayed struct {
	t    testing.TB
	in   *Port
	from netip.AddrPort
	ear  *phone
	out  *Port
	now  time.Time
}

func newRelayed(t testing.TB) *relayed {
	e := newEngine(t)
	anna, visitor := newPhone(t, ALaw), newPhone(t, ULaw)
	visitor.keys = 96
	a, b := open(t, e), open(t, e)
	anna.answers(a)
	visitor.answers(b)
	Join(a, b)
	return &relayed{t: t, in: a, from: anna.addr(), ear: visitor, out: b, now: time.Now()}
}

func (r *relayed) feed(kind uint8, seq uint16, ts, ssrc uint32, payload []byte) {
	r.in.receive(rtp(kind, seq, ts, ssrc, payload), r.from, r.now)
}

func (r *relayed) frame(seq uint16, ts uint32) {
	r.feed(uint8(ALaw), seq, ts, 7, make([]byte, frameSize))
	r.now = r.now.Add(frameTime)
}

func TestRelayedOrderIsKept(t *testing.T) {
	t.Parallel()
	r := newRelayed(t)
	for _, i := range []uint16{0, 1, 3, 2, 5} { // one overtakes, one is lost
		r.frame(65533+i, 1000+uint32(i)*frameSize)
	}
	first := r.ear.mustHear()
	for _, i := range []uint16{1, 3, 2, 5} {
		h := r.ear.mustHear()
		if h.seq != first.seq+i || h.ts != first.ts+uint32(i)*frameSize || h.ssrc != first.ssrc {
			t.Errorf("packet %d: seq +%d ts +%d, want +%d +%d", i, h.seq-first.seq, h.ts-first.ts, i, uint32(i)*frameSize)
		}
	}
}

// A packet that is older than the first of its run must not fill a number that went to something else.
func TestPacketsFromBeforeTheRunAreLeftOut(t *testing.T) {
	t.Parallel()
	r := newRelayed(t)
	r.frame(10, 1600)
	r.frame(9, 1440)
	r.frame(11, 1760)
	first, second := r.ear.mustHear(), r.ear.mustHear()
	if got := second.seq - first.seq; got != 1 {
		t.Errorf("the next packet is +%d, want +1", got)
	}
	if got := r.out.Stats().Sent; got != 2 {
		t.Errorf("%d packets were sent, want 2", got)
	}
}

// A phone that restarts its stream, jumps or stops its clock during a pause stays one stream for the other side.
func TestRestartedStreamsAreContinued(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		seq   uint16
		ts    uint32
		ssrc  uint32
		pause time.Duration
		want  uint32
	}{
		{"new SSRC", 40000, 99, 8, 20 * time.Millisecond, frameSize},
		{"new SSRC after a pause", 40000, 99, 8, time.Second, sampleRate},
		{"timestamps leap forward", 102, 1000 + 500000, 7, 20 * time.Millisecond, frameSize},
		{"timestamps leap back", 102, 1<<32 + 1000 - 500000, 7, 20 * time.Millisecond, frameSize},
		{"clock stood still for five seconds", 102, 1000 + 2*frameSize, 7, 5 * time.Second, 5 * sampleRate},
		{"clock ran on for five seconds", 102, 1000 + frameSize + 5*sampleRate, 7, 5 * time.Second, 5 * sampleRate},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRelayed(t)
			r.frame(100, 1000)
			r.frame(101, 1000+frameSize)
			r.now = r.now.Add(tt.pause - frameTime)
			r.feed(uint8(ALaw), tt.seq, tt.ts, tt.ssrc, make([]byte, frameSize))
			r.ear.mustHear()
			before, after := r.ear.mustHear(), r.ear.mustHear()
			if after.ssrc != before.ssrc || after.seq != before.seq+1 {
				t.Errorf("seq %d of %x after %d of %x, want the next of the same", after.seq, after.ssrc, before.seq, before.ssrc)
			}
			if got := after.ts - before.ts; got != tt.want {
				t.Errorf("timestamp advanced by %d, want %d", int32(got), tt.want)
			}
		})
	}
}

func TestKeysPassInTheOtherSidesNumbers(t *testing.T) {
	t.Parallel()
	r := newRelayed(t)
	r.frame(1, 0)
	for i := range 60 { // held for longer than timestamps of audio may stray
		r.feed(101, uint16(2+i), frameSize, 7, []byte{5, 10, 0, byte(i)})
		r.now = r.now.Add(frameTime)
	}
	r.frame(62, frameSize+60*frameSize)
	audio := r.ear.mustHear()
	for i := range 60 {
		h := r.ear.mustHear()
		if h.kind != 96 || h.payload()[0] != 5 || h.ts != audio.ts+frameSize || h.seq != audio.seq+uint16(1+i) {
			t.Fatalf("key packet %d: kind %d event %d ts +%d seq +%d", i, h.kind, h.payload()[0], h.ts-audio.ts, h.seq-audio.seq)
		}
	}
	if h := r.ear.mustHear(); h.kind != uint8(ULaw) || h.ts != audio.ts+61*frameSize || h.seq != audio.seq+61 {
		t.Errorf("audio goes on with kind %d ts +%d seq +%d", h.kind, h.ts-audio.ts, h.seq-audio.seq)
	}
}

// What the other side does not take is left out without looking like loss.
func TestKeysAreLeftOutWhereNobodyTakesThem(t *testing.T) {
	t.Parallel()
	r := newRelayed(t)
	sdp := []byte("v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio " + portOf(r.ear) + " RTP/AVP 0\r\n")
	if err := r.out.Accept(sdp); err != nil {
		t.Fatalf("Accept: %v", err)
	}
	r.frame(1, 0)
	r.feed(101, 2, frameSize, 7, []byte{5, 10, 0, 160})
	r.frame(3, 2*frameSize)
	first, second := r.ear.mustHear(), r.ear.mustHear()
	if second.seq != first.seq+1 || second.ts != first.ts+2*frameSize {
		t.Errorf("after the key: seq +%d ts +%d, want +1 +%d", second.seq-first.seq, second.ts-first.ts, 2*frameSize)
	}
}

func TestHeaderExtensionsAreNotPassedOn(t *testing.T) {
	t.Parallel()
	r := newRelayed(t)
	b := rtp(uint8(ULaw), 1, 2, 3, nil)
	b[0] |= 0x31                                 // padding, extension, one contributing source
	b = append(b, 9, 9, 9, 9)                    // the source
	b = append(b, 0xbe, 0xde, 0, 1, 1, 2, 3, 4)  // the extension
	b = append(b, 'a', 'u', 'd', 'i', 'o', 0, 2) // and two bytes of padding
	r.in.receive(b, r.from, r.now)
	h := r.ear.mustHear()
	if got := string(h.payload()); got != "audio" || h.raw[0] != rtpVersion {
		t.Errorf("passed on %q with first byte %#x, want audio in a bare packet", got, h.raw[0])
	}
}

func TestRelayingAllocatesNothing(t *testing.T) {
	r := newRelayed(t)
	b := rtp(uint8(ALaw), 1, 0, 7, make([]byte, frameSize))
	template := append([]byte(nil), b...)
	recorder := record(t)
	r.in.Record(recorder, Left)
	seq := uint16(0)
	allocs := testing.AllocsPerRun(500, func() {
		copy(b, template)
		seq++
		b[2], b[3] = byte(seq>>8), byte(seq)
		r.in.receive(b, r.from, time.Now())
	})
	if allocs != 0 {
		t.Errorf("%v allocations per packet, want none", allocs)
	}
	if got := r.out.Stats().Sent; got < 500 {
		t.Errorf("only %d packets were relayed", got)
	}
}

// The real read loop: packets come through the sockets on both sides.
func TestReceivingAllocatesNothing(t *testing.T) {
	e := newEngine(t)
	anna, visitor := newPhone(t, ALaw), newPhone(t, ULaw)
	a, b := open(t, e), open(t, e)
	anna.answers(a)
	visitor.answers(b)
	Join(a, b)
	to, buf := a.Addr(), make([]byte, datagram)
	raw := rtp(uint8(ALaw), 1, 0, 7, make([]byte, frameSize))
	seq := uint16(0)
	if err := visitor.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	allocs := testing.AllocsPerRun(200, func() {
		seq++
		raw[2], raw[3] = byte(seq>>8), byte(seq)
		if _, err := anna.conn.WriteToUDPAddrPort(raw, to); err != nil {
			t.Fatal(err)
		}
		if _, _, err := visitor.conn.ReadFromUDPAddrPort(buf); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations per packet, want none", allocs)
	}
}

// Sequence numbers wrap after 22 minutes, timestamps after six days; nobody may fall silent then.
func TestALongTalkStaysAudible(t *testing.T) {
	t.Parallel()
	r := newRelayed(t)
	const frames = 1<<16 + 1<<15 + 100
	for i := range frames {
		r.frame(uint16(60000+i), uint32(i*frameSize)-20000*frameSize)
	}
	if got := r.out.Stats().Sent; got != frames {
		t.Errorf("%d of %d packets were relayed", got, frames)
	}
	if s := r.in.Stats(); s.Received != frames || s.Lost != 0 || s.Junk != 0 {
		t.Errorf("counted %+v, want %d received and none lost", s, frames)
	}
}

// While one holds, its music still reaches the other, who is not heard; afterwards the talk goes on as one stream.
func TestAHoldWithinATalk(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	anna, visitor := newPhone(t, ALaw), newPhone(t, ULaw)
	a, b := open(t, e), open(t, e)
	anna.answers(a)
	visitor.answers(b)
	Join(a, b)
	voice, music := sine(ULaw, 1000, 1)[0], sine(ALaw, 400, 1)[0]
	visitor.talk(b, voice)
	before := anna.mustHear()

	if _, err := a.Answer(anna.describe("a=sendonly\r\n")); err != nil {
		t.Fatal(err)
	}
	anna.talk(a, music)
	visitor.mustHear()
	visitor.talk(b, voice)
	eventually(t, "the visitor's packet arrives", func() bool { return b.Stats().Received == 2 })
	if h, ok := anna.hear(30 * time.Millisecond); ok {
		t.Errorf("on hold the phone is sent %x", h.raw)
	}
	if !a.OnHold() || b.OnHold() {
		t.Errorf("on hold: %v and %v, want only the one who holds", a.OnHold(), b.OnHold())
	}

	if _, err := a.Answer(anna.describe("a=sendrecv\r\n")); err != nil {
		t.Fatal(err)
	}
	visitor.talk(b, voice)
	after := anna.mustHear()
	if after.ssrc != before.ssrc || after.seq != before.seq+1 || after.marker == 0 || int32(after.ts-before.ts) < frameSize {
		t.Errorf("after the hold: ssrc %x seq +%d marker %d ts +%d", after.ssrc, after.seq-before.seq, after.marker, after.ts-before.ts)
	}
	if a.OnHold() {
		t.Error("still on hold")
	}
}

// Two ports that are told to send to each other pass the same packets round and round, but not at full speed.
func TestALoopIsSlowedDown(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	a, b := open(t, e), open(t, e)
	for _, side := range [][2]*Port{{a, b}, {b, a}} {
		if err := side[0].Accept(side[1].Offer()); err != nil {
			t.Fatal(err)
		}
	}
	Join(a, b)
	a.receive(rtp(uint8(ALaw), 1, 2, 3, sine(ALaw, 400, 1)[0]), b.Addr(), time.Now())
	eventually(t, "the flood is stopped", func() bool { return a.Stats().Junk+b.Stats().Junk > 0 })
}

// BenchmarkRelay measures what one packet costs on its way from phone to phone, over a thousand open ports: so
// many that none comes near the limit of a flood.
func BenchmarkRelay(b *testing.B) {
	const pairs = 500
	e := newEngine(b)
	var talkers, hearers [pairs]*phone
	var ports [pairs]*Port
	for i := range pairs {
		talkers[i], hearers[i] = newPhone(b, ALaw), newPhone(b, ULaw)
		ports[i] = open(b, e)
		other := open(b, e)
		talkers[i].answers(ports[i])
		hearers[i].answers(other)
		Join(ports[i], other)
	}
	frame, buf := sine(ALaw, 400, 1)[0], make([]byte, datagram)
	b.ReportAllocs()
	b.ResetTimer()
	for sent := 0; sent < b.N; {
		n := min(pairs, b.N-sent)
		for i := range n {
			talkers[i].talk(ports[i], frame)
		}
		for i := range n {
			if err := hearers[i].conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
				b.Fatal(err)
			}
			if _, _, err := hearers[i].conn.ReadFromUDPAddrPort(buf); err != nil {
				b.Fatal(err)
			}
		}
		sent += n
	}
}

// BenchmarkReceive measures the same without the wire's way in.
func BenchmarkReceive(b *testing.B) {
	r := newRelayed(b)
	raw := rtp(uint8(ALaw), 0, 0, 7, make([]byte, frameSize))
	recorder := record(b)
	r.in.Record(recorder, Left)
	b.ReportAllocs()
	for i := range b.N {
		raw[1] = uint8(ALaw)
		raw[2], raw[3] = byte(i>>8), byte(i)
		r.now = r.now.Add(frameTime)
		r.in.receive(raw, r.from, r.now)
	}
}
