package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// A Tx is one transaction. It lives within the function that it was given to. After a failure of the database nothing
// works in it any more; ErrNotFound, ErrTaken and what Change was given leave it usable.
type Tx struct {
	ctx      context.Context
	run      runner
	dialect  *dialect
	readOnly bool
	failed   error // the first failure of the database; nothing works after it
}

// runner runs statements in a transaction: a [session] with SQLite, a [pgTx] with PostgreSQL.
type runner interface {
	exec(ctx context.Context, q Query, args []any) (sql.Result, error)
	query(ctx context.Context, q Query, args []any) (*sql.Rows, error)
}

// A Query is the text of one statement. Both databases read it; parameters are $1, $2 ...
type Query string

// Exec runs a statement and returns how many rows it changed.
func (tx *Tx) Exec(q Query, args ...any) (int64, error) {
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

// Change runs a statement that must change one row at least; otherwise it returns the error none.
func (tx *Tx) Change(none error, q Query, args ...any) error {
	n, err := tx.Exec(q, args...)
	if err == nil && n == 0 {
		return none
	}
	return err
}

// Insert runs an INSERT ... ON CONFLICT DO NOTHING RETURNING id and gives the id; no row is ErrTaken.
func (tx *Tx) Insert(id *int64, q Query, args ...any) error {
	n, err := One(tx, Value[int64], q, args...)
	if errors.Is(err, ErrNotFound) {
		return ErrTaken
	}
	if err == nil {
		*id = n
	}
	return err
}

// All returns every row that a statement yields, each read by scan. The rows are read to their end before it
// returns, so that the next statement may run.
func All[T any](tx *Tx, scan func(*sql.Rows) (T, error), q Query, args ...any) ([]T, error) {
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

// One returns the first row, read by scan, or ErrNotFound.
func One[T any](tx *Tx, scan func(*sql.Rows) (T, error), q Query, args ...any) (T, error) {
	list, err := All(tx, scan, q, args...)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		var zero T
		return zero, err
	}
	return list[0], nil
}

// Maybe turns the ErrNotFound of One into false.
func Maybe[T any](v T, err error) (T, bool, error) {
	if errors.Is(err, ErrNotFound) {
		return v, false, nil
	}
	return v, err == nil, err
}

// Value is the scan of rows with one column.
func Value[T any](r *sql.Rows) (v T, err error) {
	err = r.Scan(&v)
	return v, err
}

// fail notes the first failure of the database.
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

// Lock makes other writers that lock the same name wait until this transaction ends. What is read afterwards is
// what they left. With SQLite writers never overlap.
func (tx *Tx) Lock(name string) error {
	if tx.dialect.lock == "" || tx.readOnly {
		return nil
	}
	_, err := tx.Exec(tx.dialect.lock, name)
	return err
}

// do runs f in the transaction. A failure of the database that f passed over fails it all the same.
func (tx *Tx) do(f func(*Tx) error) error {
	if err := f(tx); err != nil {
		return err
	}
	return tx.failed
}

// unwritable adds errUnwritable to an error that means that.
func unwritable(d *dialect, err error) error {
	if d.unwritable(err) {
		return fmt.Errorf("%w: %w", errUnwritable, err)
	}
	return err
}
