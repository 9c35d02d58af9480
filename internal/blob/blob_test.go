package blob_test

import (
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringback-hq/ringback/internal/blob"
)

func TestWhatWasWrittenCanBeRead(t *testing.T) {
	t.Parallel()
	disk := newDisk(t)
	name := blob.NewName()
	w, err := disk.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString("hello"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := disk.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); string(got) != "hello" || err != nil {
		t.Errorf("ReadAll = %q, %v, want hello", got, err)
	}
}

func TestARecordingIsNeverWrittenOver(t *testing.T) {
	t.Parallel()
	disk := newDisk(t)
	name := blob.NewName()
	w, err := disk.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	again, err := disk.Create(name)
	if err == nil {
		again.Close()
		t.Errorf("Create(%q) made the same file twice", name)
	}
}

func TestOnlyOurOwnNamesAreOpened(t *testing.T) {
	t.Parallel()
	disk := newDisk(t)
	secret := filepath.Join(disk.Dir, "demo.key")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("a", 32)
	for _, name := range []string{
		"", "demo.key", "../demo.key", secret, long, long + ".wav\n", "a" + long + ".wav", "../" + long[3:] + ".wav",
		long[1:] + "/.wav", long + ".wav/../demo.key",
	} {
		if f, err := disk.Open(name); !blob.Missing(err) {
			t.Errorf("Open(%q) = %v, %v, want that it is missing", name, f, err)
		}
		if f, err := disk.Create(name); err == nil {
			t.Errorf("Create(%q) = %v, want an error", name, f)
		}
	}
	if _, err := disk.Open(blob.NewName()); !blob.Missing(err) {
		t.Errorf("Open of a name that was never written: %v, want that it is missing", err)
	}
}

func TestNamesAreNotRepeated(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		name := blob.NewName()
		if seen[name] {
			t.Fatalf("%q came twice", name)
		}
		seen[name] = true
	}
}

// A link works for its recording, with its key, until it expires: for nothing else.
func TestLinks(t *testing.T) {
	t.Parallel()
	until := time.Unix(1_800_000_000, 0)
	links := blob.Links{Base: "https://calls.example/", Key: []byte("key")}
	link, err := url.Parse(links.URL("a.wav", until))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := link.Scheme+"://"+link.Host+link.Path, "https://calls.example/recordings/a.wav"; got != want {
		t.Errorf("the link leads to %s, want %s", got, want)
	}
	signed := link.Query()
	changed := func(key, value string) url.Values {
		query := link.Query()
		query.Set(key, value)
		return query
	}
	tests := []struct {
		why, name string
		links     blob.Links
		query     url.Values
		now       time.Time
		want      bool
	}{
		{"good", "a.wav", links, signed, until.Add(-time.Hour), true},
		{"at the last instant", "a.wav", links, signed, until, true},
		{"expired", "a.wav", links, signed, until.Add(time.Second), false},
		{"another recording", "b.wav", links, signed, until, false},
		{"another key", "a.wav", blob.Links{Key: []byte("yek")}, signed, until, false},
		{"a later expiry", "a.wav", links, changed("expires", "1900000000"), until, false},
		{"no number", "a.wav", links, changed("expires", "never"), until, false},
		{"a wrong signature", "a.wav", links, changed("signature", "AAAA"), until, false},
		{"no signature", "a.wav", links, changed("signature", ""), until, false},
		{"nothing", "a.wav", links, nil, until, false},
	}
	for _, tt := range tests {
		if got := tt.links.Check(tt.name, tt.query, tt.now); got != tt.want {
			t.Errorf("%s: Check is %t, want %t", tt.why, got, tt.want)
		}
	}
}

func newDisk(t *testing.T) *blob.Disk {
	t.Helper()
	disk, err := blob.OpenDisk(filepath.Join(t.TempDir(), "recordings"))
	if err != nil {
		t.Fatal(err)
	}
	return disk
}
