package locale_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/locale"
)

var (
	languages = []string{"en", "pl"}
	prompts   = []string{"apology", "manager.call", "unreachable", "visitor.call"}
)

// A person with the telephone at the ear hears each prompt as loud as speech, unclipped, and not for long.
func TestPromptsAreAsLoudAndLongAsSpeech(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		for _, name := range prompts {
			t.Run(language+"/"+name, func(t *testing.T) {
				t.Parallel()
				wav, ok := locale.Prompt(language, name)
				if !ok {
					t.Fatalf("Prompt(%q, %q) is not there", language, name)
				}
				samples, err := readMulaw(wav)
				if err != nil {
					t.Fatalf("Prompt(%q, %q): %v", language, name, err)
				}
				if rms := level(samples); rms < -18.5 || rms > -14 {
					t.Errorf("level is %.1f dBFS RMS, want about -16", rms)
				}
				if top := peak(samples); top > -1 {
					t.Errorf("peak is %.1f dBFS, want below -1", top)
				}
				long := time.Duration(len(samples)) * time.Second / 8000
				if long < 2*time.Second || long > 5*time.Second {
					t.Errorf("lasts %v, want 2 s to 5 s", long)
				}
				if len(wav) > 40_000 {
					t.Errorf("takes %d bytes, want 40 kB at most", len(wav))
				}
			})
		}
	}
}

// Both sides are greeted in 4 s at most, for the other one is waiting.
func TestGreetingsAreShort(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		for _, name := range []string{"manager.call", "visitor.call", "unreachable"} {
			wav, _ := locale.Prompt(language, name)
			samples, err := readMulaw(wav)
			if err != nil {
				t.Fatalf("Prompt(%q, %q): %v", language, name, err)
			}
			if got, want := len(samples), 4*8000; got > want {
				t.Errorf("Prompt(%q, %q) has %d samples, want %d at most", language, name, got, want)
			}
		}
	}
}

func TestEachLanguageSpeaksForItself(t *testing.T) {
	t.Parallel()
	for _, name := range prompts {
		en, _ := locale.Prompt("en", name)
		pl, _ := locale.Prompt("pl", name)
		if bytes.Equal(en, pl) {
			t.Errorf("%s is the same in English and Polish", name)
		}
	}
}

func TestALanguageWithoutPromptsSpeaksEnglish(t *testing.T) {
	t.Parallel()
	want, _ := locale.Prompt("en", "manager.call")
	for _, language := range []string{"cz", "", "xx", "../en", "pl/", "PL"} {
		got, ok := locale.Prompt(language, "manager.call")
		if !ok || !bytes.Equal(got, want) {
			t.Errorf("Prompt(%q, manager.call) is not the English prompt", language)
		}
	}
}

func TestAnUnknownPromptIsNotThere(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "nobody", "manager.call.wav", "../en/manager.call", "/manager.call", "manager.call\x00"} {
		if got, ok := locale.Prompt("pl", name); ok {
			t.Errorf("Prompt(pl, %q) = %d bytes, want none", name, len(got))
		}
	}
}

func TestASoundIsThereInBothForms(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		for _, name := range prompts {
			mp3, ok := locale.Sound(language, name+".mp3")
			if !ok || len(mp3) > 30_000 || !bytes.HasPrefix(mp3, []byte{0xff, 0xf3}) { // MPEG 2, layer III
				t.Errorf("Sound(%q, %s.mp3) = %d bytes, %t", language, name, len(mp3), ok)
			}
			wav, _ := locale.Sound(language, name+".wav")
			if want, _ := locale.Prompt(language, name); !bytes.Equal(wav, want) {
				t.Errorf("Sound(%q, %s.wav) is not the prompt", language, name)
			}
		}
	}
	for _, bad := range [][2]string{
		{"de", "manager.call.mp3"},
		{"en", "manager.call"},
		{"en", "../pl/manager.call.mp3"},
		{"..", "locale.go"},
		{"", ""},
		{"en", ""},
		{".", "en/manager.call.mp3"},
		{"en/../pl", "manager.call.mp3"},
	} {
		if _, ok := locale.Sound(bad[0], bad[1]); ok {
			t.Errorf("Sound(%q, %q) is there", bad[0], bad[1])
		}
	}
}

