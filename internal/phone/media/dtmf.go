package media

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

var (
	// ErrNoKeys says that the other side negotiated no telephone-event.
	ErrNoKeys = errors.New("the other side takes no key presses")
	// ErrNotKey says that a byte is none of the sixteen keys.
	ErrNotKey = errors.New("not a key")
)

const (
	// keys in the order of their event codes (RFC 4733, 3.2).
	keys = "0123456789*#ABCD"
	// keyBuffer is how many unread key presses a port keeps.
	keyBuffer = 32
	// keyPackets of 20 ms make one key press of 100 ms, and keyEnds tell its end (RFC 4733, 2.5.1.4).
	keyPackets = 5
	keyEnds    = 3
	// keyPause between two key presses.
	keyPause = 60 * time.Millisecond
	keyEnd   = 0x80
	keyLevel = 10 // -10 dBm0
)

// keyFilter tells a new key press from the other packets of the same one: they share a timestamp.
type keyFilter struct {
	started bool
	ssrc    uint32
	ts      uint32
}

// stale is how old, in samples, an event may be and still be taken for a straggler of an earlier one.
const stale = 10 * sampleRate

func (f *keyFilter) fresh(k *packet) bool {
	age := int32(f.ts - k.ts)
	if f.started && f.ssrc == k.ssrc && age >= 0 && age < stale {
		return false
	}
	f.started, f.ssrc, f.ts = true, k.ssrc, k.ts
	return true
}

// press reports a key at its first packet, so that the loss of its end does not lose it; in.mu is held.
func (p *Port) press(k *packet) {
	b := k.payload()
	if len(b) < 4 || int(b[0]) >= len(keys) || !p.in.keys.fresh(k) {
		return
	}
	select {
	case p.digits <- keys[b[0]]:
	default: // nobody reads: the first keys count
	}
}

// Digits delivers the keys that the other side presses (RFC 4733): 0-9, *, #, A-D. Unread keys beyond 32 are dropped.
// The channel is never closed.
func (p *Port) Digits() <-chan byte { return p.digits }

// SendDigit presses a key for 100 ms and returns after a short pause. Whatever sounds on the port is not heard meanwhile.
func (p *Port) SendDigit(ctx context.Context, digit byte) error {
	code := strings.IndexByte(keys, digit)
	if code < 0 {
		return fmt.Errorf("send digit %q: %w", digit, ErrNotKey)
	}
	select {
	case p.keying <- struct{}{}:
		defer func() { <-p.keying }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := p.out.keyDown(time.Now()); err != nil {
		return err
	}
	defer p.out.keyUp()
	if err := p.sendKey(ctx, byte(code)); err != nil {
		return err
	}
	return sleep(ctx, keyPause)
}

// sendKey sends the packets of one key; a cut one still ends, lest the far end hears it for ever.
func (p *Port) sendKey(ctx context.Context, code byte) error {
	tick := time.NewTicker(frameTime)
	defer tick.Stop()
	for i := range keyPackets + keyEnds - 1 {
		ending := i >= keyPackets-1
		p.out.sendKey(code, min(i+1, keyPackets), ending)
		select {
		case <-tick.C:
		case <-ctx.Done():
			if !ending {
				p.out.sendKey(code, i+1, true)
			}
			return context.Cause(ctx)
		}
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// keyDown silences the source and begins a key press.
func (s *stream) keyDown(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.event == 0:
		return ErrNoKeys
	}
	s.fresh = true
	s.ts += s.step(now)
	s.at, s.span, s.keying = now, keyPackets*frameSize, true
	return nil
}

// keyUp lets the source be heard again, in a new run.
func (s *stream) keyUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keying, s.fresh = false, true
}

// sendKey sends one packet of the key press, which has lasted for some frames.
func (s *stream) sendKey(code byte, frames int, end bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.muted || s.event == 0 {
		return
	}
	kind := s.event
	if s.fresh {
		kind |= marker
		s.fresh = false
	}
	b := s.buf[:rtpHeader+4]
	b[rtpHeader], b[rtpHeader+1] = code, keyLevel
	if end {
		b[rtpHeader+1] |= keyEnd
	}
	binary.BigEndian.PutUint16(b[rtpHeader+2:], uint16(frames*frameSize))
	s.seq++
	s.write(b, kind)
}
