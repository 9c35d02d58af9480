package phone

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/phone/media"
	"github.com/ringback-hq/ringback/internal/phone/sip"
)

// Config is how an exchange reaches the telephone network.
type Config struct {
	SIP    sip.Config
	Media  media.Config
	Trunks []sip.TrunkConfig // in order of preference
	Log    *slog.Logger
}

// Exchange is the [Phone] that rings real telephones, over SIP and RTP.
type Exchange struct {
	ua      *sip.UA
	media   *media.Engine
	trunks  []*sip.Trunk
	ringing *media.Clip
	log     *slog.Logger
	work    sync.WaitGroup // the legs that have not ended
}

var _ Phone = (*Exchange)(nil)

// Open opens the sockets and brings the trunks up.
func Open(ctx context.Context, c Config) (*Exchange, error) {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	engine, err := media.New(c.Media)
	if err != nil {
		return nil, fmt.Errorf("open the ports for sound: %w", err)
	}
	ua, err := sip.Listen(ctx, c.SIP)
	if err != nil {
		engine.Close()
		return nil, fmt.Errorf("listen for SIP: %w", err)
	}
	x := &Exchange{ua: ua, media: engine, ringing: ringingTone(), log: c.Log}
	for _, t := range c.Trunks {
		x.trunks = append(x.trunks, ua.AddTrunk(t))
	}
	return x, nil
}

// ringingTone is what is heard in most of Europe while a telephone rings (ITU-T E.180 Supplement 2).
func ringingTone() *media.Clip {
	return media.Tone([]float64{425}, time.Second, 4*time.Second, 0.2)
}

// Addr is where SIP listens.
func (x *Exchange) Addr() netip.AddrPort { return x.ua.Addr() }

// Legs returns how many telephones ring or talk.
func (x *Exchange) Legs() int { return x.ua.Legs() }

// Ports returns how many ports for sound are open.
func (x *Exchange) Ports() int { return x.media.Ports() }

// Room returns how many more telephones could ring or talk now: each takes a port for sound.
func (x *Exchange) Room() int { return x.media.Free() }

// Close hangs up whatever is left and closes the sockets.
func (x *Exchange) Close() {
	x.ua.Close()
	x.work.Wait()
	x.media.Close()
}

// Token returns a new name for a dialog. It holds all that another process needs to cancel the ringing.
func (x *Exchange) Token() string { return rand.Text() + rand.Text() + "@" + x.ua.SentBy() }

// Dial rings a number over the first trunk that takes the call.
func (x *Exchange) Dial(ctx context.Context, d Dial) (Line, error) {
	port, err := x.media.Open()
	if err != nil {
		return nil, &Failure{Outcome: ringback.OutcomeTrunkDown, Reason: err.Error()}
	}
	token, _, _ := strings.Cut(d.Token, "@")
	leg, err := x.ua.Invite(context.WithoutCancel(ctx), sip.Invite{
		Token: token, To: string(d.To), From: string(d.From), HideFrom: d.HideFrom, Offer: port.Offer(), OnOffer: port.Answer, OnAnswer: port.Accept, OnAnswered: d.keep,
		Headers: sandboxHeaders(d), Trunks: x.trunks, SendBy: d.SendBy,
	})
	if err != nil {
		port.Close()
		return nil, refusedDial(err)
	}
	x.work.Go(func() { <-leg.Done(); port.Close() })
	return x.ring(ctx, &line{x: x, leg: leg, port: port}, d.Early)
}

// keep hands the dialog over as [Exchange.Release] reads it.
func (d Dial) keep(s sip.Snapshot) error {
	if d.Keep == nil {
		return nil
	}
	dialog, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write down the dialog: %w", err)
	}
	return d.Keep(dialog)
}

// sandboxHeaders tell the sandbox carrier, and no other, whom it plays.
func sandboxHeaders(d Dial) map[string]string {
	return map[string]string{
		"X-Ringback-Party":   string(d.Party),
		"X-Ringback-Call":    strconv.FormatInt(d.CallID, 10),
		"X-Ringback-Attempt": strconv.FormatInt(d.AttemptID, 10),
	}
}

func refusedDial(err error) *Failure {
	if errors.Is(err, sip.ErrStale) {
		return &Failure{Outcome: ringback.OutcomeStale, Reason: err.Error()}
	}
	return &Failure{Outcome: ringback.OutcomeTrunkDown, Reason: err.Error()}
}

// ring follows a leg until it is answered or not.
func (x *Exchange) ring(ctx context.Context, l *line, early Line) (Line, error) {
	for {
		select {
		case <-ctx.Done():
			l.leg.Hangup(whyHungUp(ctx))
			return nil, cancelled(ctx)
		case event := <-l.leg.Events():
			switch e := event.(type) {
			case sip.Ringing:
				l.lend(early, e.SDP)
			case sip.Answered:
				if err := l.port.Accept(e.SDP); err != nil {
					l.leg.Hangup("")
					return nil, &Failure{Outcome: ringback.OutcomeTrunkDown, Reason: err.Error()}
				}
				l.port.Answered()
				return l, nil
			case sip.Ended:
				return nil, &Failure{Outcome: outcomes[e.Cause.Kind], Code: e.Cause.Code, Reason: e.Cause.Reason}
			}
		}
	}
}

// whyHungUp is what a telephone is told that stops ringing.
func whyHungUp(ctx context.Context) sip.Reason {
	if errors.Is(context.Cause(ctx), ErrElsewhere) {
		return sip.ElsewhereReason
	}
	return ""
}

// cancelled is why we stopped a telephone's ringing.
func cancelled(ctx context.Context) *Failure {
	switch {
	case errors.Is(context.Cause(ctx), ErrElsewhere):
		return &Failure{Outcome: ringback.OutcomeElsewhere, Reason: "somebody else was quicker"}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &Failure{Outcome: ringback.OutcomeNoAnswer, Reason: "it rang for as long as it may"}
	default:
		return &Failure{Outcome: ringback.OutcomeReleased, Reason: "it is not needed any more"}
	}
}

var outcomes = map[sip.Kind]ringback.Outcome{
	sip.Failed:      ringback.OutcomeTrunkDown,
	sip.Busy:        ringback.OutcomeBusy,
	sip.NoAnswer:    ringback.OutcomeNoAnswer,
	sip.Declined:    ringback.OutcomeDeclined,
	sip.Unreachable: ringback.OutcomeUnreachable,
	sip.Forbidden:   ringback.OutcomeForbidden,
	sip.TrunkDown:   ringback.OutcomeTrunkDown,
	sip.Cancelled:   ringback.OutcomeReleased,
	sip.HungUp:      ringback.OutcomeHungUp,
	sip.Local:       ringback.OutcomeReleased,
	sip.Stale:       ringback.OutcomeStale,
}

// Release hangs up a telephone that a dead process left: by BYE where it was answered, by CANCEL where it rings.
func (x *Exchange) Release(ctx context.Context, leg ringback.Leg) error {
	if len(leg.Dialog) == 0 {
		token, sentBy, _ := strings.Cut(leg.Token, "@")
		return x.ua.CancelTicket(ctx, sip.Ticket{Token: token, SentBy: sentBy, To: string(leg.Number)}, x.trunks)
	}
	var s sip.Snapshot
	if err := json.Unmarshal(leg.Dialog, &s); err != nil {
		return fmt.Errorf("read the dialog of leg %d: %w", leg.ID, err)
	}
	return x.ua.Release(ctx, s, x.trunks)
}
