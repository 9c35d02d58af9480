package audio

import (
	"bytes"
	"encoding/binary"
)

// The decoder takes a frame of MPEG 2 that is padded for one byte too short, and with it the sound of every file at
// 22.05 kHz, which speech synthesizers like to write. So such frames are laid out anew, as large as they can be, without
// padding: the data of one frame may begin in those before it, and where is all that changes in a frame.

const (
	headerBytes  = 4
	crcBytes     = 2
	largestRate  = 160_000 // bits a second
	largestIndex = 14      // of largestRate in a header
	farthestBack = 255     // how many bytes before its frame the data may begin
)

// A frame is one of MPEG 2 layer III at 22.05 kHz.
type frame struct {
	header [headerBytes]byte
	side   []byte // its first byte says how far back the data begins
	data   []byte // until the data of the next frame
}

// rates are the bits a second by index in a header.
var rates = [16]int{
	0, 8000, 16000, 24000, 32000, 40000, 48000, 56000, 64000, 80000, 96000, 112_000, 128_000, 144_000, 160_000, 0,
}

// isPadded reports whether b begins with a header of MPEG 2 layer III at 22.05 kHz, the only rate of it with padding.
func isPadded(b []byte) bool {
	return len(b) >= headerBytes && b[0] == 0xff && b[1]&0xfe == 0xf2 && b[2]&0x0c == 0 && rates[b[2]>>4] > 0
}

// unpadded lays out a file anew where it needs that.
func unpadded(file []byte) []byte {
	if !isPadded(file) {
		return file
	}
	frames := framesOf(file)
	if len(frames) == 0 {
		return file
	}
	room := 72*largestRate/22050 - headerBytes - len(frames[0].side)
	pool := make([]byte, room*len(frames)) // the data of all frames without their headers
	end := 0
	for i, f := range frames {
		begin := max(end, i*room-farthestBack)
		end = begin + copy(pool[begin:(i+1)*room], f.data)
		frames[i].side[0] = byte(i*room - begin) //nolint:gosec // from 0 to farthestBack
	}
	var out bytes.Buffer
	for i, f := range frames {
		f.header[1] |= 1                                 // no CRC
		f.header[2] = largestIndex<<4 | f.header[2]&0x0d // no padding
		out.Write(f.header[:])
		out.Write(f.side)
		out.Write(pool[i*room : (i+1)*room])
	}
	return out.Bytes()
}

// framesOf takes a file apart, up to the longest sound that may be, and leaves out what is between frames.
func framesOf(file []byte) (frames []frame) {
	var pool []byte
	var begins []int
	side := sideBytes(file)
	for len(file) >= headerBytes && len(frames) < longestFrames {
		size := 72*rates[file[2]>>4]/22050 + int(file[2]>>1&1)
		if !isPadded(file) || sideBytes(file) != side {
			file = file[1:]
			continue
		}
		if size > len(file) {
			break
		}
		at := headerBytes
		if file[1]&1 == 0 {
			at += crcBytes
		}
		if at+side > size {
			file = file[1:]
			continue
		}
		f := frame{side: bytes.Clone(file[at : at+side])}
		copy(f.header[:], file)
		begins = append(begins, max(0, len(pool)-int(f.side[0])))
		pool = append(pool, file[at+side:size]...)
		frames = append(frames, f)
		file = file[size:]
	}
	for i := range frames {
		end := len(pool)
		if i+1 < len(frames) {
			end = max(begins[i], begins[i+1])
		}
		frames[i].data = pool[begins[i]:end]
	}
	return frames
}

// longestFrames is a little more than a frame of 576 samples each for the longest sound.
const longestFrames = 22050*60/576 + 10

// sideBytes is the size of the side information of a frame: less in mono.
func sideBytes(b []byte) int {
	if binary.BigEndian.Uint32(b)>>6&3 == 3 {
		return 9
	}
	return 17
}
