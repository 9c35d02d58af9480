package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"testing"
	"testing/iotest"
	"time"
)

func chunk(name string, b []byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(b)))
	out = append(out, b...)
	return append(out, make([]byte, len(b)&1)...)
}

func fmtChunk(kind, channels, bits uint16, rate uint32) []byte {
	b := binary.LittleEndian.AppendUint16(nil, kind)
	b = binary.LittleEndian.AppendUint16(b, channels)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate*uint32(channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, channels*bits/8)
	return binary.LittleEndian.AppendUint16(b, bits)
}

func riff(chunks ...[]byte) []byte {
	b := bytes.Join(chunks, nil)
	out := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(4+len(b)))
	return append(append(out, "WAVE"...), b...)
}

// wav is a whole file.
func wav(kind, channels, bits uint16, rate uint32, data []byte) []byte {
	return riff(chunk("fmt ", fmtChunk(kind, channels, bits, rate)), chunk("data", data))
}

// pitch is a second of a tone at half of full scale, at any rate.
func pitch(hz float64, rate int) []int16 {
	pcm := make([]int16, rate)
	for i := range pcm {
		pcm[i] = int16(math.MaxInt16 / 2 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
	}
	return pcm
}

// encode writes each sample n times, once per channel.
func encode(pcm []int16, n int, one func(int16) []byte) (b []byte) {
	for _, s := range pcm {
		for range n {
			b = append(b, one(s)...)
		}
	}
	return b
}

func pcm16(s int16) []byte { return binary.LittleEndian.AppendUint16(nil, uint16(s)) }
func pcm8(s int16) []byte  { return []byte{byte(int(s)>>8 + 128)} }
func alaw(s int16) []byte  { return []byte{encodeALaw(s)} }
func ulaw(s int16) []byte  { return []byte{encodeULaw(s)} }

func TestUsualFilesAreRead(t *testing.T) {
	t.Parallel()
	extensible := append(fmtChunk(formatExtensible, 1, 16, sampleRate), 22, 0, 16, 0, 4, 0, 0, 0, formatPCM, 0)
	extensible = append(extensible, make([]byte, 14)...)
	list := chunk("LIST", []byte("INFOISFT\x05\x00\x00\x00Odd!\x00"))
	data := chunk("data", encode(pitch(440, 8000), 1, pcm16))
	piped := riff(chunk("fmt ", fmtChunk(formatPCM, 1, 16, 8000)), data)
	unknown, zero := bytes.Clone(piped), bytes.Clone(piped)
	binary.LittleEndian.PutUint32(unknown[40:], 0xffffffff)
	binary.LittleEndian.PutUint32(zero[40:], 0)
	for _, tt := range []struct {
		name string
		file []byte
	}{
		{"16 bits mono at 8 kHz", wav(formatPCM, 1, 16, 8000, encode(pitch(440, 8000), 1, pcm16))},
		{"16 bits stereo at 8 kHz", wav(formatPCM, 2, 16, 8000, encode(pitch(440, 8000), 2, pcm16))},
		{"8 bits mono at 8 kHz", wav(formatPCM, 1, 8, 8000, encode(pitch(440, 8000), 1, pcm8))},
		{"8 bits stereo at 11.025 kHz", wav(formatPCM, 2, 8, 11025, encode(pitch(440, 11025), 2, pcm8))},
		{"A-law", wav(formatALaw, 1, 8, 8000, encode(pitch(440, 8000), 1, alaw))},
		{"mu-law stereo", wav(formatULaw, 2, 8, 8000, encode(pitch(440, 8000), 2, ulaw))},
		{"16 kHz", wav(formatPCM, 1, 16, 16000, encode(pitch(440, 16000), 1, pcm16))},
		{"44.1 kHz stereo", wav(formatPCM, 2, 16, 44100, encode(pitch(440, 44100), 2, pcm16))},
		{"48 kHz", wav(formatPCM, 1, 16, 48000, encode(pitch(440, 48000), 1, pcm16))},
		{"extensible", riff(chunk("fmt ", extensible), data)},
		{"other chunks around", riff(list, chunk("fmt ", fmtChunk(formatPCM, 1, 16, 8000)), list, data, list)},
		{"written into a pipe, size unknown", unknown},
		{"written into a pipe, size 0", zero},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pcm, err := ReadWAV(iotest.OneByteReader(bytes.NewReader(tt.file)), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if len(pcm) < 7999 || len(pcm) > 8001 {
				t.Errorf("%d samples, want a second", len(pcm))
			}
			if got := Level(pcm[:8000-8000%len(pcm)/2], 440); got < 0.48 || got > 0.52 {
				t.Errorf("440 Hz at %.3f, want 0.5", got)
			}
		})
	}
}

