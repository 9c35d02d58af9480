package phone_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/phone"
	"github.com/ringback-hq/ringback/internal/phone/media"
	"github.com/ringback-hq/ringback/internal/phone/sandbox"
	"github.com/ringback-hq/ringback/internal/phone/sip"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// A network is a carrier with the exchanges that use it.
type network struct {
	t       *testing.T
	carrier *sandbox.Carrier
	journal *journal
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	n := &network{t: t, journal: &journal{}}
	var err error
	n.carrier, err = sandbox.Start(t.Context(), sandbox.Config{RingFor: 100 * time.Millisecond, Talk: 1500 * time.Millisecond, Journal: n.journal})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.carrier.Close)
	return n
}

// exchange opens an exchange, which tries other trunks before the carrier. At its end no telephone and no port may be left.
func (n *network) exchange(first ...sip.TrunkConfig) *phone.Exchange {
	n.t.Helper()
	x, err := phone.Open(n.t.Context(), phone.Config{
		SIP: sip.Config{Listen: netip.AddrPortFrom(loopback, 0)}, Media: media.Config{Addr: loopback},
		Trunks: append(first, sip.TrunkConfig{Host: "127.0.0.1", Port: n.carrier.Addr().Port(), Sandbox: true}),
	})
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() {
		n.await("nothing is left", func() bool { return x.Legs() == 0 && x.Ports() == 0 })
		x.Close()
	})
	return x
}

func (n *network) await(what string, yes func() bool) {
	n.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !yes(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			n.t.Fatalf("waited in vain until %s", what)
		}
	}
}

// call says whom to ring.
func (n *network) call(x *phone.Exchange, p ringback.Party, to ringback.Number) phone.Dial {
	return phone.Dial{Token: x.Token(), To: to, Party: p, CallID: 1, AttemptID: 1, SendBy: time.Now().Add(time.Minute)}
}

func (n *network) ring(x *phone.Exchange, p ringback.Party, to ringback.Number) phone.Line {
	n.t.Helper()
	line, err := x.Dial(n.t.Context(), n.call(x, p, to))
	if err != nil {
		n.t.Fatalf("ring %s: %v", to, err)
	}
	return line
}

// journal keeps what the carrier saw.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

// events are what happened to the telephones, in order.
func (j *journal) events() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var list []string
	for lines := bufio.NewScanner(bytes.NewReader(j.text.Bytes())); lines.Scan(); {
		var e sandbox.Entry
		if json.Unmarshal(lines.Bytes(), &e) == nil {
			list = append(list, e.Event)
		}
	}
	return list
}

func (j *journal) count(event string) int {
	return len(slices.DeleteFunc(j.events(), func(e string) bool { return e != event }))
}

func TestTwoPeopleAreJoinedAndRecorded(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	x := n.exchange()
	room := x.Room()
	manager := n.ring(x, ringback.PartyManager, "+48500000001")
	manager.Wait(nil)
	d := n.call(x, ringback.PartyVisitor, "+48500000100")
	d.Early = manager
	visitor, err := x.Dial(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if x.Room() != room-2 {
		t.Errorf("there is room for %d more, want %d", x.Room(), room-2)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "talk.wav"))
	if err != nil {
		t.Fatal(err)
	}
	end := x.Join(t.Context(), phone.Talk{Manager: manager, Visitor: visitor, Recording: file, Longest: time.Minute})
	if end.Outcome != ringback.OutcomeCompleted || end.By != ringback.PartyVisitor {
		t.Errorf("it ended %+v, want completed by the visitor", end)
	}
	wav, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	left, right, err := media.ReadRecording(bytes.NewReader(wav))
	if err != nil || len(left) < 8000 {
		t.Fatalf("%v: %d samples", err, len(left))
	}
	left, right = left[2000:8000], right[2000:8000]
	if media.Level(left, 440) < 0.05 || media.Level(left, 660) > 0.01 || media.Level(right, 660) < 0.05 || media.Level(right, 440) > 0.01 {
		t.Errorf("left 440 Hz %.3f, 660 Hz %.3f; right 660 Hz %.3f, 440 Hz %.3f",
			media.Level(left, 440), media.Level(left, 660), media.Level(right, 660), media.Level(right, 440))
	}
	select {
	case <-manager.Done():
	default:
		t.Error("the manager's line is still up")
	}
}

func TestHowATelephoneIsNotAnswered(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		to   ringback.Number
		why  error // of cancelling after a moment; nil: not cancelled
		late bool  // its time is over
		want ringback.Outcome
	}{
		"busy":              {to: "+48500009001", want: ringback.OutcomeBusy},
		"declined":          {to: "+48500009003", want: ringback.OutcomeDeclined},
		"unknown number":    {to: "+48500009004", want: ringback.OutcomeUnreachable},
		"trunk down":        {to: "+48500009009", want: ringback.OutcomeTrunkDown},
		"for too long":      {to: "+48500009002", why: context.DeadlineExceeded, want: ringback.OutcomeNoAnswer},
		"another is first":  {to: "+48500009002", why: phone.ErrElsewhere, want: ringback.OutcomeElsewhere},
		"not needed":        {to: "+48500009002", why: errors.New("the visitor hung up"), want: ringback.OutcomeReleased},
		"a stale intention": {to: "+48500000001", late: true, want: ringback.OutcomeStale},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t)
			x := n.exchange()
			d := n.call(x, ringback.PartyVisitor, tt.to)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			switch {
			case tt.late:
				d.SendBy = time.Now().Add(-time.Second)
			case errors.Is(tt.why, context.DeadlineExceeded):
				limited, stop := context.WithTimeout(ctx, 300*time.Millisecond)
				defer stop()
				ctx = limited
			case tt.why != nil:
				time.AfterFunc(300*time.Millisecond, func() { cancel(tt.why) })
			}
			_, err := x.Dial(ctx, d)
			if got := phone.OutcomeOf(err); err == nil || got != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if tt.late && len(n.journal.events()) > 0 {
				t.Errorf("the carrier saw %v", n.journal.events())
			}
		})
	}
}

