package media

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

func recordTo(t testing.TB, path string) *Recorder {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRecorder(f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = r.Close() })
	return r
}

func record(t testing.TB) *Recorder { return recordTo(t, filepath.Join(t.TempDir(), "call.wav")) }

// taped is a recording in the making and what two people say into it.
type taped struct {
	*Recorder
	t     *testing.T
	path  string
	slept time.Duration // what the clock has leapt by
}

// tape runs a test in time of its own, which passes as fast as the machine can.
func tape(t *testing.T, story func(r *taped)) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(dir, "call.wav")
		story(&taped{Recorder: recordTo(t, path), t: t, path: path})
	})
}

// voice is one side of a taped call.
type voice struct {
	channel int
	law     Law
	hz      float64
	ssrc    uint32
	seq     uint16
	ts      uint32
}

// frame says the next 20 ms as they arrive now.
func (r *taped) frame(v *voice) {
	k := packet{ssrc: v.ssrc, seq: v.seq, ts: v.ts, law: v.law, at: time.Now().Add(r.slept)}
	k.raw = append(make([]byte, rtpHeader), sine(v.law, v.hz, 1)[0]...)
	k.head = rtpHeader
	r.write(v.channel, &k)
	v.seq++
	v.ts += frameSize
}

// talk lets voices speak for some time, a frame each every 20 ms.
func (r *taped) talk(d time.Duration, voices ...*voice) {
	for range d / frameTime {
		for _, v := range voices {
			r.frame(v)
		}
		time.Sleep(frameTime)
	}
}

// open reads the file as it lies there at this moment.
func (r *taped) open() (left, right []int16) {
	r.t.Helper()
	synctest.Wait()
	left, right = readRecording(r.t, r.path)
	b, err := os.ReadFile(r.path)
	if err != nil || !bytes.Equal(b[:wavHeader], header(int64(len(left)))) {
		r.t.Errorf("the header %x does not tell of %d samples, %v", b[:wavHeader], len(left), err)
	}
	return left, right
}

func readRecording(t testing.TB, path string) (left, right []int16) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	left, right, err = ReadRecording(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("the recording cannot be read: %v", err)
	}
	return left, right
}

// end closes the recording and reads it.
func (r *taped) end(want time.Duration) (left, right []int16) {
	r.t.Helper()
	got, err := r.Close()
	if err != nil || got != want {
		r.t.Errorf("Close: %v, %v; want %v", got, err, want)
	}
	left, right = r.open()
	if len(left) != int(samples(want)) || len(right) != len(left) {
		r.t.Fatalf("%d and %d samples, want %d of each", len(left), len(right), samples(want))
	}
	return left, right
}

// wantTone checks that a tone, or silence for 0 Hz, is all there is in a piece of a channel.
func wantTone(t testing.TB, what string, pcm []int16, from, to time.Duration, hz float64) {
	t.Helper()
	if int(samples(to)) > len(pcm) {
		t.Errorf("%s: only %v long, want %v", what, length(int64(len(pcm))), to)
		return
	}
	piece := pcm[samples(from):samples(to)]
	if hz == 0 {
		for i, s := range piece {
			if s != 0 {
				t.Errorf("%s: not silent at %v", what, from+length(int64(i)))
				return
			}
		}
		return
	}
	for at := 0; at+800 <= len(piece); at += 800 {
		if got := Level(piece[at:at+800], hz); got < 0.45 || got > 0.55 {
			t.Errorf("%s: %.0f Hz at %.3f at %v, want 0.5", what, hz, got, from+length(int64(at)))
		}
	}
}

func TestBothSidesAreRecordedAtTheirTime(t *testing.T) {
	tape(t, func(r *taped) {
		manager := &voice{channel: Left, law: ULaw, hz: 400, ssrc: 1, seq: 65530, ts: 1<<32 - 800}
		visitor := &voice{channel: Right, law: ALaw, hz: 1000, ssrc: 2, ts: 5}
		r.talk(time.Second, manager)
		r.talk(2*time.Second, manager, visitor)
		r.talk(time.Second, visitor)
		left, right := r.end(4 * time.Second)
		wantTone(t, "manager", left, 0, 3*time.Second, 400)
		wantTone(t, "manager after the end", left, 3*time.Second, 4*time.Second, 0)
		wantTone(t, "visitor before the beginning", right, 0, time.Second, 0)
		wantTone(t, "visitor", right, time.Second, 4*time.Second, 1000)
	})
}

