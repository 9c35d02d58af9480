package media

import (
	"bytes"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// withRTCP binds the phone's odd port too; nil if it is taken.
func withRTCP(t testing.TB) (*phone, *net.UDPConn) {
	t.Helper()
	for range 50 {
		f := newPhone(t, ALaw)
		next := netip.AddrPortFrom(f.addr().Addr(), f.addr().Port()+1)
		if conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(next)); err == nil {
			t.Cleanup(func() { _ = conn.Close() })
			return f, conn
		}
	}
	t.Fatal("no pair of ports for a phone")
	return nil, nil
}

func readRTCP(t testing.TB, conn *net.UDPConn) ([]rtcp.Packet, netip.AddrPort) {
	t.Helper()
	buf := make([]byte, datagram)
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	n, from, err := conn.ReadFromUDPAddrPort(buf)
	if err != nil {
		t.Fatalf("no RTCP: %v", err)
	}
	packets, err := rtcp.Unmarshal(buf[:n])
	if err != nil {
		t.Fatalf("the port sent %x: %v", buf[:n], err)
	}
	return packets, from
}

func TestReportsTellOfBothStreams(t *testing.T) {
	t.Parallel()
	e := newReporting(t, 40*time.Millisecond)
	a := open(t, e)
	anna, control := withRTCP(t)
	anna.answers(a)

	packets, from := readRTCP(t, control)
	if from.Port() != a.Addr().Port()+1 {
		t.Errorf("RTCP comes from port %d, want %d", from.Port(), a.Addr().Port()+1)
	}
	if r, ok := packets[0].(*rtcp.ReceiverReport); !ok || len(r.Reports) != 0 {
		t.Errorf("before any audio: %v, want an empty receiver report", packets[0])
	}
	name, ok := packets[1].(*rtcp.SourceDescription)
	if !ok || len(name.Chunks) != 1 || name.Chunks[0].Items[0].Type != rtcp.SDESCNAME || len(name.Chunks[0].Items[0].Text) < 16 {
		t.Errorf("the second packet is %v, want a CNAME", packets[1])
	}

	for _, f := range sine(ALaw, 400, 10) {
		anna.talk(a, f)
		if anna.seq%4 == 0 {
			anna.seq++ // lost
		}
	}
	clock := time.Now()
	if err := a.Play(t.Context(), Tone([]float64{400}, 200*time.Millisecond, 0, 0.5)); err != nil {
		t.Fatal(err)
	}
	first := anna.mustHear()
	var sr *rtcp.SenderReport
	eventually(t, "a report counts ten packets", func() bool {
		packets, _ = readRTCP(t, control)
		var ok bool
		sr, ok = packets[0].(*rtcp.SenderReport)
		return ok && sr.PacketCount == 10
	})
	if sr.SSRC != first.ssrc || sr.OctetCount != 10*frameSize || len(sr.Reports) != 1 {
		t.Fatalf("got %+v of %x", sr, first.ssrc)
	}
	if got := int32(sr.RTPTime - first.ts); got < 9*frameSize || length(int64(got)) > time.Since(clock)+frameTime {
		t.Errorf("the report is %d samples after the first packet", got)
	}
	if seconds := int64(sr.NTPTime>>32) - ntpEpoch; seconds < clock.Unix() || seconds > time.Now().Unix() {
		t.Errorf("NTP time %d, want now", seconds)
	}
	r := sr.Reports[0]
	if s := a.Stats(); r.SSRC != anna.ssrc || uint64(r.TotalLost) != s.Lost || s.Lost == 0 || uint16(r.LastSequenceNumber) != anna.seq-1 && uint16(r.LastSequenceNumber) != anna.seq-2 {
		t.Errorf("reported %+v, counted %+v", r, s)
	}
	if r.LastSenderReport != 0 || r.Delay != 0 {
		t.Error("a round trip is reported that was not measured")
	}

	a.Close()
	for bye := false; !bye; {
		packets, _ = readRTCP(t, control)
		if g, ok := packets[len(packets)-1].(*rtcp.Goodbye); ok {
			bye = true
			if len(g.Sources) != 1 || g.Sources[0] != first.ssrc {
				t.Errorf("goodbye to %x, want %x", g.Sources, first.ssrc)
			}
		}
	}
}

// Reports go on for as long as the call does, at the pace set, whoever talks.
func TestReportsKeepComing(t *testing.T) {
	t.Parallel()
	a := open(t, newReporting(t, 40*time.Millisecond))
	anna, control := withRTCP(t)
	anna.answers(a)
	begun := time.Now()
	for range 8 {
		readRTCP(t, control)
	}
	if took := time.Since(begun); took < 8*20*time.Millisecond-20*time.Millisecond {
		t.Errorf("eight reports came within %v, want at least half the interval between them", took)
	}
	if got := open(t, newEngine(t)).report.every; got != 5*time.Second {
		t.Errorf("without a word about it the interval is %v, want 5s", got)
	}
}

