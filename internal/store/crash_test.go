package store

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/ringback-hq/ringback"
	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

// writerEnv makes the test binary a process that only writes; its value is what the process needs to know.
const writerEnv = "RINGBACK_TEST_WRITER"

// errands is what the process that only writes does.
type errands struct {
	Dir, URL        string
	Account, Widget int64
}

func TestMain(m *testing.M) {
	if text := os.Getenv(writerEnv); text != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(text))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeUntilKilled adds calls, each with its event, and prints the id of each once it is acknowledged.
func writeUntilKilled(text string) error {
	var e errands
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return err
	}
	s, err := Open(context.Background(), Config{Dir: e.Dir, URL: e.URL})
	if err != nil {
		return err
	}
	failed := make(chan error)
	for range 8 {
		go func() {
			for {
				if err := writeOne(s, e); err != nil {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

func writeOne(s *Store, e errands) error {
	call := ringback.Call{AccountID: e.Account, WidgetID: e.Widget, To: visitor(1), Status: ringback.StatusNew, DueAt: noon}
	err := s.Write(context.Background(), func(tx *Tx) error {
		if err := tx.AddCall(&call); err != nil {
			return err
		}
		return tx.Tell(ringback.Event{
			ID: rand.Text(), AccountID: e.Account, WidgetID: e.Widget, CallID: call.ID, Kind: ringback.EventCallNew,
		})
	})
	if err == nil {
		_, err = os.Stdout.WriteString(strconv.FormatInt(call.ID, 10) + "\n")
	}
	return err
}

// A process is another one that writes.
type process struct {
	cmd *exec.Cmd
	out *bufio.Reader
}

func startWriter(t *testing.T, e errands) *process {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.CommandContext(t.Context(), self)}
	p.cmd.Env = append(os.Environ(), writerEnv+"="+string(text))
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// acknowledged reads the next id; false: there are no more.
func (p *process) acknowledged() (int64, bool) {
	line, err := p.out.ReadString('\n')
	if err != nil {
		return 0, false // a line that was cut is no acknowledgement
	}
	id, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
	return id, err == nil
}

// kill ends the process as the kernel does, and returns what it had acknowledged until then.
func (p *process) kill(t *testing.T) (ids []int64) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for {
		id, ok := p.acknowledged()
		if !ok {
			_ = p.cmd.Wait()
			return ids
		}
		ids = append(ids, id)
	}
}

func TestWhatWasAcknowledgedSurvivesAKill(t *testing.T) {
	t.Parallel()
	onConfigs(t, func(t *testing.T, c Config) {
		s := opened(t, c)
		ours := newCompany(t, s)
		ours.hook(t, nil)
		e := errands{Dir: c.Dir, URL: c.URL, Account: ours.account.ID, Widget: ours.widget.ID}
		var acknowledged []int64
		for round := range 4 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			p := startWriter(t, e)
			for range 20 + 30*round {
				id, ok := p.acknowledged()
				if !ok {
					t.Fatal("it ended by itself")
				}
				acknowledged = append(acknowledged, id)
			}
			acknowledged = append(acknowledged, p.kill(t)...)
			s = reopened(t, c)
			checkAfterKill(t, s, ours, acknowledged)
		}
	})
}

// reopened waits until the database has noticed that the process which had it is dead.
func reopened(t *testing.T, c Config) (s *Store) {
	t.Helper()
	if c.URL == "" {
		return opened(t, c) // the kernel knows at once
	}
	await(t, func() (err error) {
		s, err = Open(t.Context(), c)
		return err
	})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func checkAfterKill(t *testing.T, s *Store, c *company, acknowledged []int64) {
	t.Helper()
	lite := isSQLite(t, s)
	read(t, s, func(tx *Tx) error {
		for _, id := range acknowledged {
			if _, err := tx.Call(c.account.ID, id); err != nil {
				t.Errorf("call %d was acknowledged: %v", id, err)
			}
		}
		var counts []int64
		for _, q := range []query{
			"SELECT count(*) FROM calls", "SELECT count(*) FROM calls WHERE seq = 1", "SELECT count(*) FROM events",
			"SELECT count(*) FROM deliveries",
		} {
			n, err := sqldb.One(tx.db, sqldb.Value[int64], q)
			if err != nil {
				return err
			}
			counts = append(counts, n)
		}
		n := counts[0]
		same(t, "calls, events and deliveries", counts, []int64{n, n, n, n})
		if !lite {
			return nil
		}
		report, err := sqldb.One(tx.db, sqldb.Value[[]byte], "PRAGMA integrity_check")
		same(t, "integrity", string(report), "ok")
		return err
	})
}

func TestASecondProcessIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	onConfigs(t, func(t *testing.T, c Config) {
		s := opened(t, c)
		ours := newCompany(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		p := startWriter(t, errands{Dir: c.Dir, URL: c.URL, Account: ours.account.ID, Widget: ours.widget.ID})
		defer p.kill(t)
		if _, ok := p.acknowledged(); !ok {
			t.Fatal("it ended by itself")
		}
		_, err := Open(t.Context(), c)
		if !errors.Is(err, ErrLocked) {
			t.Fatalf("got %v, want %v", err, ErrLocked)
		}
		if pid := strconv.Itoa(p.cmd.Process.Pid); c.URL == "" && !strings.Contains(err.Error(), pid) {
			t.Errorf("%q does not name process %s", err, pid)
		}

		c.Beside = true
		command := opened(t, c)
		call := ours.call(visitor(2))
		write(t, command, func(tx *Tx) error { return tx.AddCall(&call) })
		if _, ok := p.acknowledged(); !ok {
			t.Error("the server was disturbed")
		}
	})
}
