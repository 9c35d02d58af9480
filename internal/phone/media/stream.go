package media

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// ErrReplaced says that something else began to sound on the port.
var ErrReplaced = errors.New("another source took over the port")

const (
	rtpHeader  = 12
	rtpVersion = 0x80
	marker     = 0x80
	// joint is the wall gap up to which a new source simply follows the old one by one packet.
	joint = 2 * frameTime
	// drift is how far relayed timestamps may stray from the wall clock before the run is anchored anew.
	drift = sampleRate
	// leap is how far relayed sequence numbers may jump within a run.
	leap = 1000
)

// source is whatever feeds a port's outgoing stream at a time: a clip or another port.
type source struct {
	done chan struct{} // closed when it no longer does
	err  error         // set before done is closed; nil when it came to its end
}

func newSource() *source { return &source{done: make(chan struct{})} }

// stream is the one outgoing RTP stream of a port: one SSRC for life, whatever sounds on it.
type stream struct {
	sock *socket

	mu     sync.Mutex
	src    *source
	law    Law
	event  uint8 // payload type of key presses; 0 when the other side takes none
	closed bool
	muted  bool // the other side does not want our audio
	keying bool // a key press is being sent: sources are not heard
	fresh  bool // the next packet begins a run: wall gap, marker

	ssrc uint32
	seq  uint16    // of the last packet
	ts   uint32    // of the last packet
	span uint32    // samples between the last timestamp and the next
	at   time.Time // when the last timestamp was sent; zero before the first packet
	run  run

	packets, octets uint64
	reported        uint64 // packets at the last RTCP report
	buf             [rtpHeader + frameSize]byte
}

// run maps the numbers of a relayed stream onto ours.
type run struct {
	ssrc  uint32
	first uint16 // our number of its first packet, later one well behind the last: older ones were never ours to send
	seq   uint16 // offset
	ts    uint32 // offset
}

func newStream(s *socket) stream {
	return stream{sock: s, fresh: true, ssrc: rand.Uint32(), seq: uint16(rand.Uint32()), ts: rand.Uint32(), span: frameSize}
}

// take makes src the source; the former one ends with ErrReplaced.
func (s *stream) take(src *source) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	s.drop(ErrReplaced)
	s.src, s.fresh = src, true
	return nil
}

// release ends src if it still is the source.
func (s *stream) release(src *source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.src == src {
		s.drop(nil)
	}
}

func (s *stream) drop(err error) {
	if s.src == nil {
		return
	}
	s.src.err = err
	close(s.src.done)
	s.src = nil
}

func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(ErrClosed)
	s.closed = true
}

// agree sets what was negotiated.
func (s *stream) agree(law Law, event uint8, muted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.law, s.event = law, event
	if muted != s.muted {
		s.muted, s.fresh = muted, true
	}
}

// silent reports whether a source is not heard now; when it is again, a run begins.
func (s *stream) silent() bool {
	switch {
	case s.keying: // keyUp sees to it: until then the run is that of the key press
		return true
	case s.closed || s.muted || s.sock.remote.Load() == nil:
		s.fresh = true
		return true
	}
	return false
}

// play sends one frame of a clip and reports whether src still is the source.
func (s *stream) play(src *source, c *Clip, frame int, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.src != src {
		return false
	}
	if s.silent() {
		return true
	}
	flag := s.advance(now)
	n := rtpHeader + copy(s.buf[rtpHeader:], c.frame(s.law, frame))
	s.write(s.buf[:n], flag|uint8(s.law))
	return true
}

// advance moves to the next packet of our own and returns its marker: set at the beginning of a run, whose timestamp
// accounts for the time in which nothing was sent.
func (s *stream) advance(now time.Time) (flag uint8) {
	if !s.at.IsZero() && now.Sub(s.at) > lateness {
		s.fresh = true
	}
	if s.fresh {
		flag = marker
	}
	s.ts += s.step(now)
	s.seq++
	s.at, s.span, s.fresh = now, frameSize, false
	return flag
}

// step is the distance to the timestamp of a packet sent now, in whole frames.
func (s *stream) step(now time.Time) uint32 {
	gap := now.Sub(s.at)
	if !s.fresh || s.at.IsZero() || gap <= joint {
		return s.span
	}
	n := samples(gap)
	return max(s.span, uint32(n-n%frameSize))
}

// write completes the header in front of a payload and sends the packet with the present sequence number and timestamp.
func (s *stream) write(b []byte, kind uint8) { s.writeAs(b, kind, s.seq, s.ts) }

func (s *stream) writeAs(b []byte, kind uint8, seq uint16, ts uint32) {
	b[0], b[1] = rtpVersion, kind
	binary.BigEndian.PutUint16(b[2:], seq)
	binary.BigEndian.PutUint32(b[4:], ts)
	binary.BigEndian.PutUint32(b[8:], s.ssrc)
	if s.sock.send(b) {
		s.packets++
		s.octets += uint64(len(b) - rtpHeader)
	}
}

// relay sends a packet of another port, whose buffer it rewrites, and reports whether src still is the source.
func (s *stream) relay(src *source, in *packet) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.src != src {
		return false
	}
	if s.silent() {
		return true
	}
	kind, ok := s.kindFor(in)
	if !ok {
		s.run.seq-- // left out on purpose, not lost
		return true
	}
	flag := in.marker
	if s.broken(in) {
		s.anchor(in)
		flag = marker
	}
	seq, ts := in.seq+s.run.seq, in.ts+s.run.ts
	if int16(seq-s.run.first) < 0 {
		return true
	}
	s.follow(in, seq, ts)
	s.writeAs(in.rewritten(), flag|kind, seq, ts)
	return true
}

// kindFor is the payload type that a packet gets on our side, after transcoding it if need be.
func (s *stream) kindFor(in *packet) (kind uint8, ok bool) {
	if in.event {
		return s.event, s.event != 0
	}
	if in.law != s.law {
		in.law.transcode(in.payload())
	}
	return uint8(s.law), true
}

// broken reports whether a packet does not continue the present run.
func (s *stream) broken(in *packet) bool {
	if s.fresh || in.ssrc != s.run.ssrc {
		return true
	}
	jump := int16(in.seq + s.run.seq - s.seq)
	ts := in.ts + s.run.ts
	if ts == s.ts {
		return false // a key press keeps its timestamp however long it lasts
	}
	stray := int32(ts - s.ts - uint32(samples(in.at.Sub(s.at))))
	return jump > leap || jump < -leap || stray > drift || stray < -drift
}

// anchor begins a run with a packet: the next number, and a timestamp that accounts for the gap.
func (s *stream) anchor(in *packet) {
	s.fresh = true
	seq, ts := s.seq+1, s.ts+s.step(in.at)
	s.run = run{ssrc: in.ssrc, first: seq, seq: seq - in.seq, ts: ts - in.ts}
	s.fresh = false
}

// follow keeps our place in the stream; packets that overtook others do not move it back.
func (s *stream) follow(in *packet, seq uint16, ts uint32) {
	if int16(seq-s.seq) <= 0 {
		return
	}
	s.seq = seq
	if int16(seq-s.run.first) > leap {
		s.run.first = seq - leap // the numbers wrap: a fixed one would be ahead of them some day
	}
	if ts == s.ts && !s.at.IsZero() {
		return // a key press goes on
	}
	s.ts, s.at, s.span = ts, in.at, frameSize
	if !in.event {
		s.span = uint32(len(in.payload()))
	}
}
