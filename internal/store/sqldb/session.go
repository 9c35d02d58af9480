package sqldb

import (
	"context"
	"database/sql"
	"errors"
)

// A session is one connection to SQLite with its prepared statements. Parsing a statement takes longer than running
// it. One goroutine at a time uses a session.
type session struct {
	conn  *sql.Conn
	stmts map[Query]*sql.Stmt
}

// maxStmts is how many statements a session keeps. The fixed ones are about a hundred; those of the history with its
// filters have no end, so a session that is full begins anew.
const maxStmts = 250

func newSession(ctx context.Context, db *sql.DB) (*session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn, stmts: map[Query]*sql.Stmt{}}, nil
}

func (s *session) exec(ctx context.Context, q Query, args []any) (sql.Result, error) {
	stmt, err := s.stmt(ctx, q)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

func (s *session) query(ctx context.Context, q Query, args []any) (*sql.Rows, error) {
	stmt, err := s.stmt(ctx, q)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

func (s *session) stmt(ctx context.Context, q Query) (*sql.Stmt, error) {
	if stmt, ok := s.stmts[q]; ok {
		return stmt, nil
	}
	if len(s.stmts) >= maxStmts {
		if err := s.forget(); err != nil {
			return nil, err
		}
	}
	stmt, err := s.conn.PrepareContext(ctx, string(q))
	if err != nil {
		return nil, err
	}
	s.stmts[q] = stmt
	return stmt, nil
}

func (s *session) forget() error {
	var errs []error
	for q, stmt := range s.stmts {
		errs = append(errs, stmt.Close())
		delete(s.stmts, q)
	}
	return errors.Join(errs...)
}

// do runs a statement that steers the transaction, whatever has become of the one who asked for it.
func (s *session) do(q Query) error {
	_, err := s.exec(context.Background(), q, nil)
	return err
}

func (s *session) close() error {
	return errors.Join(s.forget(), s.conn.Close())
}