// What a dead process left is hung up by another one: a talk from its dialog, a ringing telephone from its token.
func TestAnotherProcessReleasesTelephones(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	dead, alive := n.exchange(), n.exchange()
	var kept []byte
	d := n.call(dead, ringback.PartyManager, "+48500000001")
	d.Keep = func(dialog []byte) error { kept = slices.Clone(dialog); return nil }
	talking, err := dead.Dial(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, talking.Dialog()) {
		t.Errorf("kept was %s, the dialog is %s", kept, talking.Dialog())
	}
	if err := alive.Release(t.Context(), ringback.Leg{Number: d.To, Token: d.Token, Dialog: kept}); err != nil {
		t.Fatal(err)
	}
	n.await("the talking telephone is put down", func() bool { return slices.Contains(n.journal.events(), sandbox.EventBye) })
	talking.Hangup() // the dead process cannot; this one is only to tidy up

	r := n.call(dead, ringback.PartyManager, "+48500009002")
	ended := make(chan error, 1)
	go func() { _, err := dead.Dial(t.Context(), r); ended <- err }()
	n.await("the second telephone rings", func() bool { return n.journal.count(sandbox.EventInvite) == 2 })
	time.Sleep(50 * time.Millisecond) // the 180 is on its way
	if err := alive.Release(t.Context(), ringback.Leg{Number: r.To, Token: r.Token}); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; phone.OutcomeOf(err) != ringback.OutcomeNoAnswer {
		t.Errorf("the ringing ended with %v", err)
	}
	n.await("the ringing telephone is cancelled", func() bool { return slices.Contains(n.journal.events(), sandbox.EventCancel) })
}

// A telephone whose dialog cannot be kept is hung up.
func TestADialogThatCannotBeKept(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	x := n.exchange()
	d := n.call(x, ringback.PartyManager, "+48500000001")
	d.Keep = func([]byte) error { return errors.New("the disk is full") }
	if _, err := x.Dial(t.Context(), d); err == nil {
		t.Error("it was answered all the same")
	}
	n.await("it is hung up", func() bool { return slices.Contains(n.journal.events(), sandbox.EventBye) })
}

// A prompt is heard to its end, or to the end of the line.
func TestAPromptEndsWithTheLine(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	x := n.exchange()
	line := n.ring(x, ringback.PartyManager, "+48500000001")
	prompt := &phone.Prompt{Name: "short", Clip: media.Tone([]float64{500}, 200*time.Millisecond, 0, 0.2)}
	begin := time.Now()
	if err := line.Play(t.Context(), prompt); err != nil || time.Since(begin) < 150*time.Millisecond {
		t.Errorf("played for %s: %v", time.Since(begin), err)
	}
	long := &phone.Prompt{Name: "long", Clip: media.Tone([]float64{500}, time.Minute, 0, 0.2)}
	time.AfterFunc(100*time.Millisecond, line.Hangup)
	if err := line.Play(t.Context(), long); err == nil {
		t.Error("a minute was heard on a line that was hung up")
	}
	line.Hangup()
	<-line.Done()
}

// A key that is pressed is heard.
func TestDigitsAreHeard(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	line := n.ring(n.exchange(), ringback.PartyManager, "+48500009010")
	defer line.Hangup()
	select {
	case digit := <-line.Digits():
		if digit != '1' {
			t.Errorf("got %q, want 1", digit)
		}
	case <-time.After(10 * time.Second):
		t.Error("no key was heard")
	}
}

// A telephone that hangs up at once ends the talk; the other one is hung up.
func TestOneHangsUpAndBothAreFree(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	x := n.exchange()
	manager := n.ring(x, ringback.PartyManager, "+48500000001")
	visitor := n.ring(x, ringback.PartyVisitor, "+48500009005")
	end := x.Join(t.Context(), phone.Talk{Manager: manager, Visitor: visitor, Longest: time.Minute})
	if end.By != ringback.PartyVisitor {
		t.Errorf("it ended %+v", end)
	}
	longest := x.Join(t.Context(), phone.Talk{
		Manager: n.ring(x, ringback.PartyManager, "+48500000001"), Visitor: n.ring(x, ringback.PartyManager, "+48500000002"), Longest: 100 * time.Millisecond,
	})
	if longest.Outcome != ringback.OutcomeMaxTalk || longest.By != "" {
		t.Errorf("the longest talk ended %+v", longest)
	}
}
