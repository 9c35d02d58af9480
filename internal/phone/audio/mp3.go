package audio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hajimehoshi/go-mp3"

	"github.com/ringback-hq/ringback/internal/phone/media"
)

// frameBytes is one sample of the decoder: always 16 bits, left and right.
const frameBytes = 4

// tagHead is the length of the header of an ID3v2 tag, and of the footer that some have.
const tagHead = 10

// untagged cuts off the tags around the sound (ID3v1 and ID3v2): the decoder would believe their sizes.
func untagged(file []byte) []byte {
	for len(file) >= tagHead && string(file[:3]) == "ID3" {
		size := tagHead
		for i, shift := range []int{21, 14, 7, 0} {
			size += int(file[6+i]&0x7f) << shift
		}
		if file[5]&0x10 != 0 {
			size += tagHead
		}
		file = file[min(size, len(file)):]
	}
	if n := len(file) - 128; n >= 0 && string(file[n:n+3]) == "TAG" {
		file = file[:n]
	}
	return bytes.TrimLeft(file, "\x00") // some pad the tag without counting it
}

// looksLikeMP3 reports whether the file, after its tags, begins with the header of a frame of layer III.
func looksLikeMP3(file []byte) bool {
	b := untagged(file)
	return len(b) >= 4 && b[0] == 0xff && b[1]&0xe6 == 0xe2
}

// readMP3 decodes a file, but no more of it than may be.
func readMP3(file []byte) (pcm []int16, err error) {
	defer func() {
		if p := recover(); p != nil { // the decoder reads beyond its tables where frames are nonsense
			pcm, err = nil, broken(fmt.Errorf("%v", p))
		}
	}()
	// The decoder must not see more than a Reader: it would read files that it can seek in twice.
	in, err := mp3.NewDecoder(struct{ io.Reader }{bytes.NewReader(unpadded(untagged(file)))})
	if err != nil {
		return nil, broken(err)
	}
	rate := in.SampleRate()
	limit := int64(Longest.Seconds()) * int64(rate) * frameBytes
	stereo, err := io.ReadAll(io.LimitReader(in, limit+1))
	switch {
	case err != nil:
		return nil, broken(err)
	case int64(len(stereo)) > limit:
		return nil, tooLong()
	}
	return media.Resample(mono(stereo), rate), nil
}

func broken(err error) error {
	why := strings.TrimPrefix(err.Error(), "mp3: ")
	if errors.Is(err, io.EOF) {
		why = "it ends within its first frame"
	}
	return Refusef("The MP3 file cannot be decoded: %s.", why)
}

// mono mixes both channels of the decoder.
func mono(stereo []byte) []int16 {
	pcm := make([]int16, len(stereo)/frameBytes)
	for i := range pcm {
		b := stereo[i*frameBytes:]
		left, right := int16(binary.LittleEndian.Uint16(b)), int16(binary.LittleEndian.Uint16(b[2:])) //nolint:gosec // the same bits
		pcm[i] = int16((int(left) + int(right)) / 2)                                                  //nolint:gosec // no louder than the louder one
	}
	return pcm
}
