package audio

import (
	"bytes"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path"
	"strings"
	"testing"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/locale"
	"github.com/ringback-hq/ringback/internal/phone/media"
)

// testdata has a second of 440 Hz at half of full scale in each file.
//
//go:embed testdata
var testdata embed.FS

func sample(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := testdata.ReadFile("testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// loudness is the level of a frequency within samples at 8 kHz: 1 is a tone of full scale.
func loudness(pcm []int16, hz float64) float64 {
	var re, im float64
	for i, s := range pcm {
		sin, cos := math.Sincos(2 * math.Pi * hz * float64(i) / Rate)
		re, im = re+float64(s)*cos, im+float64(s)*sin
	}
	return 2 * math.Hypot(re, im) / float64(len(pcm)) / math.MaxInt16
}

// isTone checks that the middle of a sound is the tone of testdata, and that all is there.
func isTone(t *testing.T, name string, pcm []int16) {
	t.Helper()
	if seconds := float64(len(pcm)) / Rate; seconds < 0.95 || seconds > 1.25 {
		t.Errorf("%s lasts %.2f s", name, seconds)
		return
	}
	middle := pcm[Rate/4 : 3*Rate/4]
	if got := loudness(middle, 440); got < 0.45 || got > 0.55 {
		t.Errorf("%s: 440 Hz at %.2f, want 0.50", name, got)
	}
	for _, hz := range []float64{220, 880, 1320} {
		if got := loudness(middle, hz); got > 0.02 {
			t.Errorf("%s: %v Hz at %.2f", name, hz, got)
		}
	}
}

func TestV1_MP3OfEveryUsualRateIsRead(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"44100-joint.mp3", "48000-vbr-tagged.mp3", "32000-mono.mp3", "22050-mono.mp3", "22050-vbr-joint.mp3", "24000-mono.mp3", "16000-crc.mp3",
	} {
		pcm, err := Read(sample(t, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		isTone(t, name, pcm)
	}
}

// wav is a file that others might make: kind 1 is PCM, 6 A-law, 7 mu-law.
func wav(kind, channels, bits uint16, rate uint32, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(36+len(data)))
	b = append(b, "WAVEfmt \x10\x00\x00\x00"...)
	b = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, kind), channels)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate*uint32(channels*bits/8))
	b = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, channels*bits/8), bits)
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), uint32(len(data)))
	return append(b, data...)
}

// tone is a second of 440 Hz in the encoding of one sample, once per channel.
func tone(rate, channels int, encode func(int16) []byte) (b []byte) {
	for i := range rate {
		s := encode(int16(math.MaxInt16 / 2 * math.Sin(2*math.Pi*440*float64(i)/float64(rate))))
		b = append(b, bytes.Repeat(s, channels)...)
	}
	return b
}

func pcm16(s int16) []byte { return binary.LittleEndian.AppendUint16(nil, uint16(s)) }
func pcm8(s int16) []byte  { return []byte{byte(int(s)>>8 + 128)} }
func alaw(s int16) []byte  { return []byte{media.ALaw.Encode(s)} }
func ulaw(s int16) []byte  { return []byte{media.ULaw.Encode(s)} }

func TestV1_WAVOfEveryUsualKindIsRead(t *testing.T) {
	t.Parallel()
	type kind struct {
		kind, channels, bits uint16
		rate                 int
		encode               func(int16) []byte
	}
	var kinds []kind
	for _, channels := range []uint16{1, 2} {
		for _, rate := range []int{8000, 44100} {
			kinds = append(kinds, kind{1, channels, 8, rate, pcm8}, kind{6, channels, 8, rate, alaw}, kind{7, channels, 8, rate, ulaw})
		}
	}
	for _, rate := range []int{8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000} {
		kinds = append(kinds, kind{1, 1, 16, rate, pcm16})
	}
	for _, k := range kinds {
		pcm, err := Read(wav(k.kind, k.channels, k.bits, uint32(k.rate), tone(k.rate, int(k.channels), k.encode)))
		if err != nil {
			t.Errorf("%+v: %v", k, err)
			continue
		}
		isTone(t, fmt.Sprint(k.kind, k.channels, k.bits, k.rate), pcm)
	}
}

