package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// The lock of PostgreSQL is a session's: it goes when the process dies, and when the server restarts.
const (
	takeLock Query = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || ' ringback process', 0))"
	seeLock  Query = "SELECT true"
	giveLock Query = "SELECT pg_advisory_unlock(hashtextextended(current_schema() || ' ringback process', 0))"
)

// keepEvery is how often the connection that holds the lock is looked after.
const keepEvery = 2 * time.Second

// A keeper holds the lock of this process on a PostgreSQL database, and takes it again when its connection broke.
type keeper struct {
	pool  *sql.DB
	log   *slog.Logger
	taken atomic.Bool // by another process, while our connection was away
	end   context.CancelFunc
	wg    sync.WaitGroup
	conn  *sql.Conn // nil: lost
}

func keep(ctx context.Context, pool *sql.DB, log *slog.Logger) (*keeper, error) {
	k := &keeper{pool: pool, log: log}
	got, err := k.take(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	if !got {
		return nil, &lockedError{"another ringback process uses this database"}
	}
	background, end := context.WithCancel(context.WithoutCancel(ctx))
	k.end = end
	k.wg.Go(func() { k.run(background) })
	return k, nil
}

// held reports whether no other process has the database. A process beside others, without a keeper, does not care.
func (k *keeper) held() bool { return k == nil || !k.taken.Load() }

func (k *keeper) run(ctx context.Context) {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			k.look(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// look takes the lock again where it was lost. While the server is away nobody can take it, and nothing is written.
func (k *keeper) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if k.conn != nil && k.ask(ctx, seeLock) {
		return
	}
	k.drop()
	got, err := k.take(ctx)
	if err != nil {
		k.log.WarnContext(ctx, "database cannot be reached", "error", err)
		return
	}
	if !got && !k.taken.Swap(true) {
		k.log.ErrorContext(ctx, "another process has taken the database")
	}
	if got {
		k.taken.Store(false)
	}
}

// take asks for the lock, and keeps the connection that got it.
func (k *keeper) take(ctx context.Context) (bool, error) {
	conn, err := k.pool.Conn(ctx)
	if err != nil {
		return false, err
	}
	var got bool
	if err := conn.QueryRowContext(ctx, string(takeLock)).Scan(&got); err != nil || !got {
		_ = conn.Close()
		return false, err
	}
	k.conn = conn
	return true, nil
}

func (k *keeper) ask(ctx context.Context, q Query) bool {
	var yes bool
	err := k.conn.QueryRowContext(ctx, string(q)).Scan(&yes)
	return err == nil && yes
}

// drop gives up a connection for good: back in the pool it could still hold the lock.
func (k *keeper) drop() {
	if k.conn == nil {
		return
	}
	_ = k.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = k.conn.Close()
	k.conn = nil
}

// close gives the lock back at once: a server notices only a moment later that a connection has ended.
func (k *keeper) close() {
	if k == nil {
		return
	}
	k.end()
	k.wg.Wait()
	if k.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), keepEvery)
		defer cancel()
		k.ask(ctx, giveLock)
	}
	k.drop()
}
