package media

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"time"
)

const (
	// datagram is more than any packet we take; what fills it was cut off.
	datagram = 2048
	// comfortNoise is the payload type of RFC 3389; it counts as life, no more.
	comfortNoise = 13
	// flood is more packets a second than any phone sends, fifty to a hundred: the rest is an attack, or two ports that
	// were told to send to each other.
	flood = 1000
	// parting is how long the former source of a port may still send after the other side named a new address.
	parting = time.Second
)

// packet is one RTP packet in the buffer it came in.
type packet struct {
	raw    []byte
	head   int // offset of the payload, at least rtpHeader
	kind   uint8
	marker uint8
	seq    uint16
	ts     uint32
	ssrc   uint32
	at     time.Time
	law    Law
	event  bool
}

func (k *packet) payload() []byte { return k.raw[k.head:] }

// rewritten is room for a bare header and the payload: extensions and contributing sources are not passed on.
func (k *packet) rewritten() []byte { return k.raw[k.head-rtpHeader:] }

// parse reads an RTP packet (RFC 3550, 5.1).
func (k *packet) parse(b []byte) bool {
	if len(b) < rtpHeader || b[0]>>6 != 2 {
		return false
	}
	head := rtpHeader + 4*int(b[0]&0x0f)
	if b[0]&0x10 != 0 {
		if len(b) < head+4 {
			return false
		}
		head += 4 + 4*int(binary.BigEndian.Uint16(b[head+2:]))
	}
	end := len(b)
	if b[0]&0x20 != 0 {
		end -= int(b[end-1])
	}
	if head > end {
		return false
	}
	k.raw, k.head = b[:end], head
	k.kind, k.marker = b[1]&0x7f, b[1]&marker
	k.seq, k.ts, k.ssrc = binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	return true
}

// inbound is what a port knows about the stream it receives.
type inbound struct {
	mu       sync.Mutex
	closed   bool
	known    bool           // a description of the other side was applied
	sdp      netip.AddrPort // the last address in a description
	rtcpPort uint16         // the last RTCP port in a description; 0 means the next one
	latched  bool
	former   netip.AddrPort // what was latched before the last new address, and until when it is not learnt again
	until    time.Time
	kinds    [2]uint8 // payload types of key presses: ours, theirs; 0 means none
	keys     keyFilter
	tally    tally
	answered time.Time
	life     time.Time // when RTP or RTCP last came, or the other side last resumed
	last     time.Time // when RTP last came
	second   time.Time // since when packets are counted against a flood
	burst    int
	foreign  uint64
	junk     uint64
}

// receive handles one datagram of the RTP port, whose bytes it may change. It allocates nothing.
func (p *Port) receive(b []byte, from netip.AddrPort, now time.Time) {
	if len(b) > 1 && b[1] >= 192 && b[1] <= 223 { // RTCP on the RTP port (RFC 5761, 4)
		p.receiveRTCP(b, from, now)
		return
	}
	k := packet{at: now}
	if !p.screen(&k, b, from) {
		return
	}
	if t := p.tap.Load(); t != nil && !k.event {
		t.recorder.write(t.channel, &k)
	}
	if r := p.relay.Load(); r != nil && !r.to.out.relay(r.src, &k) {
		p.relay.CompareAndSwap(r, nil)
	}
}

// screen parses a datagram, takes note of it and reports whether it carries something to pass on.
func (p *Port) screen(k *packet, b []byte, from netip.AddrPort) bool {
	i := &p.in
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return false
	}
	if len(b) >= datagram || !k.parse(b) || !i.classify(k) {
		i.junk++
		return false
	}
	if !p.admit(from, k.at) {
		i.foreign++
		return false
	}
	if i.flooded(k.at) {
		i.junk++
		return false
	}
	i.life, i.last = k.at, k.at
	if !i.tally.add(k) {
		return false
	}
	if k.event {
		p.press(k)
	}
	return k.kind != comfortNoise && len(k.payload()) > 0
}

// classify recognises the payload types that a port takes.
func (i *inbound) classify(k *packet) bool {
	switch k.kind {
	case uint8(ULaw), uint8(ALaw):
		k.law = Law(k.kind)
	case comfortNoise:
	default:
		k.event = k.kind == i.kinds[0] || k.kind == i.kinds[1]
		return k.event
	}
	return true
}

// admit decides whether a packet's source is the other side (symmetric RTP, RFC 4961). The first source after a new
// address in SDP is; from then on only it, so that nobody can talk into a call, or the very address that SDP names.
// The source before it, which may not have stopped yet, does not count as the first.
func (p *Port) admit(from netip.AddrPort, now time.Time) bool {
	i := &p.in
	remote := p.sock.remote.Load()
	switch {
	case !i.known:
		return false
	case remote != nil && *remote == from:
	case i.latched && from != i.sdp:
		return false
	case from == i.sdp:
		p.sock.setRemote(from, i.rtcpPort)
	case from == i.former && now.Before(i.until):
		return false
	default:
		p.sock.setRemote(from, 0)
	}
	i.latched = true
	return true
}

// flooded counts a packet and reports whether it is one too many within its second.
func (i *inbound) flooded(now time.Time) bool {
	if now.Sub(i.second) >= time.Second {
		i.second, i.burst = now, 0
	}
	i.burst++
	return i.burst > flood
}

// tally counts what a port receives (RFC 3550, A.1, A.3 and A.8).
type tally struct {
	started  bool
	ssrc     uint32
	first    uint32 // extended sequence number
	highest  uint32 // extended sequence number
	bad      uint16 // the number that would confirm a restarted sequence
	received uint32 // of this SSRC since first
	lost     uint64 // of earlier sequences
	total    uint64

	born     time.Time
	transit  int64
	jitter   float64 // in samples
	measured bool

	expectedBefore, receivedBefore uint32 // at the last report
}

// The limits of RFC 3550, A.1.
const (
	maxDropout  = 3000
	maxMisorder = 100
)

// add reports whether a packet belongs to the sequence; a single one from far away does not.
func (t *tally) add(k *packet) bool {
	if !t.started || k.ssrc != t.ssrc {
		t.restart(k)
	}
	switch delta := k.seq - uint16(t.highest); {
	case delta < maxDropout:
		t.highest += uint32(delta)
		t.measure(k)
	case delta <= 65535-maxMisorder:
		if k.seq != t.bad {
			t.bad = k.seq + 1
			return false
		}
		t.restart(k)
	}
	t.received++
	t.total++
	return true
}

func (t *tally) restart(k *packet) {
	t.lost += uint64(t.missing())
	if t.born.IsZero() {
		t.born = k.at
	}
	t.started, t.ssrc, t.measured = true, k.ssrc, false
	t.first, t.highest, t.received = uint32(k.seq), uint32(k.seq), 0
	t.expectedBefore, t.receivedBefore = 0, 0
	t.bad = k.seq - 1
}

func (t *tally) expected() uint32 {
	if !t.started {
		return 0
	}
	return t.highest - t.first + 1
}

func (t *tally) missing() uint32 {
	e := t.expected()
	return e - min(e, t.received)
}

// measure follows the interarrival jitter; a leap of more than a second is a new talk spurt, not jitter.
func (t *tally) measure(k *packet) {
	if k.event {
		return
	}
	transit := samples(k.at.Sub(t.born)) - int64(k.ts)
	d := int64(int32(transit - t.transit))
	if t.measured && d < sampleRate && d > -sampleRate {
		t.jitter += (float64(max(d, -d)) - t.jitter) / 16
	}
	t.transit, t.measured = transit, true
}
