package test

import (
	"crypto/md5"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The people of these tests.
const (
	anna    = "+48500000102"
	jan     = "+48500000103"
	zofia   = "+48500000104"
	visitor = "+48500000199"
)

// A sipp is a SIPp that plays telephones by a scenario of testdata/sipp.
type sipp struct {
	t    testing.TB
	name string
	port int
	dir  string
	done chan error
}

// newSIPp starts telephones that all behave alike and take so many calls between them. More is what SIPp shall know.
func newSIPp(t testing.TB, scenario string, calls int, more ...string) *sipp {
	t.Helper()
	path := installed(t, "sipp", "sip-tester")
	port := freePort(t)
	s := &sipp{t: t, name: scenario, port: port, dir: t.TempDir(), done: make(chan error, 1)}
	file, err := filepath.Abs(filepath.Join("testdata", "sipp", scenario+".xml"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append(more, "-sf", file, "-m", strconv.Itoa(calls), "-i", "127.0.0.1", "-p", strconv.Itoa(port),
		"-mi", "127.0.0.1", "-mp", strconv.Itoa(port+2), "-nostdin", "-timeout", "120s", "-timeout_error",
		"-watchdog_minor_threshold", "600000", "-watchdog_major_threshold", "600000", // this machine may be busy
		"-trace_err", "-error_file", s.file("errors"), "-trace_msg", "-message_file", s.file("messages"))...)
	cmd.Dir = s.dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-s.done })
	go func() { s.done <- cmd.Wait(); close(s.done) }()
	listening(t, port)
	return s
}

func (s *sipp) file(name string) string { return filepath.Join(s.dir, name+".log") }

// satisfied checks that every call went as the scenario says.
func (s *sipp) satisfied() {
	s.t.Helper()
	select {
	case err := <-s.done:
		if err == nil {
			return
		}
		s.t.Errorf("SIPp %q: %v", s.name, err)
	case <-time.After(15 * time.Second):
		s.t.Errorf("SIPp %q: its calls are not over", s.name)
	}
	for _, name := range []string{"errors", "messages"} {
		b, _ := os.ReadFile(s.file(name))
		s.t.Logf("%s of SIPp %q:\n%s", name, s.name, b)
	}
}

// A scene is an office whose only way to the network is an exchange with SIPp telephones.
type scene struct {
	*office
	x       *exchange
	players []*sipp
}

// newScene opens an office behind an exchange; login is what the trunk wants, "user:password@" or nothing.
func newScene(t testing.TB, login string) *scene {
	t.Helper()
	installed(t, "sipp", "sip-tester")
	x := newExchange(t)
	return &scene{office: newOfficeOn(t, x.uri(login)), x: x}
}

// play lets the telephones of these numbers behave like a scenario, once each.
func (s *scene) play(scenario string, numbers ...string) {
	s.t.Helper()
	s.cast(newSIPp(s.t, scenario, len(numbers)), numbers...)
}

// cast gives telephones their numbers.
func (s *scene) cast(p *sipp, numbers ...string) {
	s.t.Helper()
	s.x.connect(p.port, numbers...)
	s.players = append(s.players, p)
}

// ends orders a call for the visitor and checks all about its end.
func (s *scene) ends(widget int64, want string) record {
	s.t.Helper()
	r := s.became(s.call(widget, visitor), want)
	s.over()
	return r
}

// became waits for the end of a call and checks what the history says of it.
func (s *scene) became(call int64, want string) record {
	s.t.Helper()
	r := s.ended(call, 2*time.Minute)
	if r.Status != want {
		s.t.Errorf("the history says %s, want %s", r.Status, want)
	}
	if billing := r.attempt().BillingTime; (billing > 0) != (want == "completed") {
		s.t.Errorf("the history says %s with a billing time of %d s", r.Status, billing)
	}
	return r
}

