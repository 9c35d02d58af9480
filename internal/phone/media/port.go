package media

import (
	"net/netip"
	"sync/atomic"
	"time"
)

// Port is the media side of one telephone leg: a pair of UDP ports, one stream out and one stream in.
// All methods may be called from any goroutine and in any order, also after Close.
//
// Locks: Engine.wiring and session.mu are outer locks; stream.mu, inbound.mu, clock.mu, Engine.mu and Recorder.mu are inner
// ones. An outer lock may be held while taking an inner one; no goroutine ever holds two inner or two outer locks.
// The lock of the receivers comes last of all: whoever holds it takes no other.
// A packet is received under the port's own inbound.mu, which is released before the stream.mu of the peer is taken.
type Port struct {
	engine  *Engine
	sock    *socket
	session session
	in      inbound
	out     stream
	report  report
	place
	digits chan byte     // buffered: a receiver that waits for readers would lose audio
	keying chan struct{} // holds one token while a key press is being sent

	relay atomic.Pointer[relay] // where received packets go
	tap   atomic.Pointer[tap]   // where they are recorded
}

// tap leads what a port receives into one channel of a recording.
type tap struct {
	recorder *Recorder
	channel  int
}

func newPort(e *Engine, s *socket) *Port {
	return &Port{
		engine: e, sock: s, session: newSession(), out: newStream(s), report: newReport(e.reportEvery),
		digits: make(chan byte, keyBuffer), keying: make(chan struct{}, 1),
	}
}

// Addr is the address that the port receives RTP on.
func (p *Port) Addr() netip.AddrPort { return p.sock.local }

// Close says goodbye in RTCP and frees the port. Whatever plays on it ends with ErrClosed.
func (p *Port) Close() {
	p.in.mu.Lock()
	closed := p.in.closed
	p.in.closed = true
	p.in.mu.Unlock()
	if closed {
		return
	}
	p.relay.Store(nil)
	p.tap.Store(nil)
	p.out.close()
	p.sayBye(time.Now())
	p.engine.receivers.remove(p)
	if err := p.sock.close(); err != nil {
		p.engine.log.Warn("media port did not close", "port", p.sock.local.Port(), "error", err)
	}
	p.engine.forget(p)
}

// Record leads what the port receives into channel Left or Right of a recording; a nil recorder ends that.
func (p *Port) Record(r *Recorder, channel int) {
	if r == nil {
		p.tap.Store(nil)
		return
	}
	p.tap.Store(&tap{recorder: r, channel: channel & 1})
}

// Answered starts the clock of Quiet: from now on the other side owes us packets.
func (p *Port) Answered() {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	if p.in.answered.IsZero() {
		p.in.answered = time.Now()
	}
}

// Quiet is how long no RTP or RTCP has come from the other side, counted from Answered and from the end of a hold.
// It is 0 before Answered. While OnHold, silence is what was agreed.
func (p *Port) Quiet() time.Duration {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	if p.in.answered.IsZero() {
		return 0
	}
	since := p.in.answered
	if p.in.life.After(since) {
		since = p.in.life
	}
	return time.Since(since)
}

// Stats counts what passed through a port.
type Stats struct {
	Received     uint64        // RTP packets of the other side
	Sent         uint64        // RTP packets to the other side
	Lost         uint64        // RTP packets that the other side sent and that never came
	Foreign      uint64        // packets from anybody else, which were ignored
	Junk         uint64        // datagrams that were not RTP or RTCP of ours, which were ignored
	Jitter       time.Duration // interarrival jitter (RFC 3550, 6.4.1)
	LastReceived time.Time     // when RTP last came; zero if never
}

// Stats returns the counters of the port, also after Close.
func (p *Port) Stats() Stats {
	p.in.mu.Lock()
	s := Stats{
		Received: p.in.tally.total, Lost: p.in.tally.lost + uint64(p.in.tally.missing()),
		Foreign: p.in.foreign, Junk: p.in.junk,
		Jitter: length(int64(p.in.tally.jitter)), LastReceived: p.in.last,
	}
	p.in.mu.Unlock()
	p.out.mu.Lock()
	s.Sent = p.out.packets
	p.out.mu.Unlock()
	return s
}
