package media

import (
	"math"
	"time"
)

// Tone returns a clip of the given frequencies in Hz, sounding together for on and silent for off.
// Level is the peak from 0 to 1. Played in a loop it is a ringback or busy tone (ITU-T E.180).
func Tone(freqs []float64, on, off time.Duration, level float64) *Clip {
	pcm := make([]int16, max(0, samples(on)+samples(off)))
	for i := range min(samples(on), int64(len(pcm))) {
		pcm[i] = toneSample(freqs, i, level)
	}
	return NewClip(pcm)
}

func toneSample(freqs []float64, i int64, level float64) int16 {
	var v float64
	for _, hz := range freqs {
		v += math.Sin(2 * math.Pi * hz * float64(i) / sampleRate)
	}
	return clip16(v / float64(max(1, len(freqs))) * level * math.MaxInt16)
}

func clip16(v float64) int16 {
	return int16(math.Round(max(math.MinInt16, min(math.MaxInt16, v))))
}

// Level measures how much of one frequency samples at 8 kHz contain: 1 is a sine at full scale (Goertzel's algorithm).
func Level(pcm []int16, hz float64) float64 {
	if len(pcm) == 0 {
		return 0
	}
	w := 2 * math.Pi * hz / sampleRate
	k := 2 * math.Cos(w)
	var s1, s2 float64
	for _, s := range pcm {
		s1, s2 = float64(s)/math.MaxInt16+k*s1-s2, s1
	}
	power := max(0, s1*s1+s2*s2-k*s1*s2)
	return 2 * math.Sqrt(power) / float64(len(pcm))
}
