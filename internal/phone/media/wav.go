package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// ErrWAV says that a file is not WAV, or of a kind, size or length that we do not take.
var ErrWAV = errors.New("unusable WAV file")

// ErrLong says that a sound is longer than the limit.
var ErrLong = errors.New("too long")

const (
	// The formats of WAV that we read; the extensible one names one of the others in its first two bytes.
	formatPCM        = 1
	formatALaw       = 6
	formatULaw       = 7
	formatExtensible = 0xfffe

	defaultBytes  = 10 << 20
	defaultLength = time.Minute
)

// Limits bound what ReadWAV takes. The zero value means 10 MiB and one minute.
type Limits struct {
	Bytes  int64         // of the file
	Length time.Duration // of the audio
}

// format is the fmt chunk of a WAV file.
type format struct {
	kind     uint16
	channels int
	rate     int
	bits     int
}

// ReadWAV reads PCM of 8 or 16 bits, mu-law or A-law, mono or stereo, at 8 to 48 kHz, and returns it as mono at 8 kHz.
// The file may be hostile: beyond the limits it is refused.
func ReadWAV(r io.Reader, l Limits) ([]int16, error) {
	if l.Bytes <= 0 {
		l.Bytes = defaultBytes
	}
	if l.Length <= 0 {
		l.Length = defaultLength
	}
	f, data, err := readChunks(r, l.Bytes)
	if err != nil {
		return nil, err
	}
	frame := f.channels * f.bits / 8
	if d := time.Duration(len(data)/frame) * time.Second / time.Duration(f.rate); d > l.Length {
		return nil, fmt.Errorf("%w: %w: %v, at most %v", ErrWAV, ErrLong, d.Round(time.Second), l.Length)
	}
	return Resample(f.mono(data), f.rate), nil
}

// ReadRecording reads both channels of a file of Recorder, or of any other stereo WAV at 8 kHz, up to 1 GiB.
func ReadRecording(r io.Reader) (left, right []int16, err error) {
	f, data, err := readChunks(r, 1<<30)
	if err != nil {
		return nil, nil, err
	}
	if f.channels != 2 || f.rate != sampleRate {
		return nil, nil, fmt.Errorf("%w: %d channels at %d Hz are no recording", ErrWAV, f.channels, f.rate)
	}
	return f.channel(data, Left), f.channel(data, Right), nil
}

// readChunks walks through a file up to the end of its first data chunk.
func readChunks(r io.Reader, limit int64) (f format, data []byte, err error) {
	in := &io.LimitedReader{R: r, N: limit + 1}
	var head [12]byte
	if _, err := io.ReadFull(in, head[:]); err != nil || string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return f, nil, fmt.Errorf("%w: no RIFF/WAVE header", ErrWAV)
	}
	for {
		var chunk [8]byte
		if _, err := io.ReadFull(in, chunk[:]); err != nil {
			return f, nil, fmt.Errorf("%w: no data: %w", ErrWAV, err)
		}
		size := int64(binary.LittleEndian.Uint32(chunk[4:]))
		switch name := string(chunk[:4]); {
		case name == "fmt ":
			f, err = readFormat(in, size)
		case name == "data" && f.rate == 0:
			err = fmt.Errorf("%w: data before format", ErrWAV)
		case name == "data":
			data, err = readData(in, size)
			return f, data, err
		default:
			_, err = io.CopyN(io.Discard, in, size+size&1)
		}
		if err != nil {
			return f, nil, fmt.Errorf("%w: %w", ErrWAV, err)
		}
	}
}

// readData reads to the size given or to the end of the file: a program that wrote into a pipe could not know the size.
func readData(in *io.LimitedReader, size int64) ([]byte, error) {
	if size == 0 {
		size = in.N
	}
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(in, size)); err != nil {
		return nil, fmt.Errorf("read WAV data: %w", err)
	}
	if in.N <= 0 {
		return nil, fmt.Errorf("%w: file too large", ErrWAV)
	}
	return b.Bytes(), nil
}

func readFormat(in io.Reader, size int64) (f format, err error) {
	b := make([]byte, min(size+size&1, 64))
	if len(b) < 16 {
		return f, errors.New("short format")
	}
	if _, err := io.ReadFull(in, b); err != nil {
		return f, err
	}
	if _, err := io.CopyN(io.Discard, in, size+size&1-int64(len(b))); err != nil {
		return f, err
	}
	word := func(at int) uint16 { return binary.LittleEndian.Uint16(b[at:]) }
	f = format{kind: word(0), channels: int(word(2)), rate: int(binary.LittleEndian.Uint32(b[4:])), bits: int(word(14))}
	if f.kind == formatExtensible && len(b) >= 40 {
		f.kind = word(24)
	}
	return f, f.check()
}

func (f format) check() error {
	known := f.kind == formatPCM && (f.bits == 8 || f.bits == 16) || (f.kind == formatALaw || f.kind == formatULaw) && f.bits == 8
	switch {
	case !known:
		return fmt.Errorf("format %d with %d bits is not supported", f.kind, f.bits)
	case f.channels < 1 || f.channels > 2:
		return fmt.Errorf("%d channels", f.channels)
	case f.rate < sampleRate || f.rate > 6*sampleRate:
		return fmt.Errorf("%d Hz", f.rate)
	}
	return nil
}

// channel decodes one channel.
func (f format) channel(data []byte, n int) []int16 {
	size := f.bits / 8
	step := size * f.channels
	pcm := make([]int16, len(data)/step)
	for i := range pcm {
		pcm[i] = f.sample(data[i*step+n*size:])
	}
	return pcm
}

func (f format) sample(b []byte) int16 {
	switch {
	case f.kind == formatALaw:
		return alawPCM[b[0]]
	case f.kind == formatULaw:
		return ulawPCM[b[0]]
	case f.bits == 8:
		return int16(int(b[0])-128) << 8
	}
	return int16(binary.LittleEndian.Uint16(b))
}

// mono decodes and mixes down.
func (f format) mono(data []byte) []int16 {
	pcm := f.channel(data, Left)
	if f.channels == 1 {
		return pcm
	}
	for i, right := range f.channel(data, Right) {
		pcm[i] = int16((int(pcm[i]) + int(right)) / 2)
	}
	return pcm
}
