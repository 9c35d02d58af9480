package media

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// The channels of a recording.
const (
	Left = iota
	Right
)

const (
	channels = 2
	// ringSize is the window in samples in which packets find their place, about 2 s. It is a power of two.
	ringSize = 1 << 14
	// settleTime is how long a place stays open for stragglers before it goes to the file.
	settleTime = 500 * time.Millisecond
	// flushEvery and settleTime together are what a crash loses.
	flushEvery = 500 * time.Millisecond
	// ahead and behind bound how far a stream's own clock may stray from the wall clock before it is placed anew.
	ahead  = sampleRate / 5
	behind = sampleRate / 2
	// longest keeps the sizes in the header below 2^32.
	longest = 12 * 60 * 60 * sampleRate
)

// Recorder writes a call into a stereo WAV file in mu-law, one side per channel, both on the time line of the wall clock:
// what was not heard is silence. The file can be played at any time; a crash loses at most its last two seconds.
type Recorder struct {
	file *os.File
	born time.Time
	stop chan struct{}
	task sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	ring    [ringSize * channels]byte
	oldest  int64 // the sample up to which places are free to be reused
	flushed int64 // the sample up to which places are closed
	tracks  [channels]track
	err     error
}

// track places the packets of one channel: their timestamps are anchored to the wall clock.
type track struct {
	placed bool
	ssrc   uint32
	ts     uint32
	base   int64 // the sample of ts
	end    int64 // after the last packet
}

// NewRecorder begins a recording in an empty file, which it closes in Close.
func NewRecorder(f *os.File) (*Recorder, error) {
	r := &Recorder{file: f, born: time.Now(), stop: make(chan struct{})}
	for i := range r.ring {
		r.ring[i] = silentULaw
	}
	if err := writeHeader(f, 0); err != nil {
		return nil, fmt.Errorf("begin recording: %w", err)
	}
	r.task.Go(r.run)
	return r, nil
}

// run brings the file up to date, whether anybody speaks or not.
func (r *Recorder) run() {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-r.stop:
			return
		case now := <-tick.C:
			r.flush(r.sample(now.Add(-settleTime)))
		}
	}
}

// sample is the place of an instant.
func (r *Recorder) sample(t time.Time) int64 { return samples(t.Sub(r.born)) }

// write places a packet; it never waits for the disk.
func (r *Recorder) write(channel int, k *packet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := k.payload()
	at, ok := r.tracks[channel].place(k, r.sample(k.at))
	if !ok || r.closed || at < r.flushed || at+int64(len(b)) > r.oldest+ringSize {
		return
	}
	for i, c := range b {
		if k.law == ALaw {
			c = alawToULaw[c]
		}
		r.ring[slot(at+int64(i))+channel] = c
	}
}

func slot(sample int64) int { return int(sample&(ringSize-1)) * channels }

// place finds the sample at which a packet belongs. A stream that is new, restarted or strayed begins anew at the wall
// clock, though never on top of itself: one that runs ahead loses a packet instead.
func (t *track) place(k *packet, wall int64) (at int64, ok bool) {
	at = t.base + int64(int32(k.ts-t.ts))
	if !t.placed || k.ssrc != t.ssrc || at-wall > ahead || wall-at > behind {
		at = max(wall, t.end)
		t.placed = at-wall <= ahead
		t.ssrc, t.ts, t.base = k.ssrc, k.ts, at
	}
	if !t.placed {
		return 0, false
	}
	t.end = max(t.end, at+int64(len(k.payload())))
	return at, true
}

// flush writes everything before a sample. Only one goroutine flushes at a time: run, and Close after it.
func (r *Recorder) flush(to int64) {
	to = min(to, longest)
	for r.failure() == nil {
		from, till, more := r.claim(to)
		if !more {
			return
		}
		r.finish(from, till, r.save(from, till))
	}
}

func (r *Recorder) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// claim closes the places before a sample, at most as many as there are and none across the ring's seam.
func (r *Recorder) claim(to int64) (from, till int64, more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	from = r.flushed
	seam := from - from&(ringSize-1) + ringSize
	till = min(to, seam)
	r.flushed = max(from, till)
	return from, till, till > from
}

// save writes claimed places, which nobody else touches, and then the header, which must not promise what is not there.
func (r *Recorder) save(from, till int64) error {
	b := r.ring[slot(from):][:(till-from)*channels]
	if _, err := r.file.WriteAt(b, wavHeader+from*channels); err != nil {
		return err
	}
	return writeHeader(r.file, till)
}

// finish makes saved places silent for those to come.
func (r *Recorder) finish(from, till int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err = err; err != nil {
		return
	}
	b := r.ring[slot(from):][:(till-from)*channels]
	for i := range b {
		b[i] = silentULaw
	}
	r.oldest = till
}

// Close ends the recording, closes its file and returns its length. The error says why it may be incomplete: the file
// then holds what could be written. Ports still recording into it do no harm; closing again is os.ErrClosed.
func (r *Recorder) Close() (time.Duration, error) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return 0, os.ErrClosed
	}
	r.closed = true
	end := max(r.sample(time.Now()), r.tracks[Left].end, r.tracks[Right].end)
	r.mu.Unlock()

	close(r.stop)
	r.task.Wait()
	r.flush(end)
	err := errors.Join(r.failure(), r.file.Close())
	if err != nil {
		err = fmt.Errorf("record: %w", err)
	}
	return length(r.oldest), err
}