func TestWhatIsStoredIsWhatWasRead(t *testing.T) {
	t.Parallel()
	pcm, err := Read(sample(t, "44100-joint.mp3"))
	if err != nil {
		t.Fatal(err)
	}
	file := WAV(pcm)
	again, err := Read(file)
	if err != nil || len(again) != len(pcm) || len(file) != 44+2*len(pcm) {
		t.Fatalf("%d samples, then %d in %d bytes: %v", len(pcm), len(again), len(file), err)
	}
	for i := range pcm {
		if pcm[i] != again[i] {
			t.Fatalf("sample %d was %d and is %d", i, pcm[i], again[i])
		}
	}
}

func TestTheBuiltInMP3SoundLikeTheirWAV(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"en", "pl"} {
		for _, name := range ringback.PromptNames {
			small, _ := locale.Sound(language, string(name)+".mp3")
			exact, _ := locale.Sound(language, string(name)+".wav")
			got, err := Read(small)
			if err != nil {
				t.Errorf("%s %s: %v", language, name, err)
				continue
			}
			want, err := Read(exact)
			if err != nil {
				t.Fatal(err)
			}
			if extra := len(got) - len(want); extra < 0 || extra > Rate/4 {
				t.Errorf("%s %s: %d samples, want %d", language, name, len(got), len(want))
			}
			if ratio := power(got) / power(want); ratio < 0.8 || ratio > 1.25 {
				t.Errorf("%s %s has %.2f of the loudness", language, name, ratio)
			}
		}
	}
}

// power is all the energy of a sound.
func power(pcm []int16) (sum float64) {
	for _, s := range pcm {
		sum += float64(s) * float64(s)
	}
	return sum
}

