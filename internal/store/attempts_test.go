package store

import (
	"errors"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
)

func TestAnAttemptAndItsLegs(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		call := c.placed(t, visitor(1), nil)
		a := c.ringing(t, &call, "node", c.anna.User.Tel, c.jan.User.Tel)
		stored := func() []ringback.Attempt {
			return get(t, s, func(tx *Tx) ([]ringback.Attempt, error) { return tx.Attempts(c.account.ID, call.ID) })
		}
		same(t, "as it was added", stored(), []ringback.Attempt{a})

		leg := &a.Legs[1]
		leg.Token, leg.Dialog, leg.Outcome = "other", []byte{0, 255}, ringback.OutcomeReleased
		leg.DialedAt, leg.AnsweredAt, leg.EndedAt = noon, noon.Add(time.Second), noon.Add(time.Minute)
		recording := ringback.Recording{AccountID: c.account.ID, CallID: call.ID, Name: "a.wav", CreatedAt: noon}
		write(t, s, func(tx *Tx) error { return tx.AddRecording(&recording) })
		a.ManagerID, a.Outcome, a.RecordingID = c.jan.ID, ringback.OutcomeCompleted, recording.ID
		a.TalkingAt, a.EndedAt = noon.Add(2*time.Second), noon.Add(time.Minute)
		write(t, s, func(tx *Tx) error { return errors.Join(tx.SaveLeg(*leg), tx.SaveAttempt(a)) })
		same(t, "as it was saved", stored(), []ringback.Attempt{a})

		second := c.ringing(t, &call, "node", c.anna.User.Tel)
		same(t, "both", stored(), []ringback.Attempt{a, second})
	})
}

// What is noted of a leg while it lasts is noted neither after its end nor by a process that has lost the call.
func TestALegIsKeptWhileItLasts(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		call := c.placed(t, visitor(1), nil)
		a := c.ringing(t, &call, "node", c.anna.User.Tel)
		leg := a.Legs[0]
		leg.Token, leg.DialedAt = "anew", noon.Add(3*time.Second)
		write(t, s, func(tx *Tx) error { return tx.RenewLeg(leg, call.Epoch) })
		leg.Dialog, leg.AnsweredAt = []byte("dialog"), noon.Add(5*time.Second)
		write(t, s, func(tx *Tx) error { return tx.KeepDialog(leg, call.Epoch) })
		stored := get(t, s, func(tx *Tx) ([]ringback.Attempt, error) { return tx.Attempts(c.account.ID, call.ID) })
		same(t, "the leg", stored[0].Legs[0], leg)

		late := leg
		late.Token, late.Dialog = "late", []byte("late")
		refused := func(when string, epoch int64) {
			for what, f := range map[string]func(ringback.Leg, int64) error{
				"kept": func(l ringback.Leg, e int64) error {
					return s.Write(t.Context(), func(tx *Tx) error { return tx.KeepDialog(l, e) })
				},
				"renewed": func(l ringback.Leg, e int64) error {
					return s.Write(t.Context(), func(tx *Tx) error { return tx.RenewLeg(l, e) })
				},
			} {
				if err := f(late, epoch); !errors.Is(err, ErrLost) {
					t.Errorf("%s %s: got %v, want %v", what, when, err, ErrLost)
				}
			}
		}
		refused("by another process", call.Epoch-1)
		leg.EndedAt = noon.Add(time.Minute)
		write(t, s, func(tx *Tx) error { return tx.SaveLeg(leg) })
		refused("after its end", call.Epoch)
		stored = get(t, s, func(tx *Tx) ([]ringback.Attempt, error) { return tx.Attempts(c.account.ID, call.ID) })
		same(t, "the leg at last", stored[0].Legs[0], leg)
	})
}

func TestATelephoneIsRungOnceInAnAttempt(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		call := c.placed(t, visitor(1), nil)
		a := c.ringing(t, &call, "node", c.anna.User.Tel)
		leg := func(p ringback.Party, n ringback.Number) []ringback.Leg {
			return []ringback.Leg{{AccountID: c.account.ID, CallID: call.ID, AttemptID: a.ID, Party: p, Number: n}}
		}
		write(t, s, func(tx *Tx) error { return tx.AddLegs(leg(ringback.PartyVisitor, visitor(1))) })
		for what, add := range map[string]func(*Tx) error{
			"the manager again": func(tx *Tx) error { return tx.AddLegs(leg(ringback.PartyManager, c.anna.User.Tel)) },
			"the visitor again": func(tx *Tx) error { return tx.AddLegs(leg(ringback.PartyVisitor, visitor(1))) },
			"the attempt again": func(tx *Tx) error {
				again := ringback.Attempt{AccountID: c.account.ID, CallID: call.ID, Number: a.Number, QueuedAt: noon}
				return tx.AddAttempt(&again)
			},
		} {
			if err := s.Write(t.Context(), add); !errors.Is(err, ErrTaken) {
				t.Errorf("%s: got %v, want %v", what, err, ErrTaken)
			}
		}
		write(t, s, func(tx *Tx) error { return tx.AddLegs(leg(ringback.PartyVisitor, c.anna.User.Tel)) }) // a visitor who works here
		c.ringing(t, &call, "node", c.anna.User.Tel)                                                       // the next attempt rings anew
	})
}

func TestOrphansAreTheOpenAttemptsOfOtherProcesses(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, other := newCompany(t, s), newCompany(t, s)
		lost, theirs, ours, over := c.placed(t, visitor(1), nil), other.placed(t, visitor(1), nil), c.placed(t, visitor(2), nil), c.placed(t, visitor(3), nil)
		a := c.ringing(t, &lost, "dead", c.anna.User.Tel)
		b := other.ringing(t, &theirs, "dead", other.anna.User.Tel, other.jan.User.Tel)
		c.ringing(t, &ours, "alive", c.jan.User.Tel)
		ended := c.ringing(t, &over, "dead", c.jan.User.Tel)
		ended.EndedAt = noon
		write(t, s, func(tx *Tx) error { return errors.Join(tx.SaveAttempt(ended), tx.Release(over)) })
		c.placed(t, visitor(4), nil)

		orphans := func() []ringback.Attempt {
			return get(t, s, func(tx *Tx) ([]ringback.Attempt, error) { return tx.Orphans("alive") })
		}
		same(t, "orphans", orphans(), []ringback.Attempt{a, b})
		write(t, s, func(tx *Tx) error { return tx.Claim(&lost, "alive") })
		same(t, "one is adopted", orphans(), []ringback.Attempt{b})
	})
}

func TestRecordings(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		call := c.placed(t, visitor(1), nil)
		r := ringback.Recording{AccountID: c.account.ID, CallID: call.ID, Name: "a.wav", CreatedAt: noon}
		write(t, s, func(tx *Tx) error { return tx.AddRecording(&r) })
		r.Name, r.Duration = "b.wav", 1500*time.Millisecond
		write(t, s, func(tx *Tx) error { return tx.SaveRecording(r) })
		same(t, "recording", get(t, s, func(tx *Tx) (ringback.Recording, error) { return tx.Recording(r.ID) }), r)
	})
}

func TestAReadCannotWrite(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := newCompany(t, s)
		call := c.call(visitor(1))
		if err := s.Read(t.Context(), func(tx *Tx) error { return tx.AddCall(&call) }); err == nil {
			t.Error("it wrote")
		}
		same(t, "due", c.due(t, noon), []int64(nil))
		c.placed(t, visitor(1), nil) // and the connection is as good as before
	})
}
