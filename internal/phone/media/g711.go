package media

// Law is one of the two G.711 encodings; its value is the static RTP payload type (RFC 3551, 6).
type Law uint8

// The laws of G.711: ULaw in North America and Japan, ALaw elsewhere.
const (
	ULaw Law = 0
	ALaw Law = 8
)

// The bytes of one law in the other, so that relayed audio is transcoded without leaving the packet.
var (
	ulawPCM    = decodeTable(decodeULaw)
	alawPCM    = decodeTable(decodeALaw)
	ulawToALaw = transcodeTable(&ulawPCM, encodeALaw)
	alawToULaw = transcodeTable(&alawPCM, encodeULaw)
)

// String returns the law's name in SDP.
func (l Law) String() string {
	if l == ALaw {
		return "PCMA"
	}
	return "PCMU"
}

// Encode compresses one sample.
func (l Law) Encode(sample int16) byte {
	if l == ALaw {
		return encodeALaw(sample)
	}
	return encodeULaw(sample)
}

// Decode expands one byte.
func (l Law) Decode(b byte) int16 {
	if l == ALaw {
		return alawPCM[b]
	}
	return ulawPCM[b]
}

// decode expands a payload.
func (l Law) decode(b []byte) []int16 {
	pcm := make([]int16, len(b))
	for i, c := range b {
		pcm[i] = l.Decode(c)
	}
	return pcm
}

// transcode turns a payload from one law into the other, in place.
func (l Law) transcode(b []byte) {
	table := &ulawToALaw
	if l == ALaw {
		table = &alawToULaw
	}
	for i, c := range b {
		b[i] = table[c]
	}
}

func decodeTable(decode func(byte) int16) (t [256]int16) {
	for i := range t {
		t[i] = decode(byte(i))
	}
	return t
}

func transcodeTable(pcm *[256]int16, encode func(int16) byte) (t [256]byte) {
	for i := range t {
		t[i] = encode(pcm[i])
	}
	return t
}

// The bias and clipping level of mu-law (ITU-T G.711, table 2).
const (
	ulawBias = 0x84
	ulawClip = 32635
)

func encodeULaw(sample int16) byte {
	v, sign := int(sample), 0
	if v < 0 {
		v, sign = -v, 0x80
	}
	v = min(v, ulawClip) + ulawBias
	segment := segment(v)
	return ^byte(sign | segment<<4 | v>>(segment+3)&0x0f)
}

func decodeULaw(b byte) int16 {
	b = ^b
	v := (int(b&0x0f)<<3+ulawBias)<<(b&0x70>>4) - ulawBias
	if b&0x80 != 0 {
		v = -v
	}
	return int16(v)
}

func encodeALaw(sample int16) byte {
	v, sign := int(sample), 0x80
	if v < 0 {
		v, sign = -v-1, 0
	}
	code := v >> 4
	if v >= 0x100 {
		segment := segment(v)
		code = segment<<4 | v>>(segment+3)&0x0f
	}
	return byte(code|sign) ^ 0x55
}

func decodeALaw(b byte) int16 {
	b ^= 0x55
	v, segment := int(b&0x0f)<<4+8, b&0x70>>4
	if segment > 0 {
		v = (v + 0x100) << (segment - 1)
	}
	if b&0x80 == 0 {
		v = -v
	}
	return int16(v)
}

// segment is the position of the highest bit of a 15-bit magnitude, 0 for everything below 0x100.
func segment(v int) int {
	s := 7
	for m := 0x4000; v&m == 0 && s > 0; m >>= 1 {
		s--
	}
	return s
}
