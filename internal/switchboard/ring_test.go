package switchboard

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/phone"
	"github.com/ringback-hq/ringback/internal/phone/phonetest"
)

// Three managers answer in the same instant, three hundred times: one is on the line, the others are let go and marked
// as answered elsewhere, whoever was first.
func TestThreeAnswerInTheSameInstant(t *testing.T) {
	t.Parallel()
	for range 300 {
		synctest.Test(t, func(t *testing.T) {
			town := &phonetest.Town{Start: time.Now(), People: map[ringback.Number]phonetest.Person{}}
			a := &attempt{s: New(Config{Phone: town}, "node-1")}
			for i, name := range []string{"anna", "eva", "jan"} {
				n := ringback.Number("+4850000000" + string(rune('1'+i)))
				town.People[n] = phonetest.Person{Name: name, Answers: 2 * time.Second}
				a.row.Legs = append(a.row.Legs, a.leg(ringback.PartyManager, int64(i+1), n))
			}
			a.lines = map[ringback.Party]phone.Line{}
			if err := a.ringAll(t.Context()); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			won, let := 0, 0
			for _, l := range a.row.Legs {
				switch {
				case l.AnsweredAt.IsZero() && l.Outcome != ringback.OutcomeElsewhere:
					t.Fatalf("leg of manager %d: %s, not answered", l.ManagerID, l.Outcome)
				case l.Outcome == ringback.OutcomeElsewhere:
					let++
				default:
					won++
					if a.row.ManagerID != l.ManagerID {
						t.Fatalf("manager %d is on the line, the attempt says %d", l.ManagerID, a.row.ManagerID)
					}
				}
			}
			if won != 1 || let != 2 {
				t.Fatalf("%d won and %d were let go\n%s", won, let, town.Log())
			}
			if log := town.Log(); strings.Count(log, "answers") != strings.Count(log, "is hung up")+1 {
				t.Fatalf("somebody who answered too is still on the line:\n%s", log)
			}
			a.lines[ringback.PartyManager].Hangup()
		})
	}
}
