package sandbox

import (
	"math"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/phone/media"
)

// sound is what one hears of a telephone.
type sound int

const (
	tone      sound = iota // says who was called: 440 Hz a manager, 660 Hz a visitor
	voicemail              // a greeting, a beep, silence
	silence
)

// The frequencies in Hz, and how loud they are: 1 is full scale.
const (
	managerHz = 440
	visitorHz = 660
	beepHz    = 1000
	networkHz = 520
	loudness  = 0.3

	greetingFor = 3 * time.Second
	beepFor     = 500 * time.Millisecond
	// tail is silence at the end of the voicemail clip, so that a late switch to silence is not heard.
	tail = time.Second

	rate = 8000 // samples a second
)

// sounds are shared by all telephones of a carrier.
type sounds struct{ manager, visitor, voicemail, silence, network *media.Clip }

func newSounds() sounds {
	return sounds{
		manager:   media.Tone([]float64{managerHz}, time.Second, 0, loudness),
		visitor:   media.Tone([]float64{visitorHz}, time.Second, 0, loudness),
		voicemail: media.NewClip(greeting()),
		silence:   media.NewClip(make([]int16, rate)),
		network:   media.Tone([]float64{networkHz}, time.Second, 0, loudness),
	}
}

// clip is what a telephone plays over and over.
func (s sounds) clip(what sound, party ringback.Party) *media.Clip {
	switch {
	case what == voicemail:
		return s.voicemail
	case what == silence:
		return s.silence
	case party == ringback.PartyVisitor:
		return s.visitor
	}
	return s.manager
}

// greeting babbles for a while, beeps and is silent.
func greeting() []int16 {
	pcm := make([]int16, samples(greetingFor+beepFor+tail))
	for i := range samples(greetingFor) {
		pcm[i] = babble(i)
	}
	for i := range samples(beepFor) {
		pcm[samples(greetingFor)+i] = sample(sine(beepHz, i))
	}
	return pcm
}

// vowels are two formants each, in Hz, far from the tones above.
var vowels = [][2]float64{{270, 2290}, {730, 1190}, {300, 870}, {530, 1840}, {570, 1410}}

// babble is five syllables a second, each of a vowel that swells and fades: speech to an ear, and to a detector of it.
func babble(i int) int16 {
	const syllable = rate / 5
	v := vowels[i/syllable%len(vowels)]
	swell := math.Sin(math.Pi * float64(i%syllable) / syllable)
	return sample(swell * (sine(v[0], i) + sine(v[1], i)) / 2)
}

func sine(hz float64, i int) float64 { return math.Sin(2 * math.Pi * hz * float64(i) / rate) }

func sample(v float64) int16 { return int16(v * loudness * math.MaxInt16) }

func samples(d time.Duration) int { return int(d * rate / time.Second) }