func TestSilenceFillsAHold(t *testing.T) {
	for _, tt := range []struct {
		name  string
		clock uint32 // what the timestamps advance by during the hold
		ssrc  uint32
	}{
		{"the clock runs on", 30 * sampleRate, 1},
		{"the clock stands still", 0, 1},
		{"the clock starts anew", 12345678, 2},
		{"the clock goes back", 1<<32 - 10*sampleRate, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tape(t, func(r *taped) {
				v := &voice{channel: Left, hz: 400, ssrc: 1}
				r.talk(time.Second, v)
				time.Sleep(30 * time.Second)
				v.ts += tt.clock
				v.ssrc = tt.ssrc
				r.talk(time.Second, v)
				left, _ := r.end(32 * time.Second)
				wantTone(t, "before", left, 0, time.Second, 400)
				wantTone(t, "held", left, time.Second, 31*time.Second, 0)
				wantTone(t, "after", left, 31*time.Second, 32*time.Second, 400)
			})
		})
	}
}

func TestLateAndLostPacketsFindTheirPlace(t *testing.T) {
	tape(t, func(r *taped) {
		v := &voice{channel: Left, hz: 400, ssrc: 1}
		r.talk(time.Second, v)
		late := *v
		v.ts += frameSize // one overtakes the other
		time.Sleep(frameTime)
		r.talk(100*time.Millisecond, v)
		r.frame(&late)
		v.ts += 10 * frameSize // ten are lost
		time.Sleep(10 * frameTime)
		r.talk(time.Second, v)
		left, _ := r.end(2320 * time.Millisecond)
		wantTone(t, "with the late packet", left, 0, 1120*time.Millisecond, 400)
		wantTone(t, "lost", left, 1120*time.Millisecond, 1320*time.Millisecond, 0)
		wantTone(t, "after the loss", left, 1320*time.Millisecond, 2320*time.Millisecond, 400)
	})
}

// Jitter must not tear the audio: packets go where their timestamps say, not where they arrive.
func TestJitterDoesNotTearTheRecording(t *testing.T) {
	tape(t, func(r *taped) {
		v := &voice{channel: Left, hz: 400, ssrc: 1}
		r.talk(frameTime, v)
		for range 20 {
			time.Sleep(9 * frameTime)
			for range 10 { // 200 ms arrive at once
				r.frame(v)
			}
			time.Sleep(frameTime)
		}
		left, _ := r.end(4020 * time.Millisecond)
		wantTone(t, "in bursts", left, 0, 4*time.Second, 400)
	})
}

// A phone whose clock is wrong stays near the wall clock, and the recording no longer than the call.
func TestAWrongClockIsHeldToTheWall(t *testing.T) {
	for _, tt := range []struct {
		name  string
		every time.Duration
	}{{"too fast", 15 * time.Millisecond}, {"too slow", 25 * time.Millisecond}} {
		t.Run(tt.name, func(t *testing.T) {
			tape(t, func(r *taped) {
				v := &voice{channel: Left, hz: 400, ssrc: 1}
				for begun := time.Now(); time.Since(begun) < 15*time.Second; time.Sleep(tt.every) {
					r.frame(v)
					r.mu.Lock()
					stray := r.tracks[Left].end - r.sample(time.Now())
					r.mu.Unlock()
					if stray > ahead+frameSize || stray < -behind {
						t.Fatalf("after %v the track ends %d samples from the wall clock", time.Since(begun), stray)
					}
				}
				d, err := r.Close()
				if over := d - 15*time.Second; err != nil || over < 0 || over > 250*time.Millisecond {
					t.Errorf("15 s became %v, %v", d, err)
				}
			})
		})
	}
}

