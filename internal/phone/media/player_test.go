package media

import (
	"context"
	"errors"
	"testing"
	"time"
)

// What a manager hears is one stream: the prompt, then ringback, then the visitor.
func TestOneStreamFromThePromptToThePeer(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	anna, visitor := newPhone(t, ALaw), newPhone(t, ULaw)
	a, b := open(t, e), open(t, e)
	anna.answers(a)
	visitor.answers(b)

	begun := time.Now()
	if err := a.Play(t.Context(), Tone([]float64{600}, 100*time.Millisecond, 0, 0.5)); err != nil {
		t.Fatalf("Play: %v", err)
	}
	stop := a.Loop(Tone([]float64{425}, 40*time.Millisecond, 0, 0.5))
	defer stop()
	heard := make([]heard, 0, 20)
	for range 10 {
		heard = append(heard, anna.mustHear())
	}
	if pcm := ALaw.decode(heard[2].payload()); Level(pcm, 600) < 0.4 {
		t.Error("the prompt is not heard first")
	}
	stop()
	for { // what was under way
		h, ok := anna.hear(100 * time.Millisecond)
		if !ok {
			break
		}
		heard = append(heard, h)
	}
	if pcm := ALaw.decode(heard[7].payload()); Level(pcm, 425) < 0.4 {
		t.Error("ringback is not heard second")
	}
	Join(a, b)
	joined := len(heard)
	for _, f := range sine(ULaw, 1000, 5) {
		visitor.talk(b, f)
		heard = append(heard, anna.mustHear())
	}
	took := time.Since(begun)

	first := heard[0]
	if first.marker == 0 {
		t.Error("the first packet has no marker")
	}
	for i, h := range heard[1:] {
		if h.ssrc != first.ssrc || h.seq != heard[i].seq+1 || int32(h.ts-heard[i].ts) < frameSize {
			t.Errorf("packet %d: ssrc %x seq %d ts %d after ssrc %x seq %d ts %d",
				i+1, h.ssrc, h.seq, h.ts, heard[i].ssrc, heard[i].seq, heard[i].ts)
		}
	}
	if h := heard[joined]; h.marker == 0 {
		t.Error("the peer's first packet has no marker")
	}
	if gap := heard[joined].ts - heard[joined-1].ts; gap < 4*frameSize {
		t.Errorf("timestamps advance by %d over the pause, want the 100 ms it lasted at least", gap)
	}
	last := heard[len(heard)-1]
	if lasted := length(int64(last.ts - first.ts)); lasted > took+5*frameTime {
		t.Errorf("timestamps advanced by %v within %v", lasted, took)
	}
	if pcm := ALaw.decode(last.payload()); Level(pcm, 1000) < 0.4 {
		t.Error("the visitor is not heard last")
	}
}

func TestPlayEndsWithTheClip(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	anna := newPhone(t, ALaw)
	a := open(t, e)
	anna.answers(a)
	clip := Tone([]float64{400}, 190*time.Millisecond, 0, 0.5)
	if got := clip.Duration(); got != 200*time.Millisecond {
		t.Errorf("the clip lasts %v, want it filled up to 200ms", got)
	}
	begun := time.Now()
	if err := a.Play(t.Context(), clip); err != nil {
		t.Fatalf("Play: %v", err)
	}
	if took := time.Since(begun); took < 150*time.Millisecond {
		t.Errorf("200 ms were played in %v", took)
	}
	pcm := anna.mustHearAudio(10)
	if got := Level(pcm[:9*frameSize], 400); got < 0.48 || got > 0.52 {
		t.Errorf("heard at %.3f, want 0.5", got)
	}
	if h, ok := anna.hear(50 * time.Millisecond); ok {
		t.Errorf("after the clip there is %x", h.raw)
	}
}

