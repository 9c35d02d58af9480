// Package audio reads sound files of strangers within limits.
package audio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/phone/media"
)

// What a file may have.
const (
	MostBytes = 5 << 20
	Longest   = time.Minute
)

// Rate is how many samples a second has on the telephone.
const Rate = 8000

// Read decodes an MP3 or WAV file, whatever its name, and returns its sound as mono at 8 kHz. Where the file breaks a
// rule the error is a [*ringback.Error] that says which.
func Read(file []byte) ([]int16, error) {
	decode := readMP3
	switch {
	case len(file) > MostBytes:
		return nil, TooLarge()
	case bytes.HasPrefix(file, []byte("RIFF")):
		decode = readWAV
	case !looksLikeMP3(file):
		return nil, Refusef("The file is neither MP3 nor WAV.")
	}
	pcm, err := decode(file)
	if err == nil && len(pcm) == 0 {
		err = Refusef("The file holds no sound.")
	}
	return pcm, err
}

// Refusef returns the error that says which rule a file breaks, in one sentence.
func Refusef(format string, args ...any) *ringback.Error {
	return &ringback.Error{
		Kind: ringback.Invalid, Code: ringback.CodeInvalidFile, Field: "file", Detail: fmt.Sprintf(format, args...),
	}
}

// TooLarge returns the error that says that a file has more than [MostBytes].
func TooLarge() *ringback.Error { return Refusef("The file is larger than %d MB.", MostBytes>>20) }

func tooLong() *ringback.Error {
	return Refusef("The sound is longer than %d seconds.", int(Longest.Seconds()))
}

func readWAV(file []byte) ([]int16, error) {
	pcm, err := media.ReadWAV(bytes.NewReader(file), media.Limits{Bytes: MostBytes, Length: Longest})
	switch {
	case errors.Is(err, media.ErrLong):
		return nil, tooLong()
	case err != nil:
		why := strings.ReplaceAll(err.Error(), media.ErrWAV.Error()+": ", "")
		return nil, Refusef("The WAV file cannot be used: %s. PCM of 8 or 16 bits, A-law or mu-law, mono or stereo, at 8 to 48 kHz can.", why)
	}
	return pcm, nil
}

// WAV returns a file that holds mono at 8 kHz, as PCM of 16 bits.
func WAV(pcm []int16) []byte {
	size := uint32(2 * len(pcm)) //nolint:gosec // a minute has less than a megabyte
	b := make([]byte, 0, 44+len(pcm)*2)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, 36+size)
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...)
	b = binary.LittleEndian.AppendUint32(b, Rate)
	b = binary.LittleEndian.AppendUint32(b, 2*Rate)
	b = append(b, "\x02\x00\x10\x00data"...)
	b = binary.LittleEndian.AppendUint32(b, size)
	for _, s := range pcm {
		b = binary.LittleEndian.AppendUint16(b, uint16(s)) //nolint:gosec // the same bits
	}
	return b
}
