package test

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ringback-hq/ringback/internal/phone/sandbox"
)

var (
	kills   = flag.Int("kills", 30, "how often the server is killed under load")
	clients = flag.Int("clients", 8, "how many clients order calls while the server is killed")
)

// The server is killed again and again under load. No accepted call is lost, nobody is rung twice for one attempt, every
// call ends, the same request gets the same answer, and webhooks hear of everything in order.
func TestNothingIsLostWhenTheServerIsKilled(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	carrier := startCarrier(t, "--talk", "300ms", "--rings", "100ms", "--journal", journal)
	o := newOffice(t, "--trunk", "sip:"+carrier+";sandbox=true")
	s := newSink(t)
	numbers := make([]string, 40)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("+4850010%04d", i)
	}
	widget := o.widget(numbers...)
	o.webhook(s, widget)

	l := &load{office: o, widget: widget, calls: map[int64]string{}}
	ctx, stop := context.WithCancel(t.Context())
	var ordering sync.WaitGroup
	for range *clients {
		ordering.Go(func() { l.order(ctx) })
	}
	u, err := url.Parse(o.url)
	if err != nil {
		t.Fatal(err)
	}
	for range *kills {
		time.Sleep(time.Duration(500+rand.IntN(1500)) * time.Millisecond)
		o.kill()
		o.start(u.Host)
	}
	last := time.Now()
	stop()
	ordering.Wait()
	for _, mistake := range l.mistakes {
		t.Error(mistake)
	}
	if len(l.calls) < *kills {
		t.Fatalf("only %d calls were accepted", len(l.calls))
	}
	l.checkEnds(t, last)
	checkTelephones(t, journal)
	l.checkWebhooks(t, s)
}

// startCarrier runs the sandbox carrier as a program of its own and returns where it listens.
func startCarrier(t testing.TB, args ...string) string {
	t.Helper()
	cmd := exec.Command(binary(t), append([]string{"sandbox", "--listen", "127.0.0.1:0", "--rtp-ports", "16384-20479"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if m := regexp.MustCompile(`sip:([0-9.:]+)`).FindStringSubmatch(lines.Text()); m != nil {
			go func() {
				for lines.Scan() { // it must not block on us
				}
			}()
			return m[1]
		}
	}
	t.Fatal("the carrier did not start")
	return ""
}

// A load orders calls, each again and again until it is accepted, and some even afterwards.
type load struct {
	office *office
	widget int64
	next   atomic.Int64

	mu       sync.Mutex
	calls    map[int64]string // the accepted ones, with the visitor's number
	mistakes []string
}

func (l *load) order(ctx context.Context) {
	for ctx.Err() == nil {
		n := l.next.Add(1)
		to := fmt.Sprintf("+4860%03d%04d", n/9000, n%9000)
		call := l.insist(to, fmt.Sprint("order-", n))
		if n%5 == 0 {
			if again := l.insist(to, fmt.Sprint("order-", n)); again != call {
				l.note("order %d was call %d first and then call %d", n, call, again)
			}
		}
		l.accept(call, to)
		time.Sleep(300 * time.Millisecond)
	}
}

// insist sends an order until it is answered.
func (l *load) insist(to, key string) int64 {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		a, err := l.office.do(ctx, "/api/v1/external/widgets/call", fields{"id": l.widget, "tel": to}, "Idempotency-Key", key)
		cancel()
		var call id
		switch {
		case err != nil || a.Status >= 500:
			time.Sleep(50 * time.Millisecond)
		case a.HasError:
			l.note("%s to %s: %d %v %s", key, to, a.Status, a.ErrorCode, a.Message)
			return 0
		case json.Unmarshal(a.Data, &call) == nil:
			return call.ID
		}
	}
}

func (l *load) accept(call int64, to string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, ok := l.calls[call]; ok {
		l.mistakes = append(l.mistakes, fmt.Sprintf("call %d is the answer to two orders, for %s and %s", call, before, to))
	}
	l.calls[call] = to
}

func (l *load) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mistakes = append(l.mistakes, fmt.Sprintf(format, args...))
}