// over checks that every telephone saw what its scenario says, and that nothing of it is left in the server.
func (s *scene) over() {
	s.t.Helper()
	for _, p := range s.players {
		p.satisfied()
	}
	s.leavesNothing()
}

// times checks how often a number was rung.
func (s *scene) times(number string, want int) {
	s.t.Helper()
	if got := s.x.rang(number); got != want {
		s.t.Errorf("%s was rung %d times, want %d", number, got, want)
	}
}

// A manager who is busy is rung three times, and the visitor never.
func TestBusyManagerIsTriedThreeTimes(t *testing.T) {
	t.Parallel()
	s := newScene(t, "")
	s.cast(newSIPp(t, "busy", 3), anna)
	s.ends(s.widget(anna), "manager-failed")
	s.times(anna, 3)
	s.times(visitor, 0)
}

// In turn: who does not answer is cancelled, without a word of anybody else, before the next one is rung.
func TestNoAnswerIsCancelled(t *testing.T) {
	t.Parallel()
	s := newScene(t, "")
	s.play("no-answer", anna)
	s.play("answers", jan)
	s.play("hangs-up", visitor)
	r := s.ends(s.widgetWith(fields{"call.algorithm": "findme"}, anna, jan), "completed")
	if who := r.answeredBy(); who != jan {
		t.Errorf("the history says that %s answered, want %s", who, jan)
	}
	cancels := s.x.requests("CANCEL", anna)
	if len(cancels) != 1 || cancels[0].header("Reason") != "" {
		t.Errorf("%d CANCELs, want one without a reason", len(cancels))
	}
	s.times(anna, 1)
	s.times(visitor, 1)
}

// A telephone that answers in the moment in which it is cancelled is hung up again.
func TestAnswerCrossesCancel(t *testing.T) {
	t.Parallel()
	s := newScene(t, "")
	s.play("answers", anna)
	s.play("crossing", jan)
	s.play("hangs-up", visitor)
	r := s.ends(s.widget(anna, jan), "completed")
	if who := r.answeredBy(); who != anna {
		t.Errorf("the history says that %s answered, want %s", who, anna)
	}
	s.times(visitor, 1)
}

// Where the network rings two telephones of one number and both answer, the second is hung up and the first talks on.
func TestForkIsReleased(t *testing.T) {
	t.Parallel()
	s := newScene(t, "")
	s.play("answers", anna)
	s.play("fork", visitor)
	s.ends(s.widget(anna), "completed")
}

// Every answer that comes again is acknowledged again.
func TestLostACKIsSentAgain(t *testing.T) {
	t.Parallel()
	s := newScene(t, "")
	s.play("answers", anna)
	s.play("lost-ack", visitor)
	s.ends(s.widget(anna), "completed")
}

// A trunk that wants a password gets a digest of it for every number.
func TestTrunkWantsPassword(t *testing.T) {
	t.Parallel()
	s := newScene(t, "acme:correct%20horse@")
	s.play("password-answers", anna)
	s.play("password-hangs-up", visitor)
	s.ends(s.widget(anna), "completed")
	for _, number := range []string{anna, visitor} {
		s.times(number, 1)
		invites := s.x.requests("INVITE", number)
		if len(invites) != 2 || invites[0].header("Proxy-Authorization") != "" {
			t.Fatalf("%s got %d INVITEs, want one without and one with credentials", number, len(invites))
		}
		credentials := parameters(invites[1].header("Proxy-Authorization"))
		if got, want := credentials["response"], digest(credentials, "correct horse"); got != want {
			t.Errorf("the response is %q, want %q: %v", got, want, credentials)
		}
	}
}

// parameters reads what follows "Digest" in a header of credentials.
func parameters(header string) map[string]string {
	all := map[string]string{}
	for p := range strings.SplitSeq(strings.TrimPrefix(header, "Digest "), ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		all[key] = strings.Trim(value, `"`)
	}
	return all
}

