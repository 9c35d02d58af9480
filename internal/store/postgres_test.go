package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ringback-hq/ringback"
)

// A line is the way from a store to the server, which can be interrupted.
type line struct {
	server  *pgconn.Config
	mu      sync.Mutex
	down    bool              // new connections end at once
	dead    bool              // nothing passes any more, and nobody is told
	current map[net.Conn]bool // the ends of those that stand
}

// interruptible is a configuration by which the server is reached over a line.
func interruptible(t *testing.T) (Config, *line) {
	t.Helper()
	direct := freshSchema(t)
	server, err := pgconn.ParseConfig(direct)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "line") //nolint:usetesting // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	values := u.Query()
	values.Set("host", dir)
	values.Set("port", "5432")
	values.Set("sslmode", "disable")
	u.RawQuery = values.Encode()
	way := &line{server: server, current: map[net.Conn]bool{}}
	var wg sync.WaitGroup
	wg.Go(func() { way.accept(l, &wg) })
	t.Cleanup(func() {
		l.Close()
		way.cut()
		wg.Wait()
		os.RemoveAll(dir)
	})
	return Config{URL: u.String()}, way
}

func (l *line) accept(from net.Listener, wg *sync.WaitGroup) {
	for {
		client, err := from.Accept()
		if err != nil {
			return
		}
		network, address := pgconn.NetworkAddress(l.server.Host, l.server.Port)
		server, err := net.Dial(network, address)
		if err != nil || !l.stand(client, server) {
			client.Close()
			continue
		}
		wg.Go(func() { l.pass(client, server) })
		wg.Go(func() { l.pass(server, client) })
	}
}

func (l *line) stand(client, server net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		server.Close()
		return false
	}
	l.current[client], l.current[server] = true, true
	return true
}

func (l *line) pass(to, from net.Conn) {
	defer to.Close()
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		l.mu.Lock()
		dead := l.dead
		l.mu.Unlock()
		if !dead && n > 0 {
			_, err = to.Write(b[:n])
		}
		if err != nil {
			return
		}
	}
}

// cut ends every connection, in the middle of whatever is said.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.current {
		c.Close()
	}
	clear(l.current)
}

func (l *line) set(down, dead bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down, l.dead = down, dead
}

func TestCommitsOfPostgreSQLAreOnDisk(t *testing.T) {
	t.Parallel()
	s := opened(t, Config{URL: freshSchema(t)})
	var got []byte
	read(t, s, func(tx *Tx) (err error) {
		got, err = one(tx, scanBytes, "SHOW synchronous_commit")
		return err
	})
	same(t, "synchronous_commit", string(got), "on")
}

func TestConnectionsThatBreakAreReplaced(t *testing.T) {
	t.Parallel()
	for how, breakAll := range map[string]func(t *testing.T, c Config, l *line){
		"terminated": func(t *testing.T, c Config, _ *line) {
			config, err := pgconn.ParseConfig(c.URL)
			if err != nil {
				t.Fatal(err)
			}
			onServer(t, os.Getenv("RINGBACK_TEST_POSTGRES"), fmt.Sprintf(
				"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '%s'", config.RuntimeParams["application_name"],
			))
		},
		"cut": func(_ *testing.T, _ Config, l *line) { l.cut() },
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			config, way := interruptible(t)
			s := opened(t, config)
			c := newCompany(t, s)
			ctx, stop := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			var mu sync.Mutex
			acknowledged := []int64{}
			for i := range 6 {
				wg.Go(func() {
					for ctx.Err() == nil {
						call := c.call(visitor(i))
						err := s.Write(context.Background(), func(tx *Tx) error { return tx.AddCall(&call) })
						if err != nil && ringback.KindOf(err) != ringback.Unavailable {
							t.Errorf("%T %v", err, err)
						}
						if err == nil {
							mu.Lock()
							acknowledged = append(acknowledged, call.ID)
							mu.Unlock()
						}
					}
				})
			}
			some := func() int {
				mu.Lock()
				defer mu.Unlock()
				return len(acknowledged)
			}
			for range 5 {
				breakAll(t, config, way)
				before := some()
				await(t, func() error {
					if some() < before+50 {
						return errors.New("nothing is written any more")
					}
					return nil
				})
			}
			stop()
			wg.Wait()
			stored := map[int64]bool{}
			for _, id := range c.due(t, noon) {
				stored[id] = true
			}
			for _, id := range acknowledged {
				if !stored[id] {
					t.Errorf("call %d was acknowledged and is lost", id)
				}
			}
			direct := config
			await(t, s.Ready)
			await(t, func() error { // and the lock has been taken again
				second, err := Open(t.Context(), direct)
				if err == nil {
					return errors.Join(errors.New("a second process was let in"), second.Close())
				}
				if !errors.Is(err, ErrLocked) {
					return err
				}
				return nil
			})
		})
	}
}

func TestWhileTheServerIsAway(t *testing.T) {
	t.Parallel()
	config, way := interruptible(t)
	s := opened(t, config)
	c := newCompany(t, s)
	way.set(true, false)
	way.cut()
	call := c.call(visitor(1))
	for what, err := range map[string]error{
		"write": s.Write(t.Context(), func(tx *Tx) error { return tx.AddCall(&call) }),
		"read":  s.Read(t.Context(), func(tx *Tx) error { _, err := tx.Account(c.account.ID); return err }),
		"ready": s.Ready(),
	} {
		if ringback.KindOf(err) != ringback.Unavailable {
			t.Errorf("%s: %v", what, err)
		}
	}
	way.set(false, false)
	await(t, s.Ready)
	write(t, s, func(tx *Tx) error { return tx.AddCall(&call) })
}

func TestAServerThatSaysNothing(t *testing.T) {
	t.Parallel()
	config, way := interruptible(t)
	s := opened(t, config)
	c := newCompany(t, s)
	way.set(false, true)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	call := c.call(visitor(1))
	if err := s.Write(ctx, func(tx *Tx) error { return tx.AddCall(&call) }); err == nil {
		t.Error("it was written")
	}
	await(t, func() error {
		if s.Ready() == nil {
			return errors.New("still ready")
		}
		return nil
	})
	way.set(false, false)
	way.cut()
	await(t, s.Ready)
}

func TestWhoLosesTheDatabaseToAnotherProcessStops(t *testing.T) {
	t.Parallel()
	config, way := interruptible(t)
	s := opened(t, config)
	c := newCompany(t, s)
	way.set(true, false)
	way.cut()
	u, err := url.Parse(config.URL)
	if err != nil {
		t.Fatal(err)
	}
	values := u.Query()
	values.Set("host", way.server.Host)
	values.Set("port", fmt.Sprint(way.server.Port))
	u.RawQuery = values.Encode()
	var other *Store
	await(t, func() (err error) { // the server notices that we are gone
		other, err = Open(t.Context(), Config{URL: u.String()})
		return err
	})
	way.set(false, false)
	call := c.call(visitor(1))
	add := func() error { return s.Write(t.Context(), func(tx *Tx) error { return tx.AddCall(&call) }) }
	await(t, func() error {
		if err := add(); !errors.Is(err, ErrLocked) || ringback.KindOf(err) != ringback.Unavailable {
			return fmt.Errorf("got %w, want %w", err, ErrLocked)
		}
		return nil
	})
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	await(t, add)
}
