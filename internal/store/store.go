// Package store keeps everything that must survive in one SQL database, SQLite or PostgreSQL.
package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/ringback-hq/ringback/internal/store/sqldb"
)

//go:embed migrations
var migrations embed.FS

// probeSQL writes a row that nobody reads. A transaction that writes nothing succeeds on a full disk too.
const probeSQL query = `INSERT INTO probes (id, probed_at) VALUES (1, $1)
	ON CONFLICT (id) DO UPDATE SET probed_at = excluded.probed_at`

// Config says where the data is. The zero value keeps it in the current directory.
type Config struct {
	Dir string // SQLite, in Dir/ringback.db; made where it is missing
	URL string // of a PostgreSQL database, "postgres://..."; where it is set, Dir is not used

	// Beside is for a command that works beside a server. Where another process has the data it uses them too, if their
	// schema is its own; otherwise it brings them up to date and leaves them free for a server.
	Beside bool
	Log    *slog.Logger // nil: slog.Default()
}

// Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	db    *sqldb.DB
	staff staffCache
}

// A Tx is one transaction. It lives within the function that it was given to.
type Tx struct {
	db    *sqldb.Tx
	staff *staffCache
}

// query is the text of one statement. Both databases read it; parameters are $1, $2 ...
type query = sqldb.Query

// The errors that callers look for. Only ErrNotFound, ErrTaken and ErrLost leave a transaction usable.
var (
	ErrNotFound = sqldb.ErrNotFound
	ErrTaken    = sqldb.ErrTaken
	ErrLost     = errors.New("another process leads the call") // its epoch moved on
	ErrLocked   = sqldb.ErrLocked                              // one process per database
)

// Open opens the database, takes it for this process and brings its tables up to date. It fails at once: with
// [ErrLocked] where another process has it, and where it was used by a newer version of this program.
func Open(ctx context.Context, c Config) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("find the migrations: %w", err)
	}
	db, err := sqldb.Open(ctx, sqldb.Config{
		Dir: c.Dir, URL: c.URL, Beside: c.Beside, Log: c.Log, Migrations: files, Probe: probeSQL,
	})
	if err != nil {
		return nil, err
	}
	return &Store{db: db}, nil
}

// Close waits for the writes that have begun, ends later ones with an error and gives the database free. It may be
// called again, and returns the same.
func (s *Store) Close() error { return s.db.Close() }

// Ready says why the database cannot be written; nil: it can. It does not wait: it tells how the last write ended, and
// begins another one whose end the next call will tell.
func (s *Store) Ready() error { return s.db.Ready() }

// Write runs f in one transaction. When it returns nil everything that f wrote is on disk. An error leaves nothing
// behind, unless the way to PostgreSQL broke in the commit itself: then nobody can know.
// f must only work on tx, and must not build on what an earlier run of it left in variables: it runs again where two
// transactions collide. A Write inside it never returns.
func (s *Store) Write(ctx context.Context, f func(*Tx) error) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error { return f(&Tx{tx, &s.staff}) })
}

// Read runs f on one unchanging view of the data. f cannot write.
func (s *Store) Read(ctx context.Context, f func(*Tx) error) error {
	return s.db.Read(ctx, func(tx *sqldb.Tx) error { return f(&Tx{tx, &s.staff}) })
}