func TestFractionLost(t *testing.T) {
	t.Parallel()
	var y tally
	for _, seq := range []uint16{1, 2, 3, 8} {
		y.add(&packet{seq: seq})
	}
	if r := y.report(); r.FractionLost != 128 || r.TotalLost != 4 {
		t.Errorf("lost %d/256, %d in all; want 128, 4", r.FractionLost, r.TotalLost)
	}
	y.add(&packet{seq: 9})
	if r := y.report(); r.FractionLost != 0 || r.TotalLost != 4 {
		t.Errorf("then lost %d/256, %d in all; want 0, 4", r.FractionLost, r.TotalLost)
	}
}

func TestReportsAreSpread(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var r report
	r.every = reportEvery
	var sum time.Duration
	for range 1000 {
		r.plan(now)
		d := r.due.Sub(now)
		if d < 2500*time.Millisecond || d >= 7500*time.Millisecond {
			t.Fatalf("next report after %v, want 2.5s to 7.5s", d)
		}
		sum += d
	}
	if mean := sum / 1000; mean < 4500*time.Millisecond || mean > 5500*time.Millisecond {
		t.Errorf("every %v on average, want 5s", mean)
	}
}

// A phone on hold sends RTCP only: it lives.
func TestRTCPIsLife(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	a := open(t, e)
	anna, control := withRTCP(t)
	anna.answers(a)
	a.Answered()
	eventually(t, "silence is noticed", func() bool { return a.Quiet() >= 20*time.Millisecond })
	b, err := (&rtcp.ReceiverReport{SSRC: 7}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	to := netip.AddrPortFrom(a.Addr().Addr(), a.Addr().Port()+1)
	quiet := a.Quiet()
	if _, err := control.WriteToUDPAddrPort(b, to); err != nil {
		t.Fatal(err)
	}
	eventually(t, "RTCP ends the silence", func() bool {
		q := a.Quiet()
		defer func() { quiet = q }()
		return q < quiet
	})
	if s := a.Stats(); s.Received != 0 || s.Foreign != 0 || s.Junk != 0 {
		t.Errorf("counted %+v, want nothing", s)
	}
	anna.send(a, b) // on the RTP port
	eventually(t, "so does RTCP on the RTP port", func() bool { return a.Quiet() < 200*time.Millisecond })
}

func TestRTCPFromElsewhereIsNoLife(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	a := open(t, e)
	newPhone(t, ALaw).answers(a)
	b, err := (&rtcp.ReceiverReport{SSRC: 7}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if a.receiveRTCP(b, netip.MustParseAddrPort("192.0.2.9:5005"), time.Now()) {
		t.Error("RTCP of another host was taken")
	}
	if got := a.Stats().Foreign; got != 1 {
		t.Errorf("%d foreign packets, want 1", got)
	}
}

func TestRTCPGoesWhereSDPSays(t *testing.T) {
	t.Parallel()
	e := newReporting(t, 20*time.Millisecond)
	a := open(t, e)
	anna, control := newPhone(t, ALaw), newPhone(t, ALaw)
	if err := a.Accept(anna.describe("a=rtcp:" + portOf(control) + "\r\n")); err != nil {
		t.Fatal(err)
	}
	readRTCP(t, control.conn)
}

func FuzzRTCP(f *testing.F) {
	for _, p := range []rtcp.Packet{
		&rtcp.SenderReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: 2}}},
		&rtcp.ReceiverReport{SSRC: 1},
		&rtcp.CompoundPacket{&rtcp.ReceiverReport{SSRC: 1}, rtcp.NewCNAMESourceDescription(1, "x"), &rtcp.Goodbye{Sources: []uint32{1}}},
	} {
		b, err := p.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte{0x80, 201, 0xff, 0xff})
	f.Add([]byte{0x80, 201, 0, 0})
	e := newEngine(f)
	p := open(f, e)
	anna := newPhone(f, ALaw)
	anna.answers(p)
	f.Fuzz(func(t *testing.T, b []byte) {
		took := p.receiveRTCP(bytes.Clone(b), anna.addr(), time.Now())
		if took && (len(b) < 8 || b[0]>>6 != 2 || b[1] != 200 && b[1] != 201) {
			t.Errorf("%x was taken for RTCP", b)
		}
	})
}
