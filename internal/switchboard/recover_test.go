package switchboard

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/blob"
	"github.com/ringback-hq/ringback/internal/phone/media"
	"github.com/ringback-hq/ringback/internal/phone/phonetest"
	"github.com/ringback-hq/ringback/internal/store"
)

// A wreck is an attempt as a process left it that died in the middle of it.
type wreck struct {
	age      time.Duration // of the call
	before   ringback.Outcome
	manager  string // the manager's leg: "intended", "answered" or nothing
	visitor  string
	talked   time.Duration // 0: they were not joined
	released string        // whose telephones must be released, in the order of their names

	status  ringback.Status
	outcome ringback.Outcome
	due     time.Duration // from now; negative: the call is over
}

// What becomes of a call whose process died, by how far it had come.
func TestWrecksAreSettled(t *testing.T) {
	t.Parallel()
	const over = -1
	for name, w := range map[string]wreck{
		"only managers may have rung: they may be rung again": {
			age: time.Minute, manager: "intended", released: "anna",
			status: ringback.StatusRinging, outcome: ringback.OutcomeNodeLost, due: 0,
		},
		"only managers may have rung, but the call is old": {
			age: 11 * time.Minute, manager: "intended", released: "anna",
			status: ringback.StatusManagerFailed, outcome: ringback.OutcomeNodeLost, due: over,
		},
		"the visitor may have rung: a little later, once": {
			age: time.Minute, manager: "answered", visitor: "intended", released: "anna visitor",
			status: ringback.StatusRinging, outcome: ringback.OutcomeVisitorLost, due: redialVisitorIn,
		},
		"the visitor may have rung, for the second time": {
			age: 4 * time.Minute, before: ringback.OutcomeVisitorLost, manager: "answered", visitor: "intended", released: "anna visitor",
			status: ringback.StatusManagerFailed, outcome: ringback.OutcomeVisitorLost, due: over,
		},
		"they talked": {
			age: time.Minute, manager: "answered", visitor: "answered", talked: 12 * time.Second, released: "anna visitor",
			status: ringback.StatusCompleted, outcome: ringback.OutcomeCompleted, due: over,
		},
		"they had only begun to talk": {
			age: time.Minute, manager: "answered", visitor: "answered", talked: 3 * time.Second, released: "anna visitor",
			status: ringback.StatusFailed, outcome: ringback.OutcomeInterrupted, due: over,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { w.check(t) })
		})
	}
}

func (w wreck) check(t *testing.T) {
	v := newVillage(t, story{people: []phonetest.Person{{Name: "anna", Never: true}, {Name: "visitor"}}})
	files, err := blob.OpenDisk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	v.board.Files = files
	v.board.node = "alive"
	left := w.leave(t, v, files)
	v.board.recover(t.Context())

	var call ringback.Call
	var attempts []ringback.Attempt
	write(t, v.store, func(tx *store.Tx) error {
		if call, err = tx.Call(left.AccountID, left.ID); err != nil {
			return err
		}
		attempts, err = tx.Attempts(left.AccountID, left.ID)
		return err
	})
	if call.Status != w.status || call.Outcome != w.outcome {
		t.Errorf("the call is %s, %s; want %s, %s", call.Status, call.Outcome, w.status, w.outcome)
	}
	if w.due >= 0 && !call.DueAt.Equal(time.Now().Add(w.due)) {
		t.Errorf("it is due in %s, want %s", time.Until(call.DueAt), w.due)
	}
	if a := attempts[0]; a.EndedAt.IsZero() || a.Outcome != w.outcome {
		t.Errorf("the attempt ended at %s as %s", a.EndedAt, a.Outcome)
	}
	var released []string
	for line := range strings.Lines(v.town.Log()) {
		who, _, _ := strings.Cut(strings.Fields(line)[1], " ")
		released = append(released, who)
	}
	if got := strings.Join(released, " "); got != w.released {
		t.Errorf("released: %s; want %s", got, w.released)
	}
	w.checkTalk(t, attempts[0])
	write(t, v.store, func(tx *store.Tx) error {
		engaged, err := tx.Engaged(left.AccountID)
		if len(engaged) > 0 {
			t.Errorf("still engaged: %v", engaged)
		}
		return err
	})
}

// checkTalk looks at the length of the talk: it is told by the recording, not by when somebody found the wreck.
func (w wreck) checkTalk(t *testing.T, a ringback.Attempt) {
	t.Helper()
	if w.talked > 0 && a.EndedAt.Sub(a.TalkingAt) != w.talked {
		t.Errorf("they talked for %s, want %s", a.EndedAt.Sub(a.TalkingAt), w.talked)
	}
}

// leave writes what the dead process had written.
func (w wreck) leave(t *testing.T, v *village, files *blob.Disk) ringback.Call {
	t.Helper()
	now := time.Now()
	call := ringback.Call{
		AccountID: v.owner.AccountID, WidgetID: v.widget.ID, To: v.number["visitor"], Outcome: w.before,
		Status: ringback.StatusNew, Type: ringback.CallFromWidget, DueAt: now.Add(-w.age), CreatedAt: now.Add(-w.age),
	}
	a := ringback.Attempt{AccountID: call.AccountID, Number: 1, QueuedAt: now.Add(-time.Minute)}
	write(t, v.store, func(tx *store.Tx) error {
		if err := tx.AddCall(&call); err != nil {
			return err
		}
		if err := call.Become(ringback.StatusRinging); err != nil {
			return err
		}
		if w.talked > 0 {
			a.TalkingAt = now.Add(-30 * time.Second)
			if err := call.Become(ringback.StatusTalking); err != nil {
				return err
			}
			rec := ringback.Recording{AccountID: call.AccountID, CallID: call.ID, Name: recorded(t, files, w.talked), CreatedAt: now}
			if err := tx.AddRecording(&rec); err != nil {
				return err
			}
			a.RecordingID = rec.ID
		}
		call.Attempts = 1
		if err := tx.Claim(&call, "dead"); err != nil {
			return err
		}
		a.CallID = call.ID
		a.Legs = append(w.leg(ringback.PartyManager, w.manager, v.number["anna"]), w.leg(ringback.PartyVisitor, w.visitor, v.number["visitor"])...)
		for i := range a.Legs {
			a.Legs[i].AccountID, a.Legs[i].CallID = call.AccountID, call.ID
		}
		if err := tx.Engage(call.AccountID, call.ID, []ringback.Number{v.number["anna"]}); err != nil {
			return err
		}
		return tx.AddAttempt(&a)
	})
	return call
}

func (w wreck) leg(p ringback.Party, state string, n ringback.Number) []ringback.Leg {
	l := ringback.Leg{Party: p, Number: n, Token: string(p), DialedAt: time.Now().Add(-40 * time.Second)}
	switch state {
	case "":
		return nil
	case "answered":
		l.AnsweredAt, l.Dialog = l.DialedAt.Add(time.Second), []byte("dialog")
	}
	return []ringback.Leg{l}
}

// recorded makes a recording of which the header was never finished, as a dead process leaves it.
func recorded(t *testing.T, files *blob.Disk, length time.Duration) string {
	t.Helper()
	name := blob.NewName()
	f, err := files.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := media.NewRecorder(f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	path, err := files.Path(name)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.OpenFile(filepath.Clean(path), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := out.Write(make([]byte, 2*8000*int(length/time.Second))); err != nil {
		t.Fatal(err)
	}
	return name
}
