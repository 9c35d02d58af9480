package ringback_test

import (
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
)

func TestStatusTable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from, to ringback.Status
		ok       bool
	}{
		{ringback.StatusNew, ringback.StatusRinging, true},
		{ringback.StatusScheduled, ringback.StatusRinging, true},
		{ringback.StatusRinging, ringback.StatusTalking, true},
		{ringback.StatusRinging, ringback.StatusRinging, true},
		{ringback.StatusTalking, ringback.StatusCompleted, true},
		{ringback.StatusNew, ringback.StatusCompleted, false},
		{ringback.StatusTalking, ringback.StatusRinging, false},
		{ringback.StatusCompleted, ringback.StatusRinging, false},
		{ringback.StatusCancelled, ringback.StatusRinging, false},
	} {
		c := ringback.Call{Status: tt.from}
		if err := c.Become(tt.to); (err == nil) != tt.ok {
			t.Errorf("from %s to %s: got %v, want ok %v", tt.from, tt.to, err, tt.ok)
		}
	}
}

func TestEveryStatusIsKnownAndEnds(t *testing.T) {
	t.Parallel()
	final := 0
	for _, s := range ringback.Statuses {
		if s.Final() {
			final++
		}
	}
	if len(ringback.Statuses) != 9 || final != 5 {
		t.Errorf("got %d statuses, %d of them final, want 9 and 5", len(ringback.Statuses), final)
	}
}

// On the wire the visitor of a failed call is a "user".
func TestVisitorFailedIsUserFailed(t *testing.T) {
	t.Parallel()
	if ringback.StatusVisitorFailed != "user-failed" {
		t.Errorf("got %s", ringback.StatusVisitorFailed)
	}
}

func TestOutcomeToStatus(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[ringback.Outcome]ringback.Status{
		ringback.OutcomeBusy:                    ringback.StatusManagerFailed,
		ringback.OutcomeNoAnswer:                ringback.StatusManagerFailed,
		ringback.OutcomeHungUp:                  ringback.StatusManagerFailed,
		ringback.OutcomeTrunkDown:               ringback.StatusFailed,
		ringback.OutcomeUnreachable:             ringback.StatusFailed,
		ringback.OutcomeBusy.OfVisitor():        ringback.StatusVisitorFailed,
		ringback.OutcomeDeclined.OfVisitor():    ringback.StatusVisitorFailed,
		ringback.OutcomeUnreachable.OfVisitor(): ringback.StatusFailed,
		ringback.OutcomeTrunkDown.OfVisitor():   ringback.StatusFailed,
		ringback.OutcomeCompleted:               ringback.StatusCompleted,
		ringback.OutcomeInterrupted:             ringback.StatusFailed,
		ringback.OutcomeNobodyFree:              ringback.StatusManagerFailed,
	} {
		if got := outcome.Status(); got != want {
			t.Errorf("%s: got %s, want %s", outcome, got, want)
		}
	}
}

// The figures are those of the API document's sample.
func TestBillingTime(t *testing.T) {
	t.Parallel()
	at := func(clock string) time.Time {
		v, err := time.Parse(time.TimeOnly, clock)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	a := ringback.Attempt{TalkingAt: at("13:33:25"), EndedAt: at("13:37:25"), Legs: []ringback.Leg{
		{Party: ringback.PartyManager, AnsweredAt: at("13:33:22"), EndedAt: at("13:37:33")},
		{Party: ringback.PartyVisitor, AnsweredAt: at("13:33:25"), EndedAt: at("13:37:25")},
	}}
	if got := a.BillingTime(); got != 248*time.Second {
		t.Errorf("got %s, want 248 s", got)
	}
}

func TestNumberMasked(t *testing.T) {
	t.Parallel()
	if got := ringback.Number("+48123456443").Masked(); got != "+48******443" {
		t.Errorf("got %s", got)
	}
}
