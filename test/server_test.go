package test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is the binary under test, built once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "ringback-test")
	if err != nil {
		return "", err
	}
	if err := readSources(); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "ringback")
	build := exec.Command("go", "build", "-o", path, "../cmd/ringback")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

// readSources opens what the program is built of: go test keeps a result as long as the files that a test has opened stay
// the same, and knows nothing of the build.
func readSources() error {
	for _, dir := range []string{"../cmd", "../internal", "../go.mod", "../go.sum"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := os.Open(path)
			if err != nil {
				return err
			}
			return f.Close()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func binary(t testing.TB) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestMain takes the binary away again.
func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// An office is an account on a server of the test's own.
type office struct {
	t    testing.TB
	dir  string
	args []string
	url  string
	key  string
	cmd  *exec.Cmd
	log  *logFile

	silent chan struct{} // closed when the server has said its last word
}

// ringback runs a command of the program to its end and returns what it printed.
func ringback(t testing.TB, args ...string) string {
	t.Helper()
	var out, log bytes.Buffer
	cmd := exec.Command(binary(t), args...)
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("ringback %s: %v\n%s", strings.Join(args, " "), err, log.String())
	}
	return out.String()
}

// newOffice makes an account and starts a server on a free port.
func newOffice(t testing.TB, args ...string) *office {
	t.Helper()
	return newOfficeIn(t, t.TempDir(), args...)
}

// newOfficeIn is newOffice with a data directory of the caller's.
func newOfficeIn(t testing.TB, dir string, args ...string) *office {
	t.Helper()
	o := &office{t: t, dir: dir, args: args}
	var made struct {
		Key string `json:"api_key"`
	}
	out := ringback(t, "account", "create", "--data", o.dir, "--company", "Acme", "--name", "Olga", "--email", "olga@acme.example",
		"--tel", "+48500000001", "--limits", "off", "--json")
	if err := json.Unmarshal([]byte(out), &made); err != nil || made.Key == "" {
		t.Fatalf("account create printed %q: %v", out, err)
	}
	o.key = made.Key
	o.log = newLogFile(t)
	o.start("127.0.0.1:0")
	t.Cleanup(func() { o.stop() })
	return o
}

// A logFile keeps what a server logs, over its restarts, and shows it when the test fails.
type logFile struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func newLogFile(t testing.TB) *logFile {
	l := &logFile{}
	t.Cleanup(func() {
		if t.Failed() {
			l.mu.Lock()
			defer l.mu.Unlock()
			lines := strings.Split(l.text.String(), "\n")
			t.Logf("the server's last lines:\n%s", strings.Join(lines[max(0, len(lines)-60):], "\n"))
		}
	})
	return l
}

func (l *logFile) line(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.WriteString(s + "\n")
}

// size returns how much has been logged, for cut.
func (l *logFile) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Len()
}

// cut takes out what has been logged after size was asked, and returns it.
func (l *logFile) cut(size int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	tail := string(l.text.Bytes()[size:])
	l.text.Truncate(size)
	return tail
}

var upAt = regexp.MustCompile(`ringback is up.*url=(\S+)`)

// start starts the server and waits until it is up.
func (o *office) start(listen string) {
	o.t.Helper()
	o.cmd = exec.Command(binary(o.t), append([]string{"serve", "--data", o.dir, "--listen", listen}, o.args...)...)
	o.cmd.Env = append(os.Environ(), "RINGBACK_EGRESS_ALLOW=127.0.0.0/8")
	pipe, err := o.cmd.StderrPipe()
	if err != nil {
		o.t.Fatal(err)
	}
	if err := o.cmd.Start(); err != nil {
		o.t.Fatal(err)
	}
	up := make(chan string, 1)
	silent := make(chan struct{})
	o.silent = silent
	go func() {
		defer close(silent)
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			o.log.line(lines.Text())
			if m := upAt.FindStringSubmatch(lines.Text()); m != nil {
				up <- m[1]
			}
		}
		close(up)
	}()
	select {
	case u, ok := <-up:
		if !ok {
			o.t.Fatal("the server did not start")
		}
		if o.url != u { // a restart at the same address writes nothing that clients may be reading
			o.url = u
		}
	case <-time.After(30 * time.Second):
		o.t.Fatal("the server was not up within 30 s")
	}
}

// stop asks the server to end and waits for it.
func (o *office) stop() {
	if o.cmd == nil {
		return
	}
	_ = o.cmd.Process.Signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() { _ = o.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(60 * time.Second):
		_ = o.cmd.Process.Kill()
		<-done
		o.t.Error("the server did not end within 60 s of SIGTERM")
	}
	o.cmd = nil
}

// kill ends the server without a warning.
func (o *office) kill() {
	_ = o.cmd.Process.Kill()
	_ = o.cmd.Wait()
	o.cmd = nil
}

