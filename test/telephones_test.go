package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// installed skips a test whose telephone is not there. RINGBACK_TEST_ALL=1 lets it fail instead.
func installed(t testing.TB, program, debian string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		if os.Getenv("RINGBACK_TEST_ALL") == "1" {
			t.Fatalf("%s is not installed: apt-get install %s", program, debian)
		}
		t.Skipf("%s is not installed: apt-get install %s", program, debian)
	}
	return path
}

// newOfficeOn opens an office whose ways to the network are these exchanges. Its data is in memory where that can be
// had: a disk that is busy for two seconds would make calls stale, which is a story of its own.
func newOfficeOn(t testing.TB, trunks ...string) *office {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "ringback-test") //nolint:usetesting // t.TempDir is on the disk
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	var args []string
	for _, trunk := range trunks {
		args = append(args, "--trunk", trunk)
	}
	return newOfficeIn(t, dir, args...)
}

// nextPort leads through the ports above those that Linux and ringback hand out by themselves.
var nextPort atomic.Int64

func init() { nextPort.Store(rand.Int64N(450)) }

// freePort returns the first of ten ports for one telephone.
func freePort(t testing.TB) int {
	t.Helper()
	for range 450 {
		port := 61000 + 10*int(nextPort.Add(1)%450)
		if free(port) && free(port+2) && free(port+4) {
			return port
		}
	}
	t.Fatal("no free ports above 61000")
	return 0
}

func free(port int) bool {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// udpPorts returns the UDP sockets of this machine: port by inode.
func udpPorts(t testing.TB) map[string]int {
	t.Helper()
	ports := map[string]int{}
	for _, table := range []string{"/proc/net/udp", "/proc/net/udp6"} {
		b, err := os.ReadFile(table)
		if err != nil {
			continue // a machine without IPv6
		}
		for row := range bytes.SplitSeq(b, []byte("\n")) {
			columns := strings.Fields(string(row))
			if len(columns) < 10 || columns[0] == "sl" {
				continue
			}
			_, hex, _ := strings.Cut(columns[1], ":")
			if port, err := strconv.ParseUint(hex, 16, 16); err == nil {
				ports[columns[9]] = int(port)
			}
		}
	}
	return ports
}

// listening waits until somebody has bound a port.
func listening(t testing.TB, port int) {
	t.Helper()
	eventually(t, fmt.Sprintf("a telephone listens at port %d", port), func() bool {
		return slices.Contains(slices.Collect(maps.Values(udpPorts(t))), port)
	})
}

// sockets returns the UDP ports that the server has open.
func (o *office) sockets() []int {
	o.t.Helper()
	all := udpPorts(o.t)
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", o.cmd.Process.Pid))
	if err != nil || len(links) == 0 {
		o.t.Fatalf("the server's files cannot be listed: %v", err)
	}
	var ports []int
	for _, link := range links {
		to, _ := os.Readlink(link) // it may have been closed since
		if port, ok := all[strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]")]; ok {
			ports = append(ports, port)
		}
	}
	return ports
}

// sleeps reports whether every thread of the server waits for something: it has dealt with all that it was told.
func (o *office) sleeps() bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", o.cmd.Process.Pid))
	for _, file := range threads {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // the thread is gone
		}
		_, state, _ := bytes.Cut(b, []byte(") "))
		if !bytes.HasPrefix(state, []byte("S")) {
			return false
		}
	}
	return err == nil && len(threads) > 0
}

// rests waits until the server has nothing to do: no port for sound is open and no thread runs, several times in a row.
func (o *office) rests() {
	o.t.Helper()
	eventually(o.t, "the server closes all ports but that for SIP", func() bool { return len(o.sockets()) == 1 })
	calm := 0
	eventually(o.t, "the server sleeps", func() bool {
		if calm++; !o.sleeps() {
			calm = 0
		}
		return calm == 10
	})
}

// goroutines kills the server in the way that makes it print its goroutines, and counts them by the function that each
// runs.
func (o *office) goroutines() map[string]int {
	o.t.Helper()
	o.rests()
	from := o.log.size()
	_ = o.cmd.Process.Signal(syscall.SIGQUIT)
	<-o.silent
	_ = o.cmd.Wait()
	o.cmd = nil
	count := countGoroutines(o.log.cut(from))
	if len(count) < 3 {
		o.t.Fatalf("the server printed only these goroutines: %v", count)
	}
	return count
}

// countGoroutines reads what Go's runtime prints: paragraphs of frames, the innermost first.
func countGoroutines(dump string) map[string]int {
	count := map[string]int{}
	for paragraph := range strings.SplitSeq(dump, "\n\n") {
		lines := strings.Split(paragraph, "\n")
		outermost := ""
		for _, line := range lines[1:] {
			if f, ours := strings.CutPrefix(line, "github.com/"); ours {
				outermost = f[:strings.LastIndexByte(f, '(')]
			}
		}
		if strings.HasPrefix(lines[0], "goroutine ") && outermost != "" { // one of the libraries' own is not a call's
			count[outermost]++
		}
	}
	return count
}

// leavesNothing checks that the calls have left no port, no leg and no goroutine: the server must look like one that
// has just been started. It ends the server.
func (o *office) leavesNothing() {
	o.t.Helper()
	got := o.goroutines()
	o.start("127.0.0.1:0")
	want := o.goroutines()
	for who, n := range got {
		if n > want[who] {
			o.t.Errorf("%d goroutines run %s, %d when the server has just been started", n, who, want[who])
		}
	}
}

// talking waits until the manager and the visitor of a call are joined.
func (o *office) talking(call int64) {
	o.t.Helper()
	eventually(o.t, "they talk", func() bool {
		r := o.record(call)
		if final[r.Status] {
			o.t.Fatalf("the call has ended as %s before anybody talked", r.Status)
		}
		return r.Status == "in-progress"
	})
}

// answeredBy returns the number of the manager who answered the last attempt, from the history.
func (r record) answeredBy() string {
	type box[T any] struct {
		Data T `json:"data"`
	}
	var call struct {
		Attempt box[struct {
			Manager box[struct {
				User box[struct {
					Tel string `json:"tel"`
				}] `json:"user"`
			}] `json:"manager"`
		}] `json:"call_attempt"`
	}
	_ = json.Unmarshal(r.Call.Data, &call) // nobody, where there was none
	return call.Attempt.Data.Manager.Data.User.Data.Tel
}

// An ear is where a telephone without a loudspeaker lets its sound be sent. It notes when something comes.
type ear struct {
	port int

	mu   sync.Mutex
	came []time.Time
}

func newEar(t testing.TB) *ear {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	e := &ear{port: conn.LocalAddr().(*net.UDPAddr).Port}
	go func() {
		for buf := make([]byte, 2048); ; {
			if _, err := conn.Read(buf); err != nil {
				return
			}
			e.mu.Lock()
			e.came = append(e.came, time.Now())
			e.mu.Unlock()
		}
	}()
	return e
}

// pause returns the longest time in which nothing came, and how many packets came after it.
func (e *ear) pause() (longest time.Duration, after int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := 1; i < len(e.came); i++ {
		if d := e.came[i].Sub(e.came[i-1]); d > longest {
			longest, after = d, len(e.came)-i
		}
	}
	return longest, after
}
