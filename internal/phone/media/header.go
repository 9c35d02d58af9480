package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

const (
	// wavHeader is the size of a recording's header: RIFF, an 18-byte format, a fact chunk, data.
	wavHeader = 58
	// silentULaw is the byte of silence.
	silentULaw = 0xff
)

// header is that of a recording with so many samples per channel.
func header(n int64) []byte {
	size := uint32(n * channels)
	b := make([]byte, 0, wavHeader)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, wavHeader-8+size)
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 18)
	b = binary.LittleEndian.AppendUint16(b, formatULaw)
	b = binary.LittleEndian.AppendUint16(b, channels)
	b = binary.LittleEndian.AppendUint32(b, sampleRate)
	b = binary.LittleEndian.AppendUint32(b, sampleRate*channels)
	b = binary.LittleEndian.AppendUint16(b, channels)
	b = binary.LittleEndian.AppendUint16(b, 8)
	b = binary.LittleEndian.AppendUint16(b, 0)
	b = append(b, "fact"...)
	b = binary.LittleEndian.AppendUint32(b, 4)
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	b = append(b, "data"...)
	return binary.LittleEndian.AppendUint32(b, size)
}

func writeHeader(w io.WriterAt, n int64) error {
	_, err := w.WriteAt(header(n), 0)
	return err
}

// Repair makes the header of a recording that a crash interrupted say what the file holds, and returns its length.
// It refuses files that Recorder did not write. A sound recording stays as it is.
func Repair(path string) (time.Duration, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0) //nolint:gosec // the caller names a recording of ours
	if err != nil {
		return 0, fmt.Errorf("repair recording: %w", err)
	}
	n, err := repair(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return 0, fmt.Errorf("repair recording %s: %w", path, err)
	}
	return length(n), nil
}

func repair(f *os.File) (n int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	b := make([]byte, wavHeader)
	got, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if !ours(b[:got]) {
		return 0, fmt.Errorf("%w: not a recording", ErrWAV)
	}
	n = max(0, info.Size()-wavHeader) / channels
	if n > longest {
		return 0, fmt.Errorf("%w: %d bytes", ErrWAV, info.Size())
	}
	if bytes.Equal(b, header(n)) {
		return n, nil
	}
	return n, writeHeader(f, n)
}

// ours compares what there is of a header with that of a recording, sizes aside.
func ours(b []byte) bool {
	want := header(0)
	for i := range b {
		inSize := i >= 4 && i < 8 || i >= 46 && i < 50 || i >= 54
		if b[i] != want[i] && !inSize {
			return false
		}
	}
	return true
}
