package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// A Tx is one transaction. It lives within the function that it was given to.
type Tx struct {
	ctx      context.Context
	run      runner
	dialect  *dialect
	readOnly bool
	failed   error // the first failure of the database; nothing works after it
	staff    *staffCache
}

// runner runs statements in a transaction: a [session] with SQLite, a [pgTx] with PostgreSQL.
type runner interface {
	exec(ctx context.Context, q query, args []any) (sql.Result, error)
	query(ctx context.Context, q query, args []any) (*sql.Rows, error)
}

// A query is the text of one statement. Both databases read it; parameters are $1, $2 ...
type query string

// exec runs a statement and returns how many rows it changed.
func (tx *Tx) exec(q query, args ...any) (int64, error) {
	if tx.failed != nil {
		return 0, tx.failed
	}
	r, err := tx.run.exec(tx.ctx, q, portable(args))
	if err != nil {
		return 0, tx.fail(err)
	}
	n, err := r.RowsAffected()
	return n, tx.fail(err)
}

// change runs a statement that must change one row at least; otherwise it fails with none.
func (tx *Tx) change(none error, q query, args ...any) error {
	n, err := tx.exec(q, args...)
	if err == nil && n == 0 {
		return none
	}
	return err
}

// insert runs an INSERT ... ON CONFLICT DO NOTHING RETURNING id and gives the id; no row is ErrTaken.
func (tx *Tx) insert(id *int64, q query, args ...any) error {
	n, err := one(tx, scanInt, q, args...)
	if errors.Is(err, ErrNotFound) {
		return ErrTaken
	}
	if err == nil {
		*id = n
	}
	return err
}

// all returns every row that a statement yields, each read by scan. The rows are read to their end before it
// returns, so that the next statement may run.
func all[T any](tx *Tx, scan func(*sql.Rows) (T, error), q query, args ...any) ([]T, error) {
	if tx.failed != nil {
		return nil, tx.failed
	}
	rows, err := tx.run.query(tx.ctx, q, portable(args))
	if err != nil {
		return nil, tx.fail(err)
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, tx.fail(err)
		}
		list = append(list, v)
	}
	return list, tx.fail(rows.Err())
}

// one returns the only row, or ErrNotFound.
func one[T any](tx *Tx, scan func(*sql.Rows) (T, error), q query, args ...any) (T, error) {
	list, err := all(tx, scan, q, args...)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		var zero T
		return zero, err
	}
	return list[0], nil
}

// fail notes the first failure of the database. Only ErrNotFound, ErrTaken and ErrLost leave a transaction usable.
func (tx *Tx) fail(err error) error {
	if err == nil {
		return nil
	}
	err = unwritable(tx.dialect, err)
	if tx.failed == nil {
		tx.failed = err
	}
	return err
}

// lock makes other writers that lock the same name wait until this transaction ends. What is read afterwards is
// what they left. With SQLite writers never overlap.
func (tx *Tx) lock(name string) error {
	if tx.dialect.lock == "" || tx.readOnly {
		return nil
	}
	_, err := tx.exec(tx.dialect.lock, name)
	return err
}

// do runs f in the transaction. A failure of the database that f passed over fails it all the same.
func (tx *Tx) do(f func(*Tx) error) error {
	if err := f(tx); err != nil {
		return err
	}
	return tx.failed
}

func scanInt(r *sql.Rows) (n int64, err error) {
	err = r.Scan(&n)
	return n, err
}

// unwritable adds errUnwritable to an error that means that.
func unwritable(d *dialect, err error) error {
	if d.unwritable(err) {
		return fmt.Errorf("%w: %w", errUnwritable, err)
	}
	return err
}

// maybe turns ErrNotFound into false.
func maybe[T any](v T, err error) (T, bool, error) {
	if errors.Is(err, ErrNotFound) {
		return v, false, nil
	}
	return v, err == nil, err
}
