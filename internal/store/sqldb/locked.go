package sqldb

import (
	"fmt"
	"os"
	"strings"
)

// lockedError says who has the data. It is an ErrLocked.
type lockedError struct{ text string }

// Error says who has the data.
func (e *lockedError) Error() string { return e.text }

// Unwrap makes it an ErrLocked.
func (e *lockedError) Unwrap() error { return ErrLocked }

// lockedBy names the process that wrote its number into the lock file.
func lockedBy(file *os.File) error {
	b := make([]byte, 20)
	n, _ := file.ReadAt(b, 0) // what can be read is enough
	pid := strings.TrimSpace(string(b[:n]))
	return &lockedError{fmt.Sprintf("another ringback process (pid %s) uses this data directory", pid)}
}