func TestOtherFilesAreRefused(t *testing.T) {
	t.Parallel()
	good := fmtChunk(formatPCM, 1, 16, sampleRate)
	data := chunk("data", make([]byte, 1600))
	for _, tt := range []struct {
		name   string
		file   []byte
		limits Limits
	}{
		{"empty", nil, Limits{}},
		{"MP3", []byte("ID3\x04\x00\x00\x00\x00\x00\x00more of it"), Limits{}},
		{"big-endian", append([]byte("RIFX\x00\x00\x00\x00WAVE"), data...), Limits{}},
		{"no chunks", riff(), Limits{}},
		{"no data", riff(chunk("fmt ", good)), Limits{}},
		{"data first", riff(data, chunk("fmt ", good)), Limits{}},
		{"short format", riff(chunk("fmt ", good[:14]), data), Limits{}},
		{"cut format", riff(chunk("fmt ", good))[:24], Limits{}},
		{"chunk beyond the end", riff([]byte("LIST\xff\xff\xff\xff")), Limits{}},
		{"24 bits", wav(formatPCM, 1, 24, 8000, make([]byte, 300)), Limits{}},
		{"floats", wav(3, 1, 32, 8000, make([]byte, 400)), Limits{}},
		{"ADPCM", wav(2, 1, 4, 8000, make([]byte, 400)), Limits{}},
		{"extensible that ends early", wav(formatExtensible, 1, 16, 8000, make([]byte, 400)), Limits{}},
		{"no channels", wav(formatPCM, 0, 16, 8000, make([]byte, 400)), Limits{}},
		{"5.1", wav(formatPCM, 6, 16, 48000, make([]byte, 1200)), Limits{}},
		{"0 Hz", wav(formatPCM, 1, 16, 0, make([]byte, 400)), Limits{}},
		{"4 kHz", wav(formatPCM, 1, 16, 4000, make([]byte, 400)), Limits{}},
		{"96 kHz", wav(formatPCM, 1, 16, 96000, make([]byte, 400)), Limits{}},
		{"4 GHz", wav(formatPCM, 1, 16, 1<<32-1, make([]byte, 400)), Limits{}},
		{"over a minute", wav(formatULaw, 1, 8, 8000, make([]byte, 61*8000)), Limits{}},
		{"longer than asked for", wav(formatULaw, 1, 8, 8000, make([]byte, 8002)), Limits{Length: time.Second}},
		{"larger than asked for", wav(formatULaw, 1, 8, 8000, make([]byte, 8000)), Limits{Bytes: 8000}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if pcm, err := ReadWAV(bytes.NewReader(tt.file), tt.limits); !errors.Is(err, ErrWAV) {
				t.Errorf("%d samples, %v; want %v", len(pcm), err, ErrWAV)
			}
		})
	}
}

// endless never ends, as an upload may.
type endless struct{ read int }

func (e *endless) Read(b []byte) (int, error) {
	e.read += len(b)
	return len(b), nil
}

func TestAnEndlessFileIsNotReadToItsEnd(t *testing.T) {
	t.Parallel()
	head := wav(formatULaw, 1, 8, 8000, nil)
	for _, name := range []string{"data", "junk"} {
		copy(head[len(head)-8:], name)
		binary.LittleEndian.PutUint32(head[len(head)-4:], 0xfffffff0)
		var rest endless
		if _, err := ReadWAV(io.MultiReader(bytes.NewReader(head), &rest), Limits{Bytes: 100_000}); !errors.Is(err, ErrWAV) {
			t.Errorf("endless %s: %v, want %v", name, err, ErrWAV)
		}
		if rest.read > 200_000 {
			t.Errorf("endless %s: %d bytes were read, want about 100000", name, rest.read)
		}
	}
}

