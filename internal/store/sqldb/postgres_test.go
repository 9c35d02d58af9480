package sqldb

import (
	"context"
	"crypto/rand"
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

// A line is the way from a database to the server, which can be interrupted.
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
	return at("", u.String()), way
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
	db := opened(t, at("", freshSchema(t)))
	read(t, db, func(tx *Tx) error {
		got, err := One(tx, Value[string], "SHOW synchronous_commit")
		same(t, "synchronous_commit", got, "on")
		return err
	})
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
			db := opened(t, config)
			ctx, stop := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			var mu sync.Mutex
			acknowledged := []string{}
			for range 6 {
				wg.Go(func() {
					for ctx.Err() == nil {
						text := rand.Text()
						err := db.Write(context.Background(), note(text))
						if err != nil && ringback.KindOf(err) != ringback.Unavailable {
							t.Errorf("%T %v", err, err)
						}
						if err == nil {
							mu.Lock()
							acknowledged = append(acknowledged, text)
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
			stored := map[string]bool{}
			for _, text := range notes(t, db) {
				stored[text] = true
			}
			for _, text := range acknowledged {
				if !stored[text] {
					t.Errorf("%s was acknowledged and is lost", text)
				}
			}
			direct := config
			await(t, db.Ready)
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
	db := opened(t, config)
	write(t, db, note("before"))
	way.set(true, false)
	way.cut()
	for what, err := range map[string]error{
		"write": db.Write(t.Context(), note(rand.Text())),
		"read":  db.Read(t.Context(), func(tx *Tx) error { _, err := tx.Exec("SELECT 1"); return err }),
		"ready": db.Ready(),
	} {
		if ringback.KindOf(err) != ringback.Unavailable {
			t.Errorf("%s: %v", what, err)
		}
	}
	way.set(false, false)
	await(t, db.Ready)
	write(t, db, note(rand.Text()))
}

func TestAServerThatSaysNothing(t *testing.T) {
	t.Parallel()
	config, way := interruptible(t)
	db := opened(t, config)
	write(t, db, note("before"))
	way.set(false, true)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := db.Write(ctx, note(rand.Text())); err == nil {
		t.Error("it was written")
	}
	await(t, func() error {
		if db.Ready() == nil {
			return errors.New("still ready")
		}
		return nil
	})
	way.set(false, false)
	way.cut()
	await(t, db.Ready)
}

func TestWhoLosesTheDatabaseToAnotherProcessStops(t *testing.T) {
	t.Parallel()
	config, way := interruptible(t)
	db := opened(t, config)
	write(t, db, note("before"))
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
	var other *DB
	await(t, func() (err error) { // the server notices that we are gone
		other, err = Open(t.Context(), at("", u.String()))
		return err
	})
	way.set(false, false)
	add := func() error { return db.Write(t.Context(), note(rand.Text())) }
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
