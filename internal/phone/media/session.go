package media

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// offeredKeys is the payload type of key presses in our offers, the one that most of the world uses.
const offeredKeys = 101

// session is a port's part of the negotiation (RFC 3264).
type session struct {
	mu      sync.Mutex
	id      uint64 // below 2^63: some read it as a signed number
	version uint64
	said    string // our last description without its o= line
	agreed  bool
	law     Law
	way     direction // ours
}

func newSession() session { return session{id: rand.Uint64N(1<<62) + 1} }

// terms are what both sides agreed on.
type terms struct {
	addr netip.AddrPort // none while the other side wants no audio
	rtcp uint16
	law  Law
	keys uint8
	way  direction // ours
}

// OnHold reports whether the other side has paused the audio in one or both ways.
func (p *Port) OnHold() bool {
	p.session.mu.Lock()
	defer p.session.mu.Unlock()
	return p.session.way != sendrecv
}

// Offer describes the port to the other side: both laws of G.711, key presses, packets of 20 ms.
func (p *Port) Offer() []byte {
	p.session.mu.Lock()
	defer p.session.mu.Unlock()
	return p.offer()
}

func (p *Port) offer() []byte {
	return p.describe([]string{p.audioLine("RTP/AVP", []Law{ALaw, ULaw}, offeredKeys, sendrecv)})
}

// Accept applies the answer to our offer. Early answers (183) may differ from the final one: the last one counts.
func (p *Port) Accept(answer []byte) error {
	d, err := readSDP(answer)
	if err != nil {
		return fmt.Errorf("accept answer: %w", err)
	}
	p.session.mu.Lock()
	defer p.session.mu.Unlock()
	_, t, err := p.settle(d)
	if err != nil {
		return fmt.Errorf("accept answer: %w", err)
	}
	p.apply(t)
	return nil
}

// Answer answers an offer of the other side, the first one or that of a re-INVITE: with the one law in use, and recvonly
// or inactive for a hold. No offer at all asks us for one. After an error everything stays as it was.
func (p *Port) Answer(offer []byte) ([]byte, error) {
	if len(offer) == 0 {
		return p.Offer(), nil
	}
	d, err := readSDP(offer)
	if err != nil {
		return nil, fmt.Errorf("answer offer: %w", err)
	}
	p.session.mu.Lock()
	defer p.session.mu.Unlock()
	m, t, err := p.settle(d)
	if err != nil {
		return nil, fmt.Errorf("answer offer: %w", err)
	}
	p.apply(t)
	lines := make([]string, len(d.media))
	for i := range d.media {
		lines[i] = d.media[i].declined()
		if m == &d.media[i] {
			lines[i] = p.audioLine(m.proto, []Law{t.law}, t.keys, t.way)
		}
	}
	return p.describe(lines), nil
}

// settle works out what we can agree on with a description; session.mu is held.
func (p *Port) settle(d *description) (*medium, terms, error) {
	m, err := d.audio()
	if err != nil {
		return nil, terms{}, err
	}
	laws := m.laws()
	if len(laws) == 0 {
		return nil, terms{}, ErrNoCodec
	}
	t := terms{rtcp: m.rtcp, law: laws[0], keys: m.keys(), way: m.way}
	if p.session.agreed && slices.Contains(laws, p.session.law) {
		t.law = p.session.law // a change in mid-call would only be heard
	}
	if t.addr, err = m.addr(); err != nil {
		return nil, terms{}, err
	}
	if !t.addr.IsValid() {
		t.way = t.way.deaf()
	} else if !p.sock.reaches(t.addr.Addr()) {
		return nil, terms{}, fmt.Errorf("%w: %s is of another family than %s", ErrAddress, t.addr.Addr(), p.sock.local.Addr())
	}
	t.way = t.way.mirror()
	return m, t, nil
}

// apply puts an agreement into force; session.mu is held.
func (p *Port) apply(t terms) {
	resumed := p.session.way != sendrecv && t.way == sendrecv
	p.session.agreed, p.session.law, p.session.way = true, t.law, t.way
	p.aim(t, resumed)
	p.out.agree(t.law, t.keys, t.way == recvonly || t.way == inactive)
}

// declined is the answer to a medium that we do not have.
func (m *medium) declined() string {
	return fmt.Sprintf("m=%s 0 %s %s\r\n", m.kind, m.proto, m.formats[0])
}

func (p *Port) audioLine(proto string, laws []Law, keys uint8, way direction) string {
	var formats, maps strings.Builder
	for _, l := range laws {
		fmt.Fprintf(&formats, " %d", l)
		fmt.Fprintf(&maps, "a=rtpmap:%d %s/8000\r\n", l, l)
	}
	if keys != 0 {
		fmt.Fprintf(&formats, " %d", keys)
		fmt.Fprintf(&maps, "a=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-15\r\n", keys, keys)
	}
	return fmt.Sprintf("m=audio %d %s%s\r\n%sa=ptime:20\r\na=%s\r\n", p.sock.local.Port(), proto, &formats, &maps, way)
}

// describe writes a body of ours, whose version grows only when it says something new; session.mu is held.
func (p *Port) describe(media []string) []byte {
	family, s := "IP4", &p.session
	if p.engine.advertised.Is6() {
		family = "IP6"
	}
	addr := fmt.Sprintf("IN %s %s", family, p.engine.advertised)
	said := fmt.Sprintf("s=-\r\nc=%s\r\nt=0 0\r\n%s", addr, strings.Join(media, ""))
	if said != s.said {
		s.said = said
		s.version++
	}
	return fmt.Appendf(nil, "v=0\r\no=- %d %d %s\r\n%s", s.id, s.version, addr, said)
}

// aim points the port at the address of a description. An address that merely repeats the last one changes nothing: it
// may be a private one behind NAT, and must not undo what was learnt from the packets.
func (p *Port) aim(t terms, resumed bool) {
	i := &p.in
	i.mu.Lock()
	defer i.mu.Unlock()
	i.known = true
	i.kinds = [2]uint8{offeredKeys, t.keys}
	if resumed {
		i.life = time.Now()
	}
	if !t.addr.IsValid() || t.addr == i.sdp {
		return
	}
	if i.latched {
		i.former, i.until = *p.sock.remote.Load(), time.Now().Add(parting)
	}
	i.sdp, i.rtcpPort, i.latched = t.addr, t.rtcp, false
	p.sock.setRemote(t.addr, t.rtcp)
}
