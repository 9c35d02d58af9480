package test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shortCall is longer than any call with the sandbox's usual talk takes.
const shortCall = 30 * time.Second

// One process has a data directory; the second one says so and ends.
func TestASecondServerOnTheSameDataEndsAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "--sandbox")
	begin := time.Now()
	cmd := exec.Command(binary(t), "serve", "--data", o.dir, "--listen", "127.0.0.1:0", "--sandbox")
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
		t.Fatalf("it ended with %v: %s", err, out)
	}
	if want := fmt.Sprintf("pid %d", o.cmd.Process.Pid); !strings.Contains(string(out), want) {
		t.Errorf("it does not name %s: %s", want, out)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("it took %s to find out", took)
	}
}

// Accounts and keys can be made while the server runs, and work at once.
func TestKeysAreMadeBesideTheServer(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "--sandbox")
	widget := o.widget()
	key := strings.TrimSpace(ringback(t, "key", "create", "--data", o.dir, "--user", "olga@acme.example", "--scopes", "calls.view"))
	o.key = key
	if n := o.countCalls(); n != 0 {
		t.Errorf("%d calls", n)
	}
	if status, text := o.post(t, "/api/v1/external/widgets/create", fields{"url": "https://x.example"}, key); status != http.StatusForbidden {
		t.Errorf("a key that may only view calls made a widget: %d %s", status, text)
	}
	page := strings.TrimSpace(ringback(t, "key", "create", "--data", o.dir, "--user", "olga@acme.example", "--widgets", strconv.FormatInt(widget, 10),
		"--origins", "https://a.example,https://b.example", "--publishable"))
	if status, text := o.post(t, "/api/v1/external/widgets/call", fields{"id": widget, "tel": "600100200"}, page); status != http.StatusForbidden {
		t.Errorf("a publishable key works without its page: %d %s", status, text)
	}
	var second struct {
		Account int64  `json:"account_id"`
		User    int64  `json:"user_id"`
		Key     string `json:"api_key"`
	}
	out := ringback(t, "account", "create", "--data", o.dir, "--company", "Other", "--name", "Otto", "--email", "otto@other.example",
		"--tel", "+4915112345678", "--json")
	if err := json.Unmarshal([]byte(out), &second); err != nil || second.Account == 0 || second.User == 0 || second.Key == "" {
		t.Fatalf("account create printed %q: %v", out, err)
	}
	if strings.Count(strings.TrimSpace(out), "\n") != 0 {
		t.Errorf("more than the JSON is on standard output: %q", out)
	}
}

// Every flag is an environment variable too.
func TestFlagsAreEnvironmentVariables(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command(binary(t), "migrate")
	cmd.Env = append(os.Environ(), "RINGBACK_DATA="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "ringback.db")); err != nil {
		t.Error(err)
	}
}

// Mistakes on the command line are told in one line, without a stack and without secrets.
func TestMistakesOnTheCommandLine(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"an unknown flag":   {[]string{"serve", "--sandwich"}, "unknown flag --sandwich"},
		"a bad trunk":       {[]string{"serve", "--trunk", "sip:user:sesame@carrier.example:notaport"}, "--trunk number 1"},
		"a bad network":     {[]string{"serve", "--sandbox", "--egress-allow", "everywhere"}, "not a network"},
		"a bad number":      {[]string{"account", "create", "--company", "A", "--name", "B", "--email", "a@b.example", "--tel", "12"}, "number"},
		"a bad e-mail":      {[]string{"account", "create", "--company", "A", "--name", "B", "--email", "nobody", "--tel", "+48500000001"}, "mail"},
		"an unknown user":   {[]string{"key", "create", "--user", "nobody@x.example"}, "no user with the address nobody@x.example"},
		"an unknown scope":  {[]string{"key", "create", "--user", "nobody@x.example", "--scopes", "everything"}, "nobody"},
		"an address in use": {[]string{"serve", "--sandbox", "--listen", "256.0.0.1:1"}, "--listen"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(binary(t), append(tt.args, "--data", t.TempDir())...)
			var out, log bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &log
			if err := cmd.Run(); err == nil {
				t.Fatal("it did not fail")
			}
			if all := out.String() + log.String(); !strings.Contains(all, tt.want) || strings.Contains(all, "goroutine") || strings.Contains(all, "sesame") {
				t.Errorf("it said %q, want %q", all, tt.want)
			}
		})
	}
}

// SIGTERM lets running calls end, refuses new ones, and then the server goes.
func TestSIGTERMDrains(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "--sandbox", "--sandbox-talk", "4s")
	widget := o.widget("+48500000002")
	call := o.call(widget, "+48500000100")
	o.until(call, "in-progress")
	if err := o.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	o.waitUntil("the server drains", func() bool {
		res, err := http.Get(o.url + "/readyz")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusServiceUnavailable
	})
	if status, text := o.post(t, "/api/v1/external/widgets/call", fields{"id": widget, "tel": "+48500000101"}, o.key); status != http.StatusServiceUnavailable {
		t.Errorf("an order while draining: %d %s", status, text)
	}
	if err := o.cmd.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
	o.start("127.0.0.1:0")
	if r := o.record(call); r.Status != "completed" || r.attempt().BillingTime < 3 {
		t.Errorf("the call ended as %s after %d s", r.Status, r.attempt().BillingTime)
	}
}

// A server that is killed in the middle of a talk lets nobody hang on the line: after the restart both telephones are
// released, and the recording plays.
func TestTelephonesAreReleasedAfterAKill(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	o := newOffice(t, "--trunk", "sip:"+startCarrier(t, "--talk", "50s", "--journal", journal)+";sandbox=true")
	call := o.call(o.widget("+48500000002"), "+48500000100")
	o.until(call, "in-progress")
	time.Sleep(11 * time.Second) // long enough to count as a talk
	o.kill()
	o.start("127.0.0.1:0")
	r := o.ended(call, 10*time.Second)
	if r.Status != "completed" {
		t.Errorf("the call ended as %s", r.Status)
	}
	left, right := o.recording(r)
	hears(t, "left, the manager", left, 440, 660)
	hears(t, "right, the visitor", right, 660, 440)
	if seconds := len(left) / 8000; seconds < 8 || seconds > 13 {
		t.Errorf("%d s are recorded, want 9 to 12", seconds)
	}
	checkTelephones(t, journal)
}