func TestWhatEndsPlaying(t *testing.T) {
	t.Parallel()
	long := Tone([]float64{400}, 10*time.Second, 0, 0.5)
	because := errors.New("hung up")
	for _, tt := range []struct {
		name string
		end  func(p, other *Port, cancel context.CancelCauseFunc)
		want error
	}{
		{"the caller", func(_, _ *Port, cancel context.CancelCauseFunc) { cancel(because) }, because},
		{"closing the port", func(p, _ *Port, _ context.CancelCauseFunc) { p.Close() }, ErrClosed},
		{"closing the engine", func(p, _ *Port, _ context.CancelCauseFunc) { p.engine.Close() }, ErrClosed},
		{"ringback", func(p, _ *Port, _ context.CancelCauseFunc) { p.Loop(long) }, ErrReplaced},
		{"joining", func(p, o *Port, _ context.CancelCauseFunc) { Join(p, o) }, ErrReplaced},
		{"early media", func(p, o *Port, _ context.CancelCauseFunc) { Relay(o, p) }, ErrReplaced},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t)
			anna := newPhone(t, ALaw)
			a, b := open(t, e), open(t, e)
			anna.answers(a)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			done := make(chan error, 1)
			go func() { done <- a.Play(ctx, long) }()
			anna.mustHear()
			tt.end(a, b, cancel)
			if err := <-done; !errors.Is(err, tt.want) {
				t.Errorf("Play: %v, want %v", err, tt.want)
			}
		})
	}
}

func TestPlayingOnAClosedPort(t *testing.T) {
	t.Parallel()
	p := open(t, newEngine(t))
	p.Close()
	if err := p.Play(t.Context(), Tone(nil, time.Second, 0, 0)); !errors.Is(err, ErrClosed) {
		t.Errorf("Play: %v, want %v", err, ErrClosed)
	}
	p.Loop(Tone(nil, time.Second, 0, 0))()
}

func TestAnEmptyClipEndsAtOnce(t *testing.T) {
	t.Parallel()
	p := open(t, newEngine(t))
	if err := p.Play(t.Context(), NewClip(nil)); err != nil {
		t.Errorf("Play: %v", err)
	}
	p.Loop(NewClip(nil)) // must not spin or divide by zero
}

func TestStoppingAnOldLoopDoesNotStopItsSuccessor(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	anna := newPhone(t, ALaw)
	a := open(t, e)
	anna.answers(a)
	stopFirst := a.Loop(Tone([]float64{400}, time.Second, 0, 0.5))
	stopSecond := a.Loop(Tone([]float64{400}, time.Second, 0, 0.5))
	defer stopSecond()
	stopFirst()
	anna.mustHearAudio(5)
}

func TestNothingIsSentToAPhoneThatHolds(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	anna := newPhone(t, ALaw)
	a := open(t, e)
	anna.answers(a)
	stop := a.Loop(Tone([]float64{400}, time.Second, 0, 0.5))
	defer stop()
	last := anna.mustHear()
	if _, err := a.Answer(anna.describe("a=sendonly\r\n")); err != nil {
		t.Fatal(err)
	}
	for {
		h, ok := anna.hear(100 * time.Millisecond)
		if !ok {
			break
		}
		last = h
	}
	if _, err := a.Answer(anna.describe("a=sendrecv\r\n")); err != nil {
		t.Fatal(err)
	}
	h := anna.mustHear()
	if h.seq != last.seq+1 || h.marker == 0 || h.ts-last.ts < 4*frameSize {
		t.Errorf("after the hold: seq +%d, marker %d, ts +%d", h.seq-last.seq, h.marker, h.ts-last.ts)
	}
}

func TestTheClockRestsWhenNobodyPlays(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	p := open(t, e)
	running := func() bool {
		e.clock.mu.Lock()
		defer e.clock.mu.Unlock()
		return e.clock.running
	}
	for range 3 {
		stop := p.Loop(Tone([]float64{400}, time.Second, 0, 0.5))
		if !running() {
			t.Fatal("the clock does not run")
		}
		stop()
		eventually(t, "the clock rests", func() bool { return !running() })
	}
}

func TestTones(t *testing.T) {
	t.Parallel()
	pcm := ALaw.decode(Tone([]float64{350, 440}, time.Second, time.Second, 0.8).alaw)
	if len(pcm) != 2*sampleRate {
		t.Fatalf("%d samples, want %d", len(pcm), 2*sampleRate)
	}
	on, off := pcm[:sampleRate], pcm[sampleRate:]
	for _, hz := range []float64{350, 440} {
		if got := Level(on, hz); got < 0.39 || got > 0.41 {
			t.Errorf("%.0f Hz at %.3f, want 0.4", hz, got)
		}
	}
	if got := Level(on, 620); got > 0.01 {
		t.Errorf("620 Hz at %.3f, want none", got)
	}
	if got := Level(off, 350); got > 0.001 {
		t.Errorf("in the pause there is %.4f of a tone", got)
	}
	if got := Level(nil, 350); got != 0 {
		t.Errorf("nothing has a level of %v", got)
	}
}
