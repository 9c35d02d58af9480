// Package phone rings telephones, joins them, plays to them and records what they say.
package phone

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/phone/media"
)

// A Phone dials numbers. [Exchange] is the real one; a town of imaginary people stands in for it in stories.
type Phone interface {
	// Token returns a new name for a leg's dialog. Whoever has it can stop the ringing later, from another process.
	Token() string

	// Room returns how many more telephones could ring or talk now.
	Room() int

	// Dial rings a number and returns when somebody answers. Ending ctx stops the ringing. An error is a [*Failure].
	Dial(ctx context.Context, d Dial) (Line, error)

	// Join lets two people talk until one hangs up or ctx ends, then hangs up both.
	Join(ctx context.Context, t Talk) End

	// Release ends a leg that a dead process left behind, ringing or talking.
	Release(ctx context.Context, leg ringback.Leg) error
}

// A Dial says whom to ring.
type Dial struct {
	Token     string // from [Phone.Token], on disk before the call
	To        ringback.Number
	From      ringback.Number // whose number is shown; empty: the trunk's own
	HideFrom  bool            // the number is shown to the trunk only
	Party     ringback.Party
	CallID    int64
	AttemptID int64
	SendBy    time.Time // nobody is rung after this: the intent would be stale
	Early     Line      // hears what the network of the called says before the answer; nil: nobody

	// Keep puts on disk what [Phone.Release] needs, before the answer is confirmed to the network: if we die before, the
	// network gives up the call by itself. An error hangs up. nil keeps nothing.
	Keep func(dialog []byte) error
}

// A Line is an answered leg.
type Line interface {
	// Dialog returns what another process needs to hang up.
	Dialog() []byte

	// Wait lets the person hear the prompt, if there is one, and then a ringing tone, until they are joined.
	Wait(p *Prompt)

	// Play lets the person hear the prompt to its end.
	Play(ctx context.Context, p *Prompt) error

	// Digits gives the keys that the person presses.
	Digits() <-chan byte

	// Done is closed when the line has ended, from either side.
	Done() <-chan struct{}

	// Hangup ends the line. It may be called at any time, any number of times, and does not wait.
	Hangup()
}

// A Talk joins two lines.
type Talk struct {
	Manager, Visitor Line
	Recording        *os.File // stereo WAV, manager left; nil: not recorded. Join closes it.
	Longest          time.Duration
}

// An End is how a talk ended: completed when somebody hung up, otherwise why we ended it.
type End struct {
	Outcome ringback.Outcome
	By      ringback.Party // who hung up; empty: we did
}

// A Prompt is something that we say on the telephone.
type Prompt struct {
	Name string
	Clip *media.Clip
}

// ErrElsewhere is the cancellation cause for telephones that stop ringing because somebody else was quicker. They
// are told so, and do not show a missed call.
var ErrElsewhere = errors.New("answered elsewhere")

// A Failure is why a telephone was not answered.
type Failure struct {
	Outcome ringback.Outcome
	Code    int    // the last SIP status; 0: none came
	Reason  string // for a person
}

// Error says why, in a few words.
func (f *Failure) Error() string { return fmt.Sprintf("%s (%d %s)", f.Outcome, f.Code, f.Reason) }

// OutcomeOf returns why a Dial failed.
func OutcomeOf(err error) ringback.Outcome {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f.Outcome
	}
	return ringback.OutcomeTrunkDown
}
