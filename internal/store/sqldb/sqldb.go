// Package sqldb provides transactions on SQLite or PostgreSQL with one set of statements.
package sqldb

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"sync"

	"github.com/ringback-hq/ringback"
)

// Config says where the data is, and what its tables are.
type Config struct {
	Dir string // SQLite, in Dir/ringback.db; made where it is missing
	URL string // of a PostgreSQL database, "postgres://..."; where it is set, Dir is not used

	// Beside is for a command that works beside a server. Where another process has the data it uses them too, if their
	// schema is its own; otherwise it brings them up to date and leaves them free for a server.
	Beside bool
	Log    *slog.Logger // nil: slog.Default()

	Migrations fs.FS // those of goose, in the folders sqlite and postgres
	Probe      Query // writes a row that nobody reads; $1 is now, in unix milliseconds
}

// DB is an open database. Its methods may be called from any goroutine.
type DB struct {
	engine
	probe   Query
	closing sync.Once
	closed  error // what Close returns
	health  health
}

// engine is one of the two databases.
type engine interface {
	write(ctx context.Context, f func(*Tx) error) error
	read(ctx context.Context, f func(*Tx) error) error
	close() error
}

// The errors that callers look for.
var (
	ErrNotFound = errors.New("no such row")
	ErrTaken    = errors.New("it is taken")
	ErrLocked   = errors.New("another ringback process uses the data") // one process per database
)

// errClosed is what a database answers once Close was called.
var errClosed = &ringback.Error{Kind: ringback.Unavailable, Code: ringback.CodeMaintenance, Detail: "The server is stopping."}

// errUnwritable goes with the errors of a database that cannot work now: it is full, or down.
var errUnwritable = &ringback.Error{
	Kind: ringback.Unavailable, Code: ringback.CodeMaintenance,
	Detail: "The server cannot store anything at the moment. Please try again later.",
}

// Open opens the database, takes it for this process and brings its tables up to date. It fails at once: with
// [ErrLocked] where another process has it, and where it was used by a newer version of this program.
func Open(ctx context.Context, c Config) (*DB, error) {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	open := openSQLite
	if c.URL != "" {
		open = openPostgres
	}
	e, err := open(ctx, c)
	if err != nil {
		return nil, err
	}
	return &DB{engine: e, probe: c.Probe}, nil
}

// Close waits for the writes that have begun, ends later ones with an error and gives the database free. It may be
// called again, and returns the same.
func (db *DB) Close() error {
	db.closing.Do(func() {
		db.health.wait()
		db.closed = db.close()
	})
	return db.closed
}

// Write runs f in one transaction. When it returns nil everything that f wrote is on disk. An error leaves nothing
// behind, unless the way to PostgreSQL broke in the commit itself: then nobody can know.
// f must only work on tx, and must not build on what an earlier run of it left in variables: it runs again where two
// transactions collide. A Write inside it never returns.
func (db *DB) Write(ctx context.Context, f func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := db.write(ctx, f)
	db.health.note(err)
	return err
}

// Read runs f on one unchanging view of the data. f cannot write.
func (db *DB) Read(ctx context.Context, f func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return db.read(ctx, f)
}