// An answer is the envelope of the documented API.
type answer struct {
	Status    int
	HasError  bool            `json:"hasError"`
	ErrorCode any             `json:"errorCode"`
	Message   string          `json:"message"`
	Data      json.RawMessage `json:"data"`
	Meta      json.RawMessage `json:"meta"`
}

// do sends a request; a nil body is a GET.
func (o *office) do(ctx context.Context, path string, body any, header ...string) (answer, error) {
	method, reader := http.MethodGet, io.Reader(nil)
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		method, reader = http.MethodPost, bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, o.url+path, reader)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", o.key)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	a := answer{Status: res.StatusCode}
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil {
		return a, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return a, nil
}

// must sends a request that has to succeed and reads its data.
func (o *office) must(path string, body, data any) {
	o.t.Helper()
	a, err := o.do(context.Background(), path, body)
	if err != nil || a.HasError {
		o.t.Fatalf("%s %v: %v, %d %v %s", path, body, err, a.Status, a.ErrorCode, a.Message)
	}
	if data != nil {
		if err := json.Unmarshal(a.Data, data); err != nil {
			o.t.Fatalf("%s: %v in %s", path, err, a.Data)
		}
	}
}

type id struct {
	ID int64 `json:"id"`
}

// fields are the parameters of a request.
type fields map[string]any

// widget makes a widget with a manager for each number, on duty all the time. The owner is on duty never.
func (o *office) widget(numbers ...string) int64 {
	o.t.Helper()
	return o.widgetWith(fields{}, numbers...)
}

// widgetWith is widget with settings that differ from the usual ones.
func (o *office) widgetWith(settings fields, numbers ...string) int64 {
	o.t.Helper()
	var widget id
	o.must("/api/v1/external/widgets/create", fields{"url": "https://acme.example", "settings": settings}, &widget)
	o.join(widget.ID, 1, false)
	for i, n := range numbers {
		var user id
		o.must("/api/v1/external/users/create", fields{"name": fmt.Sprintf("Manager %d", i+1), "tel": n}, &user)
		o.join(widget.ID, user.ID, true)
	}
	return widget.ID
}

// join makes a user a manager of a widget, on duty always or never.
func (o *office) join(widget, user int64, always bool) {
	o.t.Helper()
	var week []fields
	for d := range 7 {
		week = append(week, fields{"day_of_week": d, "enabled": always, "start_time": "00:00", "end_time": "24:00"})
	}
	o.must("/api/v1/external/widgets/add-users", fields{"id": widget, "user_id": user, "business_times": week}, nil)
}

// call orders a call and returns its id.
func (o *office) call(widget int64, tel string) int64 {
	o.t.Helper()
	var call id
	o.must("/api/v1/external/widgets/call", fields{"id": widget, "tel": tel}, &call)
	return call.ID
}

// A record is what the history says of a call.
type record struct {
	ID     int64  `json:"id"`
	To     string `json:"to"`
	Status string `json:"human_status"`
	Call   struct {
		Data json.RawMessage `json:"data"`
	} `json:"call"`
}

// attempt is the nested call of a record.
type attempt struct {
	BillingTime int    `json:"billing_time"`
	Recording   string `json:"recording"`
}

func (r record) attempt() attempt {
	var a attempt
	_ = json.Unmarshal(r.Call.Data, &a) // an empty list where there was none
	return a
}

// record returns a call from the history.
func (o *office) record(call int64) record {
	o.t.Helper()
	var box struct {
		Data record `json:"data"`
	}
	o.must(fmt.Sprintf("/api/v3/external/calls/%d", call), nil, &box)
	return box.Data
}

var final = map[string]bool{"completed": true, "manager-failed": true, "user-failed": true, "failed": true, "cancelled": true}

// ended waits until a call is final.
func (o *office) ended(call int64, within time.Duration) record {
	o.t.Helper()
	for deadline := time.Now().Add(within); ; time.Sleep(100 * time.Millisecond) {
		r := o.record(call)
		if final[r.Status] {
			return r
		}
		if time.Now().After(deadline) {
			o.t.Fatalf("call %d is still %s after %s", call, r.Status, within)
		}
	}
}

// countCalls returns how many calls the history has.
func (o *office) countCalls() int {
	o.t.Helper()
	a, err := o.do(context.Background(), "/api/v3/external/calls/history?limit=1", nil)
	if err != nil || a.HasError {
		o.t.Fatalf("history: %v, %d", err, a.Status)
	}
	var meta struct{ Count int }
	if err := json.Unmarshal(a.Meta, &meta); err != nil {
		o.t.Fatalf("history: %v in %s", err, a.Meta)
	}
	return meta.Count
}

// until waits until a call has a status.
func (o *office) until(call int64, status string) {
	o.t.Helper()
	o.waitUntil("call "+fmt.Sprint(call)+" is "+status, func() bool { return o.record(call).Status == status })
}

// waitUntil waits for something to become true.
func (o *office) waitUntil(what string, yes func() bool) {
	o.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !yes(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			o.t.Fatalf("waited in vain until %s", what)
		}
	}
}
