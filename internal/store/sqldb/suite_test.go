package sqldb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// notebook is the tables of the tests: notes, of which no two are the same.
var notebook = fstest.MapFS{
	"sqlite/1_notes.sql": {Data: []byte(`-- +goose Up
		CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
		CREATE TABLE probes (id INTEGER PRIMARY KEY, probed_at INTEGER NOT NULL);`)},
	"postgres/1_notes.sql": {Data: []byte(`-- +goose Up
		CREATE TABLE notes (id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY, text TEXT NOT NULL UNIQUE);
		CREATE TABLE probes (id BIGINT PRIMARY KEY, probed_at BIGINT NOT NULL);`)},
}

const probe = `INSERT INTO probes (id, probed_at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET probed_at = excluded.probed_at`

// onBoth runs a test on an empty database of each kind: SQLite always, PostgreSQL where RINGBACK_TEST_POSTGRES names
// one, in a schema of its own.
func onBoth(t *testing.T, f func(t *testing.T, db *DB)) {
	t.Helper()
	t.Parallel()
	onConfigs(t, func(t *testing.T, c Config) {
		f(t, opened(t, c))
	})
}

// onConfigs is onBoth for those who open the database themselves.
func onConfigs(t *testing.T, f func(t *testing.T, c Config)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, at(t.TempDir(), ""))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, at("", freshSchema(t)))
	})
}

// at is a configuration of a database of notes: SQLite in dir, PostgreSQL behind url.
func at(dir, url string) Config {
	return Config{Dir: dir, URL: url, Log: slog.New(slog.DiscardHandler), Migrations: notebook, Probe: probe}
}

func opened(t *testing.T, c Config) *DB {
	t.Helper()
	db, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// freshSchema makes an empty schema and returns the URL by which it is the only one.
func freshSchema(t *testing.T) string {
	t.Helper()
	server := os.Getenv("RINGBACK_TEST_POSTGRES")
	if server == "" {
		t.Skip("RINGBACK_TEST_POSTGRES is not set")
	}
	name := "t" + strings.ToLower(rand.Text())
	onServer(t, server, "CREATE SCHEMA "+name)
	t.Cleanup(func() {
		await(t, func() error { return tryOnServer(server, "DROP SCHEMA "+name+" CASCADE") }) // a process that was killed may still write
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	values := u.Query()
	values.Set("search_path", name)
	values.Set("application_name", name)
	u.RawQuery = values.Encode()
	return u.String()
}

func onServer(t *testing.T, server, command string) {
	t.Helper()
	if err := tryOnServer(server, command); err != nil {
		t.Fatal(err)
	}
}

func tryOnServer(server, command string) error {
	db, err := sql.Open("pgx", server)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(context.Background(), command)
	return err
}

func write(t *testing.T, db *DB, f func(*Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, db *DB, f func(*Tx) error) {
	t.Helper()
	if err := db.Read(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// note writes a note; one that is there already is ErrTaken.
func note(text string) func(*Tx) error {
	return func(tx *Tx) error {
		var id int64
		return tx.Insert(&id, "INSERT INTO notes (text) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id", text)
	}
}

// notes are all that are there, the oldest first.
func notes(t *testing.T, db *DB) (list []string) {
	t.Helper()
	read(t, db, func(tx *Tx) (err error) {
		list, err = All(tx, Value[string], "SELECT text FROM notes ORDER BY id")
		return err
	})
	return list
}

// alter runs a statement.
func alter(t *testing.T, db *DB, q Query) {
	t.Helper()
	write(t, db, func(tx *Tx) error {
		_, err := tx.Exec(q)
		return err
	})
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// await waits until f returns nil.
func await(t *testing.T, f func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err = f(); err == nil {
			return
		}
	}
	t.Fatal(err)
}