// checkEnds waits until every accepted call has ended, and looks whether it is the call that was ordered.
func (l *load) checkEnds(t *testing.T, last time.Time) {
	t.Helper()
	how := map[string]int{}
	for call, to := range l.calls {
		r := l.office.ended(call, time.Until(last.Add(240*time.Second)))
		if r.To != to {
			t.Errorf("call %d goes to %s, was ordered for %s", call, r.To, to)
		}
		how[r.Status]++
	}
	if n := l.office.countCalls(); n != len(l.calls) {
		t.Errorf("the history has %d calls, %d were accepted", n, len(l.calls))
	}
	t.Logf("%d kills; %d calls ended %v, %s after the last kill", *kills, len(l.calls), how, time.Since(last).Round(time.Second))
	if how["completed"] < len(l.calls)*2/3 {
		t.Errorf("only %d of %d calls were completed", how["completed"], len(l.calls))
	}
}

// checkTelephones reads what the carrier saw: no telephone rang twice in one attempt, and none was forgotten.
func checkTelephones(t *testing.T, journal string) {
	t.Helper()
	f, err := os.Open(journal)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	type ring struct{ attempt, number string }
	rang := map[ring]string{} // by dialog
	open := map[string]sandbox.Entry{}
	rings, forgotten := 0, 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var e sandbox.Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("%v in %s", err, lines.Text())
		}
		switch e.Event {
		case sandbox.EventInvite:
			r := ring{e.Attempt, string(e.Number)}
			if before, ok := rang[r]; ok && before != e.Dialog {
				t.Errorf("%s %s rang twice in attempt %s", e.Party, e.Number, e.Attempt)
			}
			rang[r], open[e.Dialog] = e.Dialog, e
			rings++
		case sandbox.EventAnswer:
		case sandbox.EventTimeout:
			forgotten++
			delete(open, e.Dialog)
			t.Logf("the telephone of %s %s was never released: call %s, attempt %s, until %s", e.Party, e.Number, e.Call, e.Attempt, e.Time)
		default:
			delete(open, e.Dialog)
		}
	}
	t.Logf("%d telephones rang, %d of them were never released", rings, forgotten)
	// One hole is known: an answer that nobody wants any more is acknowledged and hung up at once, and a kill between the
	// two leaves a telephone of which no row tells. It takes microseconds and some ten thousand telephones.
	if forgotten > *kills/10 || len(open) > 0 {
		t.Errorf("%d telephones were forgotten, %d still ring or talk: %v", forgotten, len(open), open)
	}
}

// checkWebhooks waits until every call's two events have come. Each may come more than once; its first time is in order.
func (l *load) checkWebhooks(t *testing.T, s *sink) {
	t.Helper()
	twice := 0
	for call := range l.calls {
		all := firsts(s.wait(t, call, 2))
		for begin := time.Now(); len(all) < 2 && time.Since(begin) < 20*time.Second; all = firsts(s.of(call)) {
			time.Sleep(50 * time.Millisecond) // one event came twice, the other is on its way
		}
		twice += len(s.of(call)) - len(all)
		if len(all) != 2 || all[0].Event != "call.new" || !slices.Contains([]string{"call.completed", "call.missed"}, all[1].Event) {
			t.Errorf("of call %d the webhook was told %v", call, events(all))
		}
	}
	t.Logf("%d deliveries came more than once", twice)
}

// firsts leaves out what came again.
func firsts(all []told) []told {
	seen := map[string]bool{}
	var out []told
	for _, d := range all {
		if !seen[d.ID] {
			out = append(out, d)
		}
		seen[d.ID] = true
	}
	return out
}

func events(all []told) []string {
	var out []string
	for _, d := range all {
		out = append(out, cmp.Or(d.Event, "?"))
	}
	return out
}
