package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A process is a running program and what it said when it was up.
type process struct {
	cmd   *exec.Cmd
	found string
	ended chan struct{}
}

// startProcess starts the program and waits until it prints what the pattern finds.
func startProcess(ctx context.Context, binary string, env []string, pattern string, args ...string) (*process, error) {
	cmd := exec.CommandContext(ctx, binary, args...) //nolint:gosec // our own program
	cmd.Env = append(os.Environ(), env...)
	read, write := io.Pipe()
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		_ = write.Close()
		close(p.ended)
	}()
	found := make(chan string, 1)
	go func() {
		re := regexp.MustCompile(pattern)
		for lines := bufio.NewScanner(read); lines.Scan(); {
			if m := re.FindStringSubmatch(lines.Text()); m != nil {
				select {
				case found <- m[1]:
				default:
				}
			}
			if strings.Contains(lines.Text(), " ERR ") || strings.Contains(lines.Text(), " WRN ") {
				fmt.Fprintln(os.Stderr, lines.Text())
			}
		}
	}()
	select {
	case p.found = <-found:
		return p, nil
	case <-p.ended:
		return nil, fmt.Errorf("%s %s ended at once", binary, args[0])
	case <-time.After(30 * time.Second):
		p.stop()
		return nil, fmt.Errorf("%s %s did not come up", binary, args[0])
	}
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// cpu is the time that the process has computed so far: fields 14 and 15 of proc(5) stat, in ticks of 10 ms.
func (p *process) cpu() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// memory is the resident set in KB.
func (p *process) memory() int64 {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			kb, _ := strconv.ParseInt(f[1], 10, 64)
			return kb
		}
	}
	return 0
}

// files is how many files and sockets are open.
func (p *process) files() int {
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	return len(entries)
}

// makeAccount makes an account without limits and returns its key.
func makeAccount(ctx context.Context, p plan, dir string) (string, error) {
	cmd := exec.CommandContext(ctx, p.binary, p.withStore(dir, "account", "create", "--company", "Bench", "--name", "Bench", //nolint:gosec // our own program
		"--email", "bench@bench.example", "--tel", "+48500000001", "--limits", "off", "--json")...)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("make the account: %w\n%s", err, log.String())
	}
	var made struct {
		Key string `json:"api_key"`
	}
	return made.Key, json.Unmarshal(out.Bytes(), &made)
}
