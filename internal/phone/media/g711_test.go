package media

import "testing"

// The values of ITU-T G.711, tables 1a and 2a, as every other implementation has them.
func TestLawsKnowTheTables(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		law    Law
		sample int16
		code   byte
	}{
		{ULaw, 0, 0xff},
		{ULaw, 8, 0xfe},
		{ULaw, -8, 0x7e},
		{ULaw, 32124, 0x80},
		{ULaw, -32124, 0x00},
		{ULaw, 924, 0xcf},
		{ULaw, 1884, 0xc0},
		{ALaw, 8, 0xd5},
		{ALaw, -8, 0x55},
		{ALaw, 32256, 0xaa},
		{ALaw, -32256, 0x2a},
		{ALaw, 24, 0xd4},
		{ALaw, -1008, 0x7a},
		{ALaw, -2016, 0x6a},
	} {
		if got := tt.law.Encode(tt.sample); got != tt.code {
			t.Errorf("%s encodes %d as %#x, want %#x", tt.law, tt.sample, got, tt.code)
		}
		if got := tt.law.Decode(tt.code); got != tt.sample {
			t.Errorf("%s decodes %#x as %d, want %d", tt.law, tt.code, got, tt.sample)
		}
	}
}

func TestEveryCodeSurvivesItsOwnLaw(t *testing.T) {
	t.Parallel()
	for _, law := range []Law{ULaw, ALaw} {
		for code := range 256 {
			got := law.Encode(law.Decode(byte(code)))
			negativeZero := law == ULaw && code == 0x7f // mu-law has two zeros
			if got != byte(code) && !negativeZero {
				t.Errorf("%s: %#x comes back as %#x", law, code, got)
			}
		}
	}
}

func TestEncodingErrsByHalfAStep(t *testing.T) {
	t.Parallel()
	for _, law := range []Law{ULaw, ALaw} {
		for s := -32768; s <= 32767; s++ {
			got := int(law.Decode(law.Encode(int16(s))))
			if off := max(got-s, s-got); off > 16+max(s, -s)/16 {
				t.Fatalf("%s: %d comes back as %d", law, s, got)
			}
		}
	}
}

func TestTranscodingStaysClose(t *testing.T) {
	t.Parallel()
	for code := range 256 {
		for _, from := range []Law{ULaw, ALaw} {
			to := ULaw + ALaw - from
			b := []byte{byte(code)}
			from.transcode(b)
			was, is := int(from.Decode(byte(code))), int(to.Decode(b[0]))
			if off := max(was-is, is-was); off > 16+max(was, -was)/16 {
				t.Errorf("%s %#x (%d) became %s %#x (%d)", from, code, was, to, b[0], is)
			}
		}
	}
}
