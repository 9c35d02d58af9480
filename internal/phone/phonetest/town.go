// Package phonetest provides a town of imaginary people with telephones, for tests in fake time.
package phonetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/phone"
)

// A Person has a telephone. The zero value answers at once and never hangs up.
type Person struct {
	Name    string
	Answers time.Duration    // rings for so long first
	Never   bool             // rings, and never answers
	Fails   ringback.Outcome // instead of ringing: busy, declined, unreachable, trunk-down
	Stays   time.Duration    // hangs up so long after answering, whatever happens; 0: stays
	Talks   time.Duration    // hangs up so long after the talk began; 0: stays
}

// PromptLength is how long every prompt takes in the town.
const PromptLength = 2 * time.Second

// Town is a [phone.Phone] whose people do as they are told and which writes down all that happens.
type Town struct {
	Start  time.Time
	People map[ringback.Number]Person
	Lines  int // how many telephones can ring or talk at a time; 0: as many as you like

	mu     sync.Mutex
	log    []happening
	dialed int
	busy   int // telephones that ring or talk
}

var _ phone.Phone = (*Town)(nil)

type happening struct {
	at        time.Duration
	who, what string
}

// Log returns what happened, a line each. What several people do in the same instant is in the order of their names;
// what one person does stays in its own order.
func (t *Town) Log() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	log := slices.Clone(t.log)
	slices.SortStableFunc(log, func(a, b happening) int {
		return cmp.Or(cmp.Compare(a.at.Truncate(time.Second), b.at.Truncate(time.Second)), cmp.Compare(a.who, b.who))
	})
	var b strings.Builder
	for _, h := range log {
		fmt.Fprintf(&b, "%d:%02d %-8s %s\n", int(h.at.Minutes()), int(h.at.Seconds())%60, h.who, h.what)
	}
	return b.String()
}

// Note writes down that somebody does something.
func (t *Town) Note(who, what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.log = append(t.log, happening{time.Since(t.Start), who, what})
}

// Token returns a name for a dialog.
func (t *Town) Token() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dialed++
	return fmt.Sprintf("town-%d", t.dialed)
}

// Room returns how many more telephones could ring or talk now.
func (t *Town) Room() int {
	if t.Lines == 0 {
		return 1000
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.Lines - t.busy
}

// Dial rings a person of the town.
func (t *Town) Dial(ctx context.Context, d phone.Dial) (phone.Line, error) {
	p, ok := t.People[d.To]
	switch {
	case time.Now().After(d.SendBy):
		return nil, &phone.Failure{Outcome: ringback.OutcomeStale}
	case !ok:
		return nil, &phone.Failure{Outcome: ringback.OutcomeUnreachable}
	case p.Fails != "":
		t.Note(p.Name, "is "+string(p.Fails))
		return nil, &phone.Failure{Outcome: p.Fails}
	}
	t.Note(p.Name, when(d.HideFrom, "rings and shows no number", "rings"))
	t.occupy(1)
	var answers <-chan time.Time
	if !p.Never {
		answers = time.After(p.Answers)
	}
	select {
	case <-answers:
		t.Note(p.Name, "answers")
		l := t.newLine(p)
		if d.Keep != nil {
			if err := d.Keep(l.Dialog()); err != nil {
				l.Hangup()
				return nil, &phone.Failure{Outcome: ringback.OutcomeTrunkDown, Reason: err.Error()}
			}
		}
		return l, nil
	case <-ctx.Done():
		t.occupy(-1)
		t.Note(p.Name, "stops ringing")
		return nil, &phone.Failure{Outcome: whyStopped(ctx)}
	}
}

func (t *Town) occupy(telephones int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy += telephones
}

func when(yes bool, then, otherwise string) string {
	if yes {
		return then
	}
	return otherwise
}

func whyStopped(ctx context.Context) ringback.Outcome {
	switch {
	case errors.Is(context.Cause(ctx), phone.ErrElsewhere):
		return ringback.OutcomeElsewhere
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return ringback.OutcomeNoAnswer
	default:
		return ringback.OutcomeReleased
	}
}

// Join lets two people talk until one has had enough.
func (t *Town) Join(ctx context.Context, talk phone.Talk) phone.End {
	m, v := talk.Manager.(*line), talk.Visitor.(*line)
	t.Note(m.person.Name, "talks with "+v.person.Name)
	m.talkFor(m.person.Talks)
	v.talkFor(v.person.Talks)
	if talk.Recording != nil {
		_ = talk.Recording.Close() // nothing was said that could be lost
	}
	longest := time.NewTimer(talk.Longest)
	defer longest.Stop()
	defer m.Hangup()
	defer v.Hangup()
	select {
	case <-m.Done():
		return phone.End{Outcome: ringback.OutcomeCompleted, By: ringback.PartyManager}
	case <-v.Done():
		return phone.End{Outcome: ringback.OutcomeCompleted, By: ringback.PartyVisitor}
	case <-longest.C:
		return phone.End{Outcome: ringback.OutcomeMaxTalk}
	case <-ctx.Done():
		return phone.End{Outcome: ringback.OutcomeCompleted}
	}
}

// Release writes down that a telephone which a dead process left behind is hung up.
func (t *Town) Release(_ context.Context, leg ringback.Leg) error {
	t.Note(t.People[leg.Number].Name, "is released")
	return nil
}
