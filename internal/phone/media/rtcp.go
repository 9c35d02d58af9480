package media

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/pion/rtcp"
)

const (
	// reportEvery is the mean time between reports (RFC 3550, 6.2): many carriers end calls without any.
	reportEvery = 5 * time.Second
	// pollEvery is how often received RTCP is looked at; it only has to prove life.
	pollEvery = 250 * time.Millisecond
	// pollBatch bounds the packets of one port and look.
	pollBatch = 8
	// ntpEpoch is 1970 in the seconds of NTP.
	ntpEpoch = 2208988800
)

// report is a port's schedule of reports, kept by the goroutine of Engine.tendRTCP.
type report struct {
	name  string // random per port, so that it tells nothing (RFC 7022)
	every time.Duration
	due   time.Time
}

func newReport(every time.Duration) report {
	r := report{name: fmt.Sprintf("%016x%08x", rand.Uint64(), rand.Uint32()), every: every}
	r.plan(time.Now())
	return r
}

// plan spreads the reports over half to one and a half of the interval (RFC 3550, 6.3.1).
func (r *report) plan(now time.Time) {
	r.due = now.Add(r.every/2 + rand.N(r.every))
}

// tendRTCP receives and sends the RTCP of all ports until the engine is closed.
func (e *Engine) tendRTCP() {
	tick := time.NewTicker(min(pollEvery, e.reportEvery))
	defer tick.Stop()
	buf := make([]byte, datagram)
	for {
		select {
		case <-e.done:
			return
		case now := <-tick.C:
			for _, p := range e.open() {
				p.tendRTCP(buf, now)
			}
		}
	}
}

func (p *Port) tendRTCP(buf []byte, now time.Time) {
	p.sock.pollRTCP(buf, func(b []byte, from netip.AddrPort) {
		if p.receiveRTCP(b, from, now) {
			p.sock.remoteRTCP.Store(&from) // symmetric, like RTP (RFC 4961)
		}
	})
	if now.Before(p.report.due) {
		return
	}
	p.report.plan(now)
	p.sendRTCP(p.compile(now))
}

// receiveRTCP takes note of a datagram of RTCP and reports whether it is from the other side.
func (p *Port) receiveRTCP(b []byte, from netip.AddrPort, now time.Time) bool {
	i := &p.in
	i.mu.Lock()
	defer i.mu.Unlock()
	remote := p.sock.remote.Load()
	switch {
	case i.closed:
		return false
	case !compound(b):
		i.junk++
		return false
	case !i.known || remote == nil || from.Addr() != remote.Addr():
		i.foreign++
		return false
	}
	i.life = now
	return true
}

// compound checks a datagram as RFC 3550, A.2 asks: a report first, then whole packets to the very end.
func compound(b []byte) bool {
	for first := true; first || len(b) > 0; first = false {
		var h rtcp.Header
		if len(b) < 4 || h.Unmarshal(b) != nil {
			return false
		}
		size := 4 * (int(h.Length) + 1)
		report := h.Type == rtcp.TypeSenderReport || h.Type == rtcp.TypeReceiverReport
		if size > len(b) || first && (!report || size < 8) {
			return false
		}
		b = b[size:]
	}
	return true
}

// compile writes what we have to say about both streams.
func (p *Port) compile(now time.Time) []rtcp.Packet {
	heard := p.in.reception()
	said := p.out.account(now, heard)
	name := rtcp.SourceDescriptionItem{Type: rtcp.SDESCNAME, Text: p.report.name}
	chunk := rtcp.SourceDescriptionChunk{Source: p.out.ssrc, Items: []rtcp.SourceDescriptionItem{name}}
	return []rtcp.Packet{said, &rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{chunk}}}
}

func (p *Port) sendRTCP(packets []rtcp.Packet) {
	to, ok := p.sock.rtcpAddr()
	if !ok {
		return
	}
	b, err := rtcp.Marshal(packets)
	if err != nil {
		p.engine.log.Error("rtcp cannot be written", "error", err)
		return
	}
	// A report that cannot be sent is as good as lost on the way: the next one says it all again.
	_, _ = p.sock.rtcp.WriteToUDPAddrPort(b, to)
}

// sayBye ends our stream in RTCP (RFC 3550, 6.6), if there was one.
func (p *Port) sayBye(now time.Time) {
	if p.Stats().Sent == 0 {
		return
	}
	p.sendRTCP(append(p.compile(now), &rtcp.Goodbye{Sources: []uint32{p.out.ssrc}}))
}

// reception reports on the stream we receive. It names no last sender report: we do not look at the time each one came,
// and a wrong round trip is worse than none.
func (i *inbound) reception() []rtcp.ReceptionReport {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.tally.started {
		return nil
	}
	return []rtcp.ReceptionReport{i.tally.report()}
}

// report is made of RFC 3550, A.3.
func (t *tally) report() rtcp.ReceptionReport {
	expected, received := t.expected()-t.expectedBefore, t.received-t.receivedBefore
	t.expectedBefore, t.receivedBefore = t.expected(), t.received
	r := rtcp.ReceptionReport{
		SSRC: t.ssrc, LastSequenceNumber: t.highest,
		TotalLost: min(t.missing(), 1<<23-1), Jitter: uint32(t.jitter),
	}
	if expected > received && expected <= 1<<24 {
		r.FractionLost = uint8(min(255, (expected-received)<<8/expected))
	}
	return r
}

// account reports on the stream we send, or only passes on what we heard if we sent nothing of late.
func (s *stream) account(now time.Time, heard []rtcp.ReceptionReport) rtcp.Packet {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.packets == s.reported {
		return &rtcp.ReceiverReport{SSRC: s.ssrc, Reports: heard}
	}
	s.reported = s.packets
	return &rtcp.SenderReport{
		SSRC: s.ssrc, NTPTime: ntp(now), RTPTime: s.ts + uint32(samples(now.Sub(s.at))),
		PacketCount: uint32(s.packets), OctetCount: uint32(s.octets), Reports: heard,
	}
}

// ntp is an instant in the 64 bits of NTP.
func ntp(t time.Time) uint64 {
	return uint64(t.Unix()+ntpEpoch)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}
