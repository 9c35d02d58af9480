package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

var postgres = dialect{
	migrations: "postgres",
	goose:      goose.DialectPostgres,
	lock:       "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || $1, 0))",
	unwritable: func(err error) bool {
		if e, ok := errors.AsType[*pgconn.PgError](err); ok {
			class := e.Code[:min(2, len(e.Code))] // PostgreSQL manual, appendix A
			return class == "08" || class == "53" || class == "57" || class == "58"
		}
		if _, ok := errors.AsType[net.Error](err); ok {
			return !errors.Is(err, context.DeadlineExceeded) // which is a net.Error too
		}
		_, ok := errors.AsType[*pgconn.ConnectError](err)
		return ok || pgconn.SafeToRetry(err) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	},
}

// postgresConns is how many connections are used at the same time; who needs another waits.
const postgresConns = 16

// postgresDB is a PostgreSQL database.
type postgresDB struct {
	pool *sql.DB
	lock *keeper // nil: not ours
}

func openPostgres(ctx context.Context, c Config) (engine, error) {
	config, err := pgx.ParseConfig(c.URL)
	if err != nil {
		return nil, errors.New("the database URL cannot be read") // the cause may show the password
	}
	config.RuntimeParams["synchronous_commit"] = "on"
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "ringback"
	}
	db := &postgresDB{pool: stdlib.OpenDB(*config)}
	db.pool.SetMaxOpenConns(postgresConns)
	db.pool.SetMaxIdleConns(postgresConns)
	db.lock, err = keep(ctx, db.pool, c.Log)
	prepare := migrate
	if c.Beside && errors.Is(err, ErrLocked) {
		prepare = checkSchema
	} else if err != nil {
		return nil, errors.Join(err, db.pool.Close())
	}
	if err := prepare(ctx, db.pool, &postgres, c.Migrations); err != nil {
		return nil, errors.Join(err, db.close())
	}
	if c.Beside {
		db.lock.close()
		db.lock = nil
	}
	return db, nil
}

// write runs f in a transaction of its own, and again where it collided with another.
func (db *postgresDB) write(ctx context.Context, f func(*Tx) error) error {
	const tries = 6
	for n := range tries {
		err := db.begin(ctx, &sql.TxOptions{}, f)
		if err == nil || !collided(err) || n == tries-1 {
			return err
		}
		select {
		case <-time.After(rand.N(10 * time.Millisecond << n)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (db *postgresDB) read(ctx context.Context, f func(*Tx) error) error {
	return db.begin(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}, f)
}

func (db *postgresDB) begin(ctx context.Context, options *sql.TxOptions, f func(*Tx) error) error {
	if !db.lock.held() {
		return fmt.Errorf("%w: %w", errUnwritable, ErrLocked)
	}
	inner, err := db.pool.BeginTx(ctx, options)
	if err != nil {
		return db.explain(ctx, "begin", err)
	}
	defer inner.Rollback() //nolint:errcheck // it matters only where f failed, whose error says more
	tx := &Tx{ctx: ctx, run: pgTx{inner}, dialect: &postgres, readOnly: options.ReadOnly}
	if err := tx.do(f); err != nil {
		return err
	}
	if err := inner.Commit(); err != nil {
		return db.explain(ctx, "commit", err)
	}
	return nil
}

// explain says what an error at the edges of a transaction means to the one who asked.
func (db *postgresDB) explain(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	}
	if strings.Contains(err.Error(), "sql: database is closed") {
		return errClosed
	}
	return unwritable(&postgres, fmt.Errorf("%s: %w", doing, err))
}

// collided reports whether a transaction failed only because of another one at the same time.
func collided(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == "40001" || e.Code == "40P01") // serialization_failure, deadlock_detected
}

func (db *postgresDB) close() error {
	db.lock.close()
	return db.pool.Close()
}

// A pgTx is a transaction of PostgreSQL. The driver keeps prepared statements by itself.
type pgTx struct{ *sql.Tx }

func (t pgTx) exec(ctx context.Context, q Query, args []any) (sql.Result, error) {
	return t.ExecContext(ctx, string(q), args...)
}

func (t pgTx) query(ctx context.Context, q Query, args []any) (*sql.Rows, error) {
	return t.QueryContext(ctx, string(q), args...)
}
