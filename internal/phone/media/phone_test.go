package media

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen; it is never used up when all is well.
const patience = 5 * time.Second

func newEngine(t testing.TB) *Engine {
	t.Helper()
	return newReporting(t, 0)
}

// newReporting is an engine that sends its reports at another pace than that of the RFC.
func newReporting(t testing.TB, every time.Duration) *Engine {
	t.Helper()
	e, err := New(Config{Log: slog.New(slog.DiscardHandler), reportEvery: every})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(e.Close)
	return e
}

func open(t testing.TB, e *Engine) *Port {
	t.Helper()
	p, err := e.Open()
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(p.Close)
	return p
}

// phone is the other side of a port: a bare socket that says what a test wants it to say.
type phone struct {
	t    testing.TB
	conn *net.UDPConn
	law  Law
	keys int // payload type of key presses

	ssrc uint32
	seq  uint16
	ts   uint32
}

func newPhone(t testing.TB, law Law) *phone {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &phone{t: t, conn: conn, law: law, keys: 101, ssrc: rand.Uint32(), seq: uint16(rand.Uint32()), ts: rand.Uint32()}
}

func (f *phone) addr() netip.AddrPort { return f.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// describe is the phone's SDP: its one law, its keys, and whatever else a test adds.
func (f *phone) describe(more string) []byte {
	return fmt.Appendf(nil, "v=0\r\no=phone 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %d RTP/AVP %d %d\r\na=rtpmap:%d %s/8000\r\na=rtpmap:%d telephone-event/8000\r\n%s",
		f.addr().Port(), f.law, f.keys, f.law, f.law, f.keys, more)
}

// answers connects the phone to a port.
func (f *phone) answers(p *Port) {
	f.t.Helper()
	p.Offer()
	if err := p.Accept(f.describe("")); err != nil {
		f.t.Fatalf("Accept: %v", err)
	}
}

func rtp(kind uint8, seq uint16, ts, ssrc uint32, payload []byte) []byte {
	b := make([]byte, rtpHeader, rtpHeader+len(payload))
	b[0], b[1] = rtpVersion, kind
	binary.BigEndian.PutUint16(b[2:], seq)
	binary.BigEndian.PutUint32(b[4:], ts)
	binary.BigEndian.PutUint32(b[8:], ssrc)
	return append(b, payload...)
}

func (f *phone) send(to *Port, b []byte) {
	f.t.Helper()
	if _, err := f.conn.WriteToUDPAddrPort(b, to.Addr()); err != nil {
		f.t.Fatalf("send: %v", err)
	}
}

// talk sends one frame of the phone's stream.
func (f *phone) talk(to *Port, payload []byte) {
	f.t.Helper()
	f.send(to, rtp(uint8(f.law), f.seq, f.ts, f.ssrc, payload))
	f.seq++
	f.ts += frameSize
}

// heard is an RTP packet that reached the phone.
type heard struct {
	packet
	from netip.AddrPort
}

// hear waits for the next packet; ok is false if none comes in time.
func (f *phone) hear(wait time.Duration) (h heard, ok bool) {
	f.t.Helper()
	buf := make([]byte, datagram)
	if err := f.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		f.t.Fatalf("deadline: %v", err)
	}
	n, from, err := f.conn.ReadFromUDPAddrPort(buf)
	if err != nil {
		return h, false
	}
	if !h.parse(buf[:n]) {
		f.t.Fatalf("the port sent %x, which is not RTP", buf[:n])
	}
	h.from = from
	return h, true
}

// mustHear waits for the next packet.
func (f *phone) mustHear() heard {
	f.t.Helper()
	h, ok := f.hear(patience)
	if !ok {
		f.t.Fatal("the phone heard nothing")
	}
	return h
}

// mustHearAudio waits for n frames and returns them decoded.
func (f *phone) mustHearAudio(n int) (pcm []int16) {
	f.t.Helper()
	for range n {
		h := f.mustHear()
		pcm = append(pcm, Law(h.kind).decode(h.payload())...)
	}
	return pcm
}

// eventually polls until something holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// sine is some frames of a tone, encoded.
func sine(l Law, hz float64, frames int) [][]byte {
	c := Tone([]float64{hz}, time.Duration(frames)*frameTime, 0, 0.5)
	out := make([][]byte, frames)
	for i := range out {
		out[i] = c.frame(l, i)
	}
	return out
}
