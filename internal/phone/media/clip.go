package media

import "time"

const (
	// sampleRate is that of G.711 and of every RTP timestamp here.
	sampleRate = 8000
	// frameSize is a packet's audio in samples, which are bytes in G.711.
	frameSize = 160
	// frameTime is a packet's audio in time.
	frameTime = 20 * time.Millisecond
)

// Clip is audio that was encoded once, in both laws, and can be played on any number of ports at a time.
type Clip struct {
	ulaw, alaw []byte
}

// NewClip encodes samples at 8 kHz and fills the last packet with silence.
func NewClip(pcm []int16) *Clip {
	n := (len(pcm) + frameSize - 1) / frameSize * frameSize
	c := &Clip{ulaw: make([]byte, n), alaw: make([]byte, n)}
	for i := range n {
		var s int16
		if i < len(pcm) {
			s = pcm[i]
		}
		c.ulaw[i], c.alaw[i] = encodeULaw(s), encodeALaw(s)
	}
	return c
}

// Duration is how long the clip plays, in steps of 20 ms.
func (c *Clip) Duration() time.Duration { return time.Duration(c.frames()) * frameTime }

func (c *Clip) frames() int { return len(c.ulaw) / frameSize }

func (c *Clip) frame(l Law, i int) []byte {
	b := c.ulaw
	if l == ALaw {
		b = c.alaw
	}
	return b[i*frameSize : (i+1)*frameSize]
}

// samples is a duration in units of the RTP clock.
func samples(d time.Duration) int64 { return int64(d / (time.Second / sampleRate)) }

// length is the time that n samples take.
func length(n int64) time.Duration { return time.Duration(n) * time.Second / sampleRate }
