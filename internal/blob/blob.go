// Package blob keeps recordings, and signs the links under which they can be fetched.
package blob

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// Disk keeps files in one directory.
type Disk struct{ Dir string }

// OpenDisk returns the files of a directory, which is made where it is missing.
func OpenDisk(dir string) (*Disk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory for recordings: %w", err)
	}
	return &Disk{Dir: dir}, nil
}

// names are what NewName makes; nothing else is ever opened.
var names = regexp.MustCompile(`^[A-Za-z0-9_-]{32}\.wav$`)

// NewName returns an unguessable name for a recording.
func NewName() string {
	b := make([]byte, 24)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b) + ".wav"
}

// Create makes a new, empty file.
func (d *Disk) Create(name string) (*os.File, error) {
	path, err := d.Path(name)
	if err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the name is checked
}

// Open opens a file for reading. A name that is not one of ours is [fs.ErrNotExist].
func (d *Disk) Open(name string) (*os.File, error) {
	path, err := d.Path(name)
	if err != nil {
		return nil, err
	}
	return os.Open(path) //nolint:gosec // the name is checked
}

// Path returns where a file is on this disk.
func (d *Disk) Path(name string) (string, error) {
	if !names.MatchString(name) {
		return "", fmt.Errorf("recording %q: %w", name, fs.ErrNotExist)
	}
	return filepath.Join(d.Dir, name), nil
}

// Missing reports whether err says that a file is not there.
func Missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
