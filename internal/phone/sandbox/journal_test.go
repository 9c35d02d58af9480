package sandbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback-hq/ringback"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

// page is a journal that may be read while it is written.
type page struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

// events of one number, in order, as "event by-or-code".
func (p *page) events(t *testing.T, number ringback.Number) []string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for lines := bufio.NewScanner(bytes.NewReader(p.text.Bytes())); lines.Scan(); {
		var e Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		if e.Number == number {
			all = append(all, strings.TrimSpace(e.Event+" "+e.By+" "+e.Call))
		}
	}
	return all
}

func TestTheJournalTellsEachTelephone(t *testing.T) {
	t.Parallel()
	var journal page
	c := open(t, Config{Journal: &journal, timing: timing{stay: 300 * time.Millisecond, unanswered: 50 * time.Millisecond}})
	busy, cancelled := dial(t, c, "+48500009001", manager("1")...), dial(t, c, "+48500009002", manager("2")...)
	busy.refused(486)
	cancelled.expect(180)
	cancelled.cancel()
	m, v := dial(t, c, "+48500100200", manager("3")...), dial(t, c, "+48600100200", visitor("3")...)
	m.answered()
	v.answered()
	v.hungUp()
	m.hangUp()
	forgotten := dial(t, c, "+48500100204", manager("4")...)
	forgotten.answered()
	forgotten.hungUp()
	unanswered := dial(t, c, "+48500109002", manager("5")...)
	unanswered.expect(180)
	unanswered.refused(480)
	eventually(t, "all telephones are still", func() bool { return c.Stats().Dialogs == 0 })
	for number, want := range map[ringback.Number][]string{
		"+48500009001": {"invite  1", "refuse  1"},
		"+48500009002": {"invite  2", "cancel  2"},
		"+48500100200": {"invite  3", "answer  3", "bye caller 3"},
		"+48600100200": {"invite  3", "answer  3", "bye telephone 3"},
		"+48500100204": {"invite  4", "answer  4", "timeout  4"},
		"+48500109002": {"invite  5", "timeout  5"},
	} {
		if diff := cmp.Diff(want, journal.events(t, number)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", number, diff)
		}
	}
}

func TestALineOfTheJournal(t *testing.T) {
	t.Parallel()
	var journal page
	c := open(t, Config{Journal: &journal})
	before := time.Now()
	k := dial(t, c, "+48500009001", visitor("17")...)
	k.refused(486)
	eventually(t, "the telephone is still", func() bool { return c.Stats().Dialogs == 0 })
	line, _, _ := strings.Cut(journal.text.String(), "\n")
	var got Entry
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		t.Fatal(err)
	}
	if got.Time.Before(before.Add(-time.Second)) || got.Time.After(time.Now()) {
		t.Errorf("the time is %v, want now", got.Time)
	}
	got.Time = time.Time{}
	want := Entry{Event: EventInvite, Number: "+48500009001", Party: ringback.PartyVisitor, Call: "17", Attempt: "17.1", Dialog: k.id}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The caller must not hear of a telephone that the journal does not know yet: who counts after a crash counts on it.
func TestTheJournalIsWrittenFirst(t *testing.T) {
	t.Parallel()
	var journal page
	c := open(t, Config{Journal: &journal})
	for range 50 {
		k := dial(t, c, "+48500009001")
		k.expect(486)
		journal.mu.Lock()
		known := contains(journal.text.String(), k.id)
		journal.mu.Unlock()
		if !known {
			t.Fatal("the caller heard of a telephone that is not in the journal")
		}
		k.ack()
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestAJournalThatCannotBeWrittenIsReportedOnce(t *testing.T) {
	t.Parallel()
	var log page
	c := open(t, Config{Journal: fullDisk{}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	for range 3 {
		dial(t, c, "+48500009001").refused(486)
	}
	c.Close()
	if got := strings.Count(log.text.String(), "journal is incomplete"); got != 1 {
		t.Errorf("reported %d times, want once:\n%s", got, log.text.String())
	}
}

func TestRings(t *testing.T) {
	t.Parallel()
	c := open(t, Config{})
	dial(t, c, "+48500009001", manager("3")...).refused(486)
	k := dial(t, c, "+48500100200", visitor("3")...)
	k.answered()
	k.hangUp()
	got := c.Rings()
	for i := range got {
		if time.Since(got[i].At) > time.Minute {
			t.Errorf("ring %d was at %v, want now", i, got[i].At)
		}
		got[i].At = time.Time{}
	}
	want := []Ring{
		{Number: "+48500009001", Party: ringback.PartyManager, CallID: "3", Attempt: "3.1"},
		{Number: "+48500100200", Party: ringback.PartyVisitor, CallID: "3", Attempt: "3.1", Answered: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOnlyTheLastRingsAreKept(t *testing.T) {
	t.Parallel()
	var r rings
	first := r.add(Ring{CallID: "first"})
	for range keepRings - 1 {
		r.add(Ring{})
	}
	last := r.add(Ring{CallID: "last"})
	r.answered(first) // forgotten: must not mark the one in its place
	got := r.list()
	if len(got) != keepRings || got[keepRings-1] != (Ring{CallID: "last"}) {
		t.Errorf("%d rings, the last %+v; want %d and the last one, unanswered", len(got), got[len(got)-1], keepRings)
	}
	if slices.ContainsFunc(got, func(r Ring) bool { return r.CallID == "first" }) {
		t.Error("the first ring is still there")
	}
	r.answered(last)
	if got := r.list(); !got[keepRings-1].Answered {
		t.Error("the last ring is not answered")
	}
}