func TestV7_ALanguageWithoutPromptsIsSentToEnglish(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]string{"en": "en", "pl": "pl", "de": "en", "": "en", "../pl": "en"} {
		if got := locale.Speaks(language, "manager.call"); got != want {
			t.Errorf("%q speaks %q, want %q", language, got, want)
		}
	}
}

func TestT1_EveryBuiltInTextFitsItsOwnLimit(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		for _, name := range ringback.TemplateNames {
			text := locale.Text(language, string(name))
			if err := ringback.CheckTemplate(text); err != nil {
				t.Errorf("%s in %s: %v", name, language, err)
			}
			filled := ringback.Template{Text: text}.Fill(ringback.Variables{Company: "C", Name: "N", Tel: "T", URL: "U"})
			if strings.ContainsAny(strings.ReplaceAll(strings.ReplaceAll(filled, ": ", ""), ":\n", ""), ":") {
				t.Errorf("%s in %s has a strange variable: %q", name, language, filled)
			}
		}
	}
	if locale.Text("pl", "manager.call-completed") == locale.Text("en", "manager.call-completed") {
		t.Error("Polish is English")
	}
	if locale.Text("cz", "manager.call-completed") != locale.Text("en", "manager.call-completed") {
		t.Error("a language without texts does not write English")
	}
	if got := locale.Text("en", "nothing"); got != "" {
		t.Errorf("an unknown text is %q", got)
	}
}

// readMulaw returns the samples of a WAV file that is 8 kHz, mono, μ-law, between -1 and 1.
func readMulaw(wav []byte) ([]float64, error) {
	if len(wav) < 12 || string(wav[:4]) != "RIFF" || string(wav[8:12]) != "WAVE" {
		return nil, fmt.Errorf("%.12q is not the beginning of a WAV file", wav)
	}
	chunks := map[string][]byte{}
	for rest := wav[12:]; len(rest) >= 8; {
		size := int(binary.LittleEndian.Uint32(rest[4:]))
		if size > len(rest)-8 {
			return nil, fmt.Errorf("chunk %q of %d bytes is cut short", rest[:4], size)
		}
		chunks[string(rest[:4])] = rest[8 : 8+size]
		rest = rest[min(len(rest), 8+size+size%2):]
	}
	const mulaw, mono, rate, bits = "\x07\x00", "\x01\x00", "\x40\x1f\x00\x00\x40\x1f\x00\x00", "\x01\x00\x08\x00"
	if got, want := string(chunks["fmt "][:16]), mulaw+mono+rate+bits; got != want {
		return nil, fmt.Errorf("format is %x, want %x", got, want)
	}
	samples := make([]float64, len(chunks["data"]))
	for i, b := range chunks["data"] {
		samples[i] = expand(b)
	}
	return samples, nil
}

// expand turns one byte of G.711 μ-law into a sample.
func expand(b byte) float64 {
	b = ^b
	magnitude := (int(b&0x0f)<<3+0x84)<<(b>>4&7) - 0x84
	if b&0x80 != 0 {
		magnitude = -magnitude
	}
	return float64(magnitude) / 32768
}

// level is the RMS of the samples in dB below full scale.
func level(samples []float64) float64 {
	sum := 0.0
	for _, s := range samples {
		sum += s * s
	}
	return 10 * math.Log10(sum/float64(len(samples)))
}

// peak is the loudest sample in dB below full scale.
func peak(samples []float64) float64 {
	top := 0.0
	for _, s := range samples {
		top = max(top, math.Abs(s))
	}
	return 20 * math.Log10(top)
}