func TestWhatComesFarTooLateIsLeftOut(t *testing.T) {
	tape(t, func(r *taped) {
		v := &voice{channel: Left, hz: 400, ssrc: 1}
		r.talk(time.Second, v)
		time.Sleep(2 * time.Second)
		r.mu.Lock()
		if r.tracks[Left].end != sampleRate || r.flushed < 2*sampleRate {
			t.Errorf("the track ends at %d, %d samples are in the file", r.tracks[Left].end, r.flushed)
		}
		r.mu.Unlock()
		left, _ := r.end(3 * time.Second)
		wantTone(t, "what was said", left, 0, time.Second, 400)
		wantTone(t, "what was not", left, time.Second, 3*time.Second, 0)
	})
}

// Whoever opens the file during the call can play all but the last second of it.
func TestTheFileIsPlayableAtAnyTime(t *testing.T) {
	tape(t, func(r *taped) {
		v := &voice{channel: Right, hz: 1000, ssrc: 1}
		for i := range 20 {
			r.talk(340*time.Millisecond, v)
			said := time.Duration(i+1) * 340 * time.Millisecond
			_, right := r.open()
			if missing := said - length(int64(len(right))); missing > settleTime+flushEvery || missing < min(said, settleTime) {
				t.Errorf("after %v the file lacks %v, want at most a second", said, missing)
			}
			wantTone(t, "so far", right, 0, length(int64(len(right))).Truncate(100*time.Millisecond), 1000)
		}
	})
}

// What a crash leaves behind: a header that is behind, and half a sample.
func TestACutRecordingIsRepaired(t *testing.T) {
	tape(t, func(r *taped) {
		v := &voice{channel: Left, hz: 400, ssrc: 1}
		r.talk(3300*time.Millisecond, v)
		b, err := os.ReadFile(r.path)
		if err != nil {
			t.Fatal(err)
		}
		whole := (len(b) - wavHeader) / channels
		for _, tt := range []struct {
			name  string
			file  []byte
			wants int
		}{
			{"between data and header", append(header(sampleRate), b[wavHeader:]...), whole},
			{"within a sample", b[:len(b)-3], whole - 2},
			{"mid-second", b[:wavHeader+2*(sampleRate+4321)], sampleRate + 4321},
			{"header promises more", append(header(9*sampleRate), b[wavHeader:]...), whole},
			{"sound", b, whole},
			{"before any audio", b[:wavHeader], 0},
			{"within the header", b[:20], 0},
			{"at the very beginning", nil, 0},
		} {
			path := filepath.Join(filepath.Dir(r.path), "cut.wav")
			if err := os.WriteFile(path, tt.file, 0o600); err != nil {
				t.Fatal(err)
			}
			for range 2 { // again changes nothing
				if got, err := Repair(path); err != nil || got != length(int64(tt.wants)) {
					t.Errorf("%s: repaired to %v, %v; want %v", tt.name, got, err, length(int64(tt.wants)))
				}
				left, right := readRecording(t, path)
				if len(left) != tt.wants || len(right) != tt.wants {
					t.Errorf("%s: %d and %d samples, want %d", tt.name, len(left), len(right), tt.wants)
				}
				wantTone(t, tt.name, left, 0, length(int64(len(left))).Truncate(100*time.Millisecond), 400)
			}
		}
	})
}

func TestOtherFilesAreNotRepaired(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, b := range map[string][]byte{
		"text":      []byte("Dear Anna,"),
		"other.wav": wav(formatPCM, 1, 16, sampleRate, make([]byte, 320)),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Repair(path); !errors.Is(err, ErrWAV) {
			t.Errorf("%s: %v, want %v", name, err, ErrWAV)
		}
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, b) {
			t.Errorf("%s was changed, %v", name, err)
		}
	}
	huge := filepath.Join(dir, "huge.wav")
	if err := os.WriteFile(huge, header(0), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, wavHeader+channels*(longest+1)); err != nil {
		t.Fatal(err)
	}
	if _, err := Repair(huge); !errors.Is(err, ErrWAV) {
		t.Errorf("thirteen hours: %v, want %v", err, ErrWAV)
	}
	if _, err := Repair(filepath.Join(dir, "none.wav")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v, want %v", err, os.ErrNotExist)
	}
}