// digest is the response to the carrier's challenge (RFC 2617 section 3.2.2).
func digest(p map[string]string, password string) string {
	hash := func(s ...string) string { return fmt.Sprintf("%x", md5.Sum([]byte(strings.Join(s, ":")))) }
	return hash(hash("acme", "carrier.example", password), "2f0d5be5", p["nc"], p["cnonce"], "auth", hash("INVITE", p["uri"]))
}

// A trunk that takes no calls is passed over.
func TestSecondTrunkTakesTheCall(t *testing.T) {
	t.Parallel()
	installed(t, "sipp", "sip-tester")
	broken, x := newExchange(t), newExchange(t)
	s := &scene{office: newOfficeOn(t, broken.uri(""), x.uri("")), x: broken}
	s.play("unavailable", anna, visitor)
	s.x = x
	s.play("answers", anna)
	s.play("hangs-up", visitor)
	s.ends(s.widget(anna), "completed")
	for _, number := range []string{anna, visitor} {
		s.times(number, 1)
		if got := broken.rang(number); got != 1 {
			t.Errorf("the first trunk was asked %d times for %s, want once", got, number)
		}
	}
}

// A visitor may put the manager on hold and come back: they are sent nothing meanwhile, and hear the manager afterwards.
func TestHoldAndResume(t *testing.T) {
	t.Parallel()
	s := newScene(t, "")
	manager, ear := newBaresip(t, anna, 440), newEar(t)
	s.x.connect(manager.port, anna)
	s.cast(newSIPp(t, "hold", 1, "-key", "ear", strconv.Itoa(ear.port)), visitor)
	s.ends(s.widget(anna), "completed")
	if pause, after := ear.pause(); pause < 400*time.Millisecond || after < 10 {
		t.Errorf("the longest pause was %s, with %d packets after it: there was no hold, or no end of it", pause, after)
	}
}

// Ten managers ring, one answers, and nine are told that somebody was quicker: none of them shows a missed call.
func TestNineStopRinging(t *testing.T) {
	t.Parallel()
	s := newScene(t, "")
	var slow []string
	for i := range 9 {
		slow = append(slow, fmt.Sprintf("+4850000011%d", i))
	}
	s.play("elsewhere", slow...)
	s.play("answers", anna)
	s.play("hangs-up", visitor)
	r := s.ends(s.widget(append(slow, anna)...), "completed")
	if who := r.answeredBy(); who != anna {
		t.Errorf("the history says that %s answered, want %s", who, anna)
	}
	for _, number := range slow {
		cancels := s.x.requests("CANCEL", number)
		if len(cancels) != 1 || cancels[0].header("Reason") != `SIP;cause=200;text="Call completed elsewhere"` {
			t.Errorf("%s got %d CANCELs, want one that says that somebody else was quicker", number, len(cancels))
		}
		s.times(number, 1)
	}
	s.times(anna, 1)
	s.times(visitor, 1)
}

// Three managers answer in the same instant: one of them talks, two are hung up, and the visitor is rung once. Ten calls
// do so at a time, so that all thirty answers come in one burst.
func TestThreeAnswerInTheSameInstant(t *testing.T) {
	t.Parallel()
	s := newScene(t, "")
	var managers, visitors []string
	for i := range 30 {
		managers = append(managers, fmt.Sprintf("+485000002%02d", i))
	}
	for i := range 10 {
		visitors = append(visitors, fmt.Sprintf("+4850000039%d", i))
	}
	s.x.together(len(managers))
	s.play("answers", managers...)
	s.play("hangs-up", visitors...)
	var calls []int64
	for i, to := range visitors {
		calls = append(calls, s.call(s.widget(managers[3*i:3*i+3]...), to))
	}
	for i, call := range calls {
		r := s.became(call, "completed")
		if who := r.answeredBy(); !slices.Contains(managers[3*i:3*i+3], who) {
			t.Errorf("the history says that %q answered, who was not rung", who)
		}
	}
	s.over()
	for _, number := range append(managers, visitors...) {
		s.times(number, 1)
	}
}
