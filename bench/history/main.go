// Command history measures the filters of the history on many calls of one account: a page at the beginning and at the
// end, and the count.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/signal"

	"github.com/ringback-hq/ringback/internal/store"
)

func main() {
	calls := flag.Int("calls", 1_000_000, "calls of the account")
	days := flag.Int("days", 730, "over how many days they are spread")
	times := flag.Int("times", 20, "how often each is measured")
	database := flag.String("database", "", "an empty PostgreSQL database instead of SQLite")
	dir := flag.String("data", "", "the folder for SQLite; one that was filled before is measured again")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	table, err := run(ctx, world{calls: *calls, days: *days}, *times, *database, *dir)
	if err != nil {
		stop()
		log.Fatal(err)
	}
	fmt.Print(table)
}

func run(ctx context.Context, w world, times int, database, dir string) (string, error) {
	if dir == "" && database == "" {
		var err error
		if dir, err = os.MkdirTemp("", "ringback-history"); err != nil {
			return "", err
		}
		defer os.RemoveAll(dir)
	}
	s, err := store.Open(ctx, store.Config{Dir: dir, URL: database, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return "", err
	}
	defer func() { _ = s.Close() }() // all has been read
	if err := w.fill(ctx, s); err != nil {
		return "", err
	}
	name := "SQLite"
	if database != "" {
		name = "PostgreSQL"
		if err := tidy(ctx, database); err != nil {
			return "", err
		}
	}
	return w.measure(ctx, s, name, times)
}

// tidy does at once what PostgreSQL does by itself some minutes after so many writes.
func tidy(ctx context.Context, database string) error {
	db, err := sql.Open("pgx", database)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM ANALYZE")
	return errors.Join(err, db.Close())
}