// A disk that fails ends the recording, not the call; Close says so.
func TestAFailingDiskIsReported(t *testing.T) {
	tape(t, func(r *taped) {
		v := &voice{channel: Left, hz: 400, ssrc: 1}
		r.talk(2*time.Second, v)
		_ = r.file.Close()
		r.talk(3*time.Second, v)
		if d, err := r.Close(); !errors.Is(err, os.ErrClosed) || d < time.Second || d > 2*time.Second {
			t.Errorf("Close: %v, %v; want what was saved before and %v", d, err, os.ErrClosed)
		}
	})
	f, err := os.Create(filepath.Join(t.TempDir(), "call.wav"))
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	if _, err := NewRecorder(f); !errors.Is(err, os.ErrClosed) {
		t.Errorf("NewRecorder on a closed file: %v, want %v", err, os.ErrClosed)
	}
}

func TestARecordingIsClosedOnce(t *testing.T) {
	tape(t, func(r *taped) {
		v := &voice{channel: Left, hz: 400, ssrc: 1}
		r.talk(time.Second, v)
		r.end(time.Second)
		r.talk(time.Second, v) // does no harm
		if _, err := r.Close(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("closing again: %v, want %v", err, os.ErrClosed)
		}
		if left, _ := r.open(); len(left) != sampleRate {
			t.Errorf("%d samples after the end, want %d", len(left), sampleRate)
		}
	})
}

// A process that was suspended goes on at the right place.
func TestARecordingOutlivesASuspendedProcess(t *testing.T) {
	tape(t, func(r *taped) {
		v := &voice{channel: Left, hz: 400, ssrc: 1}
		r.talk(time.Second, v)
		r.slept = time.Hour
		r.talk(100*time.Millisecond, v) // no place yet: the file is an hour behind
		r.flush(samples(time.Hour + 600*time.Millisecond))
		r.talk(900*time.Millisecond, v)
		left, _ := r.end(time.Hour + 2*time.Second)
		wantTone(t, "before", left, 0, time.Second, 400)
		wantTone(t, "asleep", left, time.Second, time.Hour+1100*time.Millisecond, 0)
		wantTone(t, "after", left, time.Hour+1100*time.Millisecond, time.Hour+2*time.Second, 400)
	})
}

// The whole way: two phones on the wire, joined, of different laws, into one file.
func TestATalkIsRecordedOffTheWire(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	anna, visitor := newPhone(t, ALaw), newPhone(t, ULaw)
	a, b := open(t, e), open(t, e)
	anna.answers(a)
	visitor.answers(b)
	Join(a, b)
	path := filepath.Join(t.TempDir(), "call.wav")
	r := recordTo(t, path)
	a.Record(r, Left)
	b.Record(r, Right)
	for i := range 10 {
		anna.talk(a, sine(ALaw, 400, 10)[i])
		visitor.talk(b, sine(ULaw, 1000, 10)[i])
	}
	visitor.mustHearAudio(10)
	anna.mustHearAudio(10)
	a.Record(nil, Left)
	anna.talk(a, sine(ALaw, 600, 1)[0])
	visitor.mustHear()
	if _, err := r.Close(); err != nil {
		t.Fatal(err)
	}
	left, right := readRecording(t, path)
	for _, side := range []struct {
		name string
		pcm  []int16
		hz   float64
	}{{"left", left, 400}, {"right", right, 1000}} {
		first := 0
		for first < len(side.pcm)-10*frameSize && side.pcm[first] == 0 && side.pcm[first+1] == 0 {
			first++
		}
		if got := Level(side.pcm[first:min(len(side.pcm), first+1500)], side.hz); got < 0.4 {
			t.Errorf("%s: %.0f Hz at %.3f, want 0.5", side.name, side.hz, got)
		}
		if got := Level(side.pcm, 600); got > 0.05 {
			t.Errorf("%s: what came after the end of recording is there", side.name)
		}
	}
}

func FuzzRepair(f *testing.F) {
	f.Add([]byte{})
	f.Add(header(0))
	f.Add(append(header(7), 1, 2, 3))
	f.Add([]byte("RIFF"))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "x.wav")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := Repair(path)
		if err != nil {
			return
		}
		if left, _ := readRecording(t, path); length(int64(len(left))) != d {
			t.Errorf("%x: %d samples after repair to %v", b, len(left), d)
		}
	})
}