func TestStereoIsMixedDown(t *testing.T) {
	t.Parallel()
	var data []byte
	left, right := pitch(440, 8000), pitch(1000, 8000)
	for i := range left {
		data = append(append(data, pcm16(left[i])...), pcm16(right[i])...)
	}
	pcm, err := ReadWAV(bytes.NewReader(wav(formatPCM, 2, 16, 8000, data)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, hz := range []float64{440, 1000} {
		if got := Level(pcm, hz); got < 0.24 || got > 0.26 {
			t.Errorf("%.0f Hz at %.3f, want 0.25", hz, got)
		}
	}
	l, r, err := ReadRecording(bytes.NewReader(wav(formatPCM, 2, 16, 8000, data)))
	if err != nil || Level(l, 440) < 0.49 || Level(l, 1000) > 0.01 || Level(r, 1000) < 0.49 || Level(r, 440) > 0.01 {
		t.Errorf("the channels are mixed up, %v", err)
	}
	if _, _, err := ReadRecording(bytes.NewReader(wav(formatPCM, 1, 16, 8000, data))); !errors.Is(err, ErrWAV) {
		t.Errorf("mono as a recording: %v, want %v", err, ErrWAV)
	}
}

// What a telephone cannot carry must vanish, not turn up as another tone.
func TestHighTonesDoNotFoldDown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		hz    float64
		rate  int
		ghost float64
	}{{5000, 16000, 3000}, {7000, 16000, 1000}, {7000, 44100, 1000}, {9000, 48000, 1000}, {20000, 48000, 4000}} {
		pcm := Resample(pitch(tt.hz, tt.rate), tt.rate)
		if got := Level(pcm[800:7200], tt.ghost); got > 0.005 {
			t.Errorf("%.0f Hz at a rate of %d folds down to %.0f Hz at %.4f", tt.hz, tt.rate, tt.ghost, got)
		}
	}
	for _, rate := range []int{8000, 11025, 16000, 22050, 32000, 44100, 48000} {
		pcm := Resample(pitch(3300, rate), rate)
		if got := Level(pcm[800:7200], 3300); got < 0.48 || got > 0.52 {
			t.Errorf("3300 Hz at a rate of %d comes out at %.3f, want 0.5", rate, got)
		}
	}
}

func FuzzWAV(f *testing.F) {
	f.Add(wav(formatPCM, 2, 16, 44100, make([]byte, 400)))
	f.Add(wav(formatULaw, 1, 8, 8000, []byte{1, 2, 3}))
	f.Add(wav(formatALaw, 2, 8, 8001, []byte{1, 2, 3}))
	f.Add(riff(chunk("LIST", []byte("odd")), chunk("fmt ", fmtChunk(formatPCM, 1, 8, 48000)), []byte("data\x00\x00\x00\x00abc")))
	f.Add(append(header(3), 1, 2, 3, 4, 5))
	f.Add(riff([]byte("fmt \xff\xff\xff\xff0123456789abcdef")))
	f.Fuzz(func(t *testing.T, b []byte) {
		l := Limits{Bytes: 1 << 16, Length: time.Second}
		pcm, err := ReadWAV(bytes.NewReader(b), l)
		if err != nil && !errors.Is(err, ErrWAV) {
			t.Errorf("%v is not %v", err, ErrWAV)
		}
		if len(pcm) > sampleRate+1 || len(b) > 1<<16 && err == nil && len(pcm) > len(b) {
			t.Errorf("%d samples of %d bytes", len(pcm), len(b))
		}
		if left, right, err := ReadRecording(bytes.NewReader(b)); err == nil && len(left) != len(right) {
			t.Errorf("%d samples on the left, %d on the right", len(left), len(right))
		}
	})
}
