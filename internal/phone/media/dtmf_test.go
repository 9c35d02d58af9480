package media

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"time"
)

// keyPacket is one packet of a key press.
func (f *phone) keyPacket(p *Port, code byte, ts uint32, frames int, end bool) {
	b := []byte{code, 10, byte(frames * frameSize >> 8), byte(frames * frameSize)}
	if end {
		b[1] |= keyEnd
	}
	f.send(p, rtp(uint8(f.keys), f.seq, ts, f.ssrc, b))
	f.seq++
}

// digits collects the keys that have been pressed so far, once n packets have arrived.
func digits(t *testing.T, p *Port, n uint64) (got string) {
	t.Helper()
	eventually(t, "the packets arrive", func() bool { return p.Stats().Received == n })
	for {
		select {
		case d := <-p.Digits():
			got += string(d)
		default:
			return got
		}
	}
}

func TestEachKeyIsReportedOnce(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	anna := newPhone(t, ALaw)
	anna.keys = 97
	a := open(t, e)
	anna.answers(a)
	n := uint64(0)
	for i, code := range []byte{1, 1, 10, 11, 15} {
		for j := range 7 {
			anna.keyPacket(a, code, uint32(i+1)*1600, min(j+1, 5), j >= 4)
			n++
		}
	}
	if got, want := digits(t, a, n), "11*#D"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestKeysSurviveLossAndReordering(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	anna := newPhone(t, ALaw)
	a := open(t, e)
	anna.answers(a)
	anna.keyPacket(a, 1, 1600, 1, false) // its end is lost
	anna.keyPacket(a, 2, 3200, 5, true)  // its beginning is lost
	anna.keyPacket(a, 1, 1600, 5, true)  // a straggler
	anna.keyPacket(a, 3, 4800, 1, false)
	anna.keyPacket(a, 2, 3200, 5, true)
	anna.keyPacket(a, 16, 6400, 5, true) // a hook flash is no key
	anna.ssrc++                          // restarted
	anna.keyPacket(a, 4, 1600, 5, true)
	if got, want := digits(t, a, 7), "1234"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnreadKeysAreDropped(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	anna := newPhone(t, ALaw)
	a := open(t, e)
	anna.answers(a)
	for i := range keyBuffer + 8 {
		a.receive(rtp(101, uint16(i), uint32(i*1600), 7, []byte{byte(i % 10), 10, 0, 160}), anna.addr(), time.Now())
	}
	if got := len(digits(t, a, keyBuffer+8)); got != keyBuffer {
		t.Errorf("%d keys are kept, want %d", got, keyBuffer)
	}
}

func TestSentKeysAreUnderstood(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	a, b := open(t, e), open(t, e)
	answer, err := b.Answer(a.Offer())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Accept(answer); err != nil {
		t.Fatal(err)
	}
	for _, way := range []struct{ from, to *Port }{{a, b}, {b, a}} {
		for _, digit := range []byte("*1") {
			if err := way.from.SendDigit(t.Context(), digit); err != nil {
				t.Fatalf("SendDigit: %v", err)
			}
		}
		for _, want := range []byte("*1") {
			select {
			case got := <-way.to.Digits():
				if got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			case <-time.After(patience):
				t.Fatalf("%q never came", want)
			}
		}
	}
}

func TestASentKeyIsAsTheRFCWantsIt(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	anna := newPhone(t, ALaw)
	anna.keys = 96
	a := open(t, e)
	anna.answers(a)
	stop := a.Loop(Tone([]float64{400}, time.Second, 0, 0.5))
	defer stop()
	before := anna.mustHear()
	sent := make(chan error, 1)
	go func() { sent <- a.SendDigit(t.Context(), '#') }()

	var key []heard
	var after heard
	for after.raw == nil {
		switch h := anna.mustHear(); {
		case h.kind == 96:
			key = append(key, h)
		case len(key) == 0:
			before = h
		default:
			after = h
		}
	}
	if err := <-sent; err != nil {
		t.Fatalf("SendDigit: %v", err)
	}
	if len(key) != keyPackets+keyEnds-1 {
		t.Fatalf("%d packets, want %d", len(key), keyPackets+keyEnds-1)
	}
	for i, h := range key {
		b := h.payload()
		if h.ts != key[0].ts || h.seq != before.seq+1+uint16(i) || h.ssrc != before.ssrc || (h.marker != 0) != (i == 0) {
			t.Errorf("packet %d: ts +%d seq +%d marker %d", i, h.ts-key[0].ts, h.seq-before.seq, h.marker)
		}
		if got, want := binary.BigEndian.Uint16(b[2:]), uint16(min(i+1, keyPackets)*frameSize); b[0] != 11 || got != want || (b[1]&keyEnd != 0) != (i >= keyPackets-1) {
			t.Errorf("packet %d: event %d, %#x, duration %d; want 11, %d", i, b[0], b[1], got, want)
		}
	}
	if after.marker == 0 || after.seq != key[len(key)-1].seq+1 || after.ts-key[0].ts < keyPackets*frameSize {
		t.Errorf("audio goes on with marker %d, seq +%d, ts +%d", after.marker, after.seq-key[0].seq, after.ts-key[0].ts)
	}
}

func TestKeysThatCannotBeSent(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	anna := newPhone(t, ALaw)
	a := open(t, e)
	if err := a.SendDigit(t.Context(), '1'); !errors.Is(err, ErrNoKeys) {
		t.Errorf("before any description: %v, want %v", err, ErrNoKeys)
	}
	anna.answers(a)
	if err := a.SendDigit(t.Context(), 'x'); !errors.Is(err, ErrNotKey) {
		t.Errorf("x: %v, want %v", err, ErrNotKey)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.SendDigit(ctx, '1'); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v, want %v", err, context.Canceled)
	}
	a.Close()
	if err := a.SendDigit(t.Context(), '1'); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v, want %v", err, ErrClosed)
	}
}

// A key press that is cut short still ends for whoever hears it.
func TestACutKeyEnds(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	anna := newPhone(t, ALaw)
	a := open(t, e)
	anna.answers(a)
	ctx, cancel := context.WithCancel(t.Context())
	sent := make(chan error, 1)
	go func() { sent <- a.SendDigit(ctx, '5') }()
	anna.mustHear()
	cancel()
	if err := <-sent; !errors.Is(err, context.Canceled) {
		t.Errorf("SendDigit: %v, want %v", err, context.Canceled)
	}
	var last heard
	for h, ok := anna.hear(patience); ok; h, ok = anna.hear(30 * time.Millisecond) {
		last = h
	}
	if last.raw == nil || last.payload()[1]&keyEnd == 0 {
		t.Error("the last packet does not end the key")
	}
}
