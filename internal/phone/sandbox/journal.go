package sandbox

import (
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/ringback-hq/ringback"
)

// Entry is a line of the journal. Numbers are not masked: they belong to nobody.
type Entry struct {
	Time    time.Time       `json:"time"`
	Event   string          `json:"event"` // one of the constants below
	Number  ringback.Number `json:"number"`
	Party   ringback.Party  `json:"party,omitempty"`   // X-Ringback-Party
	Call    string          `json:"call,omitempty"`    // X-Ringback-Call
	Attempt string          `json:"attempt,omitempty"` // X-Ringback-Attempt
	Dialog  string          `json:"dialog"`            // the SIP Call-ID, which all lines of a telephone share
	Code    int             `json:"code,omitempty"`    // of a refusal
	By      string          `json:"by,omitempty"`      // of a bye: "caller" or "telephone"
}

// What can be in Entry.Event. Each telephone has one invite, perhaps an answer, and one of the others as its end.
const (
	EventInvite  = "invite"  // written before the caller hears anything
	EventAnswer  = "answer"  // written after the 200 has left
	EventRefuse  = "refuse"  // an answer of 300 or more; see Code
	EventCancel  = "cancel"  // the caller gave up
	EventBye     = "bye"     // somebody hung up; see By
	EventTimeout = "timeout" // nobody released the telephone, or nobody acknowledged its answer
)

// Who hung up, in Entry.By.
const (
	ByCaller    = "caller"
	ByTelephone = "telephone"
)

// diary writes the journal.
type diary struct {
	to  io.Writer
	log *slog.Logger

	mu     sync.Mutex
	failed bool
}

// write adds a line; an Entry is always written with one Write.
func (d *diary) write(e Entry) {
	if d.to == nil {
		return
	}
	line, err := json.Marshal(e)
	if err == nil {
		err = d.append(line)
	}
	if err != nil {
		d.complain(err)
	}
}

func (d *diary) append(line []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, err := d.to.Write(append(line, '\n'))
	return err
}

// complain says only once that the disk is full.
func (d *diary) complain(err error) {
	d.mu.Lock()
	first := !d.failed
	d.failed = true
	d.mu.Unlock()
	if first {
		d.log.Error("sandbox journal is incomplete", "error", err)
	}
}
