package phonetest

import (
	"context"
	"sync"
	"time"

	"github.com/ringback-hq/ringback/internal/phone"
)

// line is one answered telephone of the town.
type line struct {
	town   *Town
	person Person
	done   chan struct{}
	once   sync.Once
}

func (t *Town) newLine(p Person) *line {
	l := &line{town: t, person: p, done: make(chan struct{})}
	l.talkFor(p.Stays)
	return l
}

// talkFor lets the person hang up after a while; 0 means never.
func (l *line) talkFor(d time.Duration) {
	if d > 0 {
		time.AfterFunc(d, func() { l.end("hangs up") })
	}
}

func (l *line) end(how string) {
	l.once.Do(func() {
		l.town.Note(l.person.Name, how)
		l.town.occupy(-1)
		close(l.done)
	})
}

func (l *line) Dialog() []byte { return []byte(l.person.Name) }

func (l *line) Wait(p *phone.Prompt) {
	if p != nil {
		l.town.Note(l.person.Name, "hears "+p.Name)
	}
	l.town.Note(l.person.Name, "hears ringing")
}

func (l *line) Play(ctx context.Context, p *phone.Prompt) error {
	l.town.Note(l.person.Name, "hears "+p.Name)
	select {
	case <-time.After(PromptLength):
		return nil
	case <-l.done:
		return context.Canceled
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *line) Digits() <-chan byte   { return nil }
func (l *line) Done() <-chan struct{} { return l.done }
func (l *line) Hangup()               { l.end("is hung up") }
