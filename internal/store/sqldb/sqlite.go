package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pressly/goose/v3"
	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

var sqlite = dialect{
	migrations: "sqlite",
	goose:      goose.DialectSQLite3,
	unwritable: func(err error) bool {
		e, ok := errors.AsType[*driver.Error](err)
		if !ok {
			return false
		}
		switch e.Code() & 0xff { // the rest says more precisely what
		case codes.SQLITE_FULL, codes.SQLITE_IOERR, codes.SQLITE_READONLY, codes.SQLITE_CANTOPEN, codes.SQLITE_BUSY, codes.SQLITE_NOMEM:
			return true
		default:
			return false
		}
	},
}

// sqliteReaders is how many reads run at the same time; more wait.
const sqliteReaders = 8

// sqliteOptimize counts anew what lies in tables that have grown. Without it a filtered page of a long history takes
// a hundred times as long. The mask asks for all tables (0x10000) and for nothing but that (0x2).
const sqliteOptimize = "PRAGMA optimize = 0x10002"

// sqliteDB is an SQLite database: one connection writes, some read.
type sqliteDB struct {
	lock             *os.File // nil: not ours
	writing, reading *sql.DB
	writer           *writer
	readers          chan *session // holds sqliteReaders; those that are nil have not been opened
}

func openSQLite(ctx context.Context, c Config) (engine, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil && c.Dir != "" {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	lock, err := lockDir(c.Dir)
	prepare := migrate
	if c.Beside && errors.Is(err, ErrLocked) {
		prepare = checkSchema
	} else if err != nil {
		return nil, err
	}
	db := &sqliteDB{lock: lock, readers: make(chan *session, sqliteReaders)}
	for range sqliteReaders {
		db.readers <- nil
	}
	if err := db.open(ctx, c, prepare); err != nil {
		return nil, errors.Join(err, db.close())
	}
	if c.Beside {
		if err := db.unlock(); err != nil {
			return nil, errors.Join(fmt.Errorf("unlock the data directory: %w", err), db.close())
		}
	}
	return db, nil
}

func (db *sqliteDB) open(ctx context.Context, c Config, prepare preparation) error {
	file := filepath.Join(c.Dir, "ringback.db")
	dsn, err := sqliteDSN(file)
	if err != nil {
		return err
	}
	if db.writing, err = sql.Open("sqlite", dsn+"&_txlock=immediate"); err != nil {
		return fmt.Errorf("open %s: %w", file, err)
	}
	if db.reading, err = sql.Open("sqlite", dsn+"&_pragma=query_only(1)"); err != nil {
		return fmt.Errorf("open %s: %w", file, err)
	}
	db.writing.SetMaxOpenConns(1)
	if err := prepare(ctx, db.writing, &sqlite, c.Migrations); err != nil {
		return err
	}
	s, err := newSession(ctx, db.writing)
	if err != nil {
		return fmt.Errorf("open %s: %w", file, err)
	}
	if db.lock != nil { // otherwise the server has done it, and is writing
		if err := s.do(sqliteOptimize); err != nil {
			return errors.Join(fmt.Errorf("optimize %s: %w", file, err), s.close())
		}
	}
	db.writer = newWriter(s)
	go db.writer.run()
	return nil
}

// sqliteDSN names the file and how each connection is set up. The busy time-out comes first: what follows may have to
// wait. With synchronous=FULL a commit is on disk when it returns; NORMAL may lose the last ones at a power cut.
func sqliteDSN(file string) (string, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", file, err)
	}
	u := url.URL{Scheme: "file", Path: path}
	return u.String() + "?_pragma=" + strings.Join([]string{
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "journal_size_limit(67108864)",
	}, "&_pragma="), nil
}

func (db *sqliteDB) write(ctx context.Context, f func(*Tx) error) error {
	return db.writer.write(ctx, f)
}

// read runs f on a connection of its own. A connection that cannot be brought back to rest is thrown away.
func (db *sqliteDB) read(ctx context.Context, f func(*Tx) error) error {
	s, err := db.reader(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err := s.do("ROLLBACK"); err != nil {
			_ = s.close()
			s = nil
		}
		db.readers <- s
	}()
	if err := s.do("BEGIN"); err != nil {
		return unwritable(&sqlite, fmt.Errorf("begin a read: %w", err))
	}
	tx := &Tx{ctx: ctx, run: s, dialect: &sqlite, readOnly: true}
	return tx.do(f)
}

func (db *sqliteDB) reader(ctx context.Context) (*session, error) {
	var s *session
	var open bool
	select {
	case s, open = <-db.readers:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if !open {
		return nil, errClosed
	}
	if s != nil {
		return s, nil
	}
	s, err := newSession(ctx, db.reading)
	if err != nil {
		db.readers <- nil
		return nil, unwritable(&sqlite, fmt.Errorf("open another connection: %w", err))
	}
	return s, nil
}

func (db *sqliteDB) close() error {
	var errs []error
	if db.writer != nil {
		close(db.writer.stop)
		<-db.writer.stopped
		errs = append(errs, db.writer.session.close())
	}
	return errors.Join(append(errs, db.closeReaders(), closeAll(db.reading, db.writing), db.unlock())...)
}

// unlock leaves the directory to other processes.
func (db *sqliteDB) unlock() error {
	if db.lock == nil {
		return nil
	}
	defer func() { db.lock = nil }()
	return db.lock.Close()
}

func (db *sqliteDB) closeReaders() error {
	var errs []error
	for range sqliteReaders {
		if s := <-db.readers; s != nil {
			errs = append(errs, s.close())
		}
	}
	close(db.readers)
	return errors.Join(errs...)
}

func closeAll(dbs ...*sql.DB) error {
	var errs []error
	for _, db := range dbs {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// lockDir takes the directory for this process. The lock goes with the process, however it ends.
func lockDir(dir string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator chose dir
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = lockedBy(file)
		} else {
			err = fmt.Errorf("lock the data directory: %w", err)
		}
		return nil, errors.Join(err, file.Close())
	}
	pid := fmt.Appendln(nil, os.Getpid())
	if err := errors.Join(file.Truncate(0), writeAt(file, pid)); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the data directory: %w", err), file.Close())
	}
	return file, nil
}

func writeAt(file *os.File, b []byte) error {
	_, err := file.WriteAt(b, 0)
	return err
}
