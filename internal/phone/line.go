package phone

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/ringback-hq/ringback/internal/phone/media"
	"github.com/ringback-hq/ringback/internal/phone/sip"
)

// line is a telephone that the exchange rings or has reached.
type line struct {
	x    *Exchange
	leg  *sip.Leg
	port *media.Port

	mu      sync.Mutex
	early   *media.Port // heard instead of our ringing tone
	waiting bool        // the prompt is over: hears ringing
	joined  bool        // hears the other one; nothing else may be played any more
}

// Dialog returns the leg's snapshot.
func (l *line) Dialog() []byte {
	b, err := json.Marshal(l.leg.Snapshot())
	if err != nil {
		return nil // a snapshot holds nothing that cannot be written
	}
	return b
}

// Digits gives the keys that the person presses.
func (l *line) Digits() <-chan byte { return l.port.Digits() }

// Done is closed when the line has ended.
func (l *line) Done() <-chan struct{} { return l.leg.Done() }

// Hangup ends the line.
func (l *line) Hangup() { l.leg.Hangup("") }

// errHungUp says that the person is gone.
var errHungUp = errors.New("the line has ended")

// Play plays a prompt to its end.
func (l *line) Play(ctx context.Context, p *Prompt) error {
	ctx, stop := l.whileUp(ctx)
	defer stop()
	return l.port.Play(ctx, p.Clip)
}

// whileUp returns a context that ends when the line does.
func (l *line) whileUp(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	l.x.work.Go(func() {
		select {
		case <-l.leg.Done():
			cancel(errHungUp)
		case <-ctx.Done():
		}
	})
	return ctx, func() { cancel(nil) }
}

// Wait plays the prompt, and then what the other telephone's network has to say or else a ringing tone.
func (l *line) Wait(p *Prompt) {
	l.x.work.Go(func() {
		if p != nil {
			if err := l.Play(context.Background(), p); err != nil {
				return // hung up, or joined already
			}
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.waiting = true
		l.hearRinging()
	})
}

// hearRinging chooses what a waiting person hears. The caller holds mu.
func (l *line) hearRinging() {
	switch {
	case l.joined || !l.waiting:
	case l.early != nil:
		media.Relay(l.early, l.port)
	default:
		l.port.Loop(l.x.ringing)
	}
}

// lend lets a waiting line hear what the network of this one says before the answer.
func (l *line) lend(to Line, sdp []byte) {
	waiting, ok := to.(*line)
	if !ok || len(sdp) == 0 || l.port.Accept(sdp) != nil {
		return
	}
	waiting.mu.Lock()
	defer waiting.mu.Unlock()
	waiting.early = l.port
	waiting.hearRinging()
}

// join notes that from now on only the other one is heard.
func (l *line) join() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.joined = true
}