func TestV1_EveryRefusalSaysWhichRule(t *testing.T) {
	t.Parallel()
	mp3 := sample(t, "16000-crc.mp3")
	hugeTag := append([]byte("ID3\x04\x00\x00\xff\xff\xff\xff"), mp3...)
	free := bytes.Clone(mp3)
	for i := range len(free) - 1 {
		if free[i] == 0xff && free[i+1]&0xe0 == 0xe0 {
			free[i+2] &= 0x0f
		}
	}
	for name, tt := range map[string]struct {
		file []byte
		want string
	}{
		"nothing":                 {nil, "neither MP3 nor WAV"},
		"a web page":              {[]byte("<!DOCTYPE html><html>"), "neither MP3 nor WAV"},
		"a picture":               {[]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00" + strings.Repeat("\xff\xfb\x90\x00", 99)), "neither MP3 nor WAV"},
		"AAC":                     {[]byte("\xff\xf1\x50\x80\x00\x1f\xfc" + strings.Repeat("x", 999)), "neither MP3 nor WAV"},
		"Ogg":                     {[]byte("OggS\x00\x02"), "neither MP3 nor WAV"},
		"an archive":              {[]byte("PK\x03\x04"), "neither MP3 nor WAV"},
		"UTF-16":                  {[]byte("\xff\xfeh\x00e\x00l\x00l\x00o\x00"), "neither MP3 nor WAV"},
		"just a tag":              {[]byte("ID3\x04\x00\x00\x00\x00\x00\x02xx"), "neither MP3 nor WAV"},
		"a tag that is too large": {hugeTag, "neither MP3 nor WAV"},
		"too large":               {make([]byte, MostBytes+1), "larger than 5 MB"},
		"a minute":                {wav(7, 1, 8, 8000, make([]byte, 8000*60)), ""},
		"61 seconds of WAV":       {wav(7, 1, 8, 8000, make([]byte, 8000*61)), "longer than 60 seconds"},
		"68 seconds of MP3":       {bytes.Repeat(frames(mp3), 66), "longer than 60 seconds"},
		"24 bits":                 {wav(1, 1, 24, 8000, make([]byte, 300)), "format 1 with 24 bits is not supported"},
		"six channels":            {wav(1, 6, 16, 48000, make([]byte, 1200)), "6 channels"},
		"96 kHz":                  {wav(1, 1, 16, 96000, make([]byte, 1200)), "96000 Hz"},
		"ADPCM":                   {wav(17, 1, 4, 8000, make([]byte, 300)), "format 17"},
		"a WAV without a sample":  {wav(1, 1, 16, 8000, nil), "holds no sound"},
		"just RIFF":               {[]byte("RIFF"), "no RIFF/WAVE header"},
		"a WAV without data":      {wav(1, 1, 16, 8000, nil)[:36], "no data"},
		"MPEG 2.5":                {sample(t, "8000-mpeg25.mp3"), "MPEG version 2.5 is not supported"},
		"half a frame":            {frames(mp3)[:20], "within its first frame"},
		"a free bit rate":         {free, "free bitrate"},
	} {
		_, err := Read(tt.file)
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		e, ok := errors.AsType[*ringback.Error](err)
		if !ok || e.Code != ringback.CodeInvalidFile || e.Field != "file" || e.Kind != ringback.Invalid || !strings.Contains(e.Detail, tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// frames is an MP3 file without tags.
func frames(file []byte) []byte { return untagged(file) }

func TestTagsAreNoSound(t *testing.T) {
	t.Parallel()
	mp3 := sample(t, "22050-mono.mp3")
	tag := "ID3\x04\x00\x00\x00\x00\x00\x0aabcdefghij"
	footed := "ID3\x04\x00\x10\x00\x00\x00\x02xx3DI\x04\x00\x10\x00\x00\x00\x02"
	for name, file := range map[string]string{
		"a tag":                  tag + string(mp3),
		"two tags":               tag + tag + string(mp3),
		"a tag with a footer":    footed + string(mp3),
		"a tag that was padded":  tag + strings.Repeat("\x00", 300) + string(mp3),
		"a tag behind":           string(mp3) + "TAG" + strings.Repeat("\xff\xfb", 62) + "x",
		"half a frame behind":    string(mp3) + string(mp3[:20]),
		"a page of text, behind": string(mp3) + strings.Repeat("APETAGEX", 99),
	} {
		pcm, err := Read([]byte(file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		isTone(t, name, pcm)
	}
}

// TestBrokenFilesDoNoHarm turns bytes of good files around, which finds what the decoder does not expect.
func TestBrokenFilesDoNoHarm(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	files, err := testdata.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if path.Ext(f.Name()) != ".mp3" {
			continue
		}
		whole := sample(t, f.Name())
		for range 12 {
			broken := bytes.Clone(whole[:1+random.IntN(len(whole))])
			for range 1 + random.IntN(20) {
				broken[random.IntN(len(broken))] = byte(random.Uint32())
			}
			harmless(t, broken)
		}
	}
}

// harmless checks that a file is read or refused, within the limits.
func harmless(t *testing.T, file []byte) {
	t.Helper()
	pcm, err := Read(file)
	if e, ok := errors.AsType[*ringback.Error](err); err != nil && (!ok || e.Code != ringback.CodeInvalidFile) {
		t.Fatalf("%v for %x", err, file)
	}
	if len(pcm) > 60*Rate || err == nil && len(pcm) == 0 {
		t.Fatalf("%d samples of %x", len(pcm), file)
	}
}

func FuzzRead(f *testing.F) {
	files, err := testdata.ReadDir("testdata")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		if !file.IsDir() {
			f.Add(sample(f, file.Name())[:2000])
		}
	}
	f.Add(wav(1, 2, 16, 44100, tone(441, 2, pcm16)))
	f.Add(wav(6, 1, 8, 8000, tone(80, 1, alaw)))
	f.Add([]byte("ID3\x04\x00\x00\xff\xff\xff\xff"))
	f.Add([]byte("\xff\xfb\x90\x00"))
	f.Fuzz(func(t *testing.T, file []byte) { harmless(t, file) })
}
