package phone

import (
	"context"
	"os"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/phone/media"
)

// longestQuiet is how long both sides may send nothing at all before the talk counts as dead.
const longestQuiet = 20 * time.Second

// Join lets two people talk until one hangs up or ctx ends, then hangs up both.
func (x *Exchange) Join(ctx context.Context, t Talk) End {
	m, v := t.Manager.(*line), t.Visitor.(*line)
	finish := x.record(t.Recording, m, v)
	m.join()
	v.join()
	media.Join(m.port, v.port)
	end := untilOver(ctx, t.Longest, m, v)
	m.Hangup()
	v.Hangup()
	<-m.Done()
	<-v.Done()
	finish()
	return end
}

// untilOver waits for the end of a talk.
func untilOver(ctx context.Context, limit time.Duration, m, v *line) End {
	longest := time.NewTimer(limit)
	defer longest.Stop()
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		select {
		case <-m.Done():
			return End{Outcome: ringback.OutcomeCompleted, By: ringback.PartyManager}
		case <-v.Done():
			return End{Outcome: ringback.OutcomeCompleted, By: ringback.PartyVisitor}
		case <-longest.C:
			return End{Outcome: ringback.OutcomeMaxTalk}
		case <-ctx.Done():
			return End{Outcome: ringback.OutcomeCompleted}
		case <-look.C:
			if dead(m.port) && dead(v.port) {
				return End{Outcome: ringback.OutcomeMute}
			}
		}
	}
}

func dead(p *media.Port) bool { return !p.OnHold() && p.Quiet() > longestQuiet }

// record begins a recording and returns what ends it. A talk that cannot be recorded goes on all the same.
func (x *Exchange) record(f *os.File, m, v *line) func() {
	if f == nil {
		return func() {}
	}
	rec, err := media.NewRecorder(f)
	if err != nil {
		x.log.Error("the talk is not recorded", "err", err)
		return func() { _ = f.Close() }
	}
	m.port.Record(rec, media.Left)
	v.port.Record(rec, media.Right)
	return func() {
		if _, err := rec.Close(); err != nil {
			x.log.Error("the recording is not whole", "err", err)
		}
	}
}
