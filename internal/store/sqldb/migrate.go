package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// A preparation makes sure that the tables are such as we know, before anything else is done with them.
type preparation func(ctx context.Context, db *sql.DB, d *dialect, files fs.FS) error

// migrate brings the tables up to date. The caller has the database for itself, so nobody else migrates meanwhile.
func migrate(ctx context.Context, db *sql.DB, d *dialect, files fs.FS) error {
	s, err := readSchema(ctx, db, d, files)
	if err != nil {
		return err
	}
	if s.is > s.want {
		return fmt.Errorf("the database was used by a newer version of ringback: its schema is %d, this version knows %d", s.is, s.want)
	}
	if _, err := s.provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// checkSchema says whether the tables, which another process has, are such as we know.
func checkSchema(ctx context.Context, db *sql.DB, d *dialect, files fs.FS) error {
	s, err := readSchema(ctx, db, d, files)
	if err != nil {
		return err
	}
	if s.is != s.want {
		return fmt.Errorf("another version of ringback uses the database: its schema is %d, this version needs %d", s.is, s.want)
	}
	return nil
}

// A schema is which tables a database has, and which we want.
type schema struct {
	provider *goose.Provider
	is, want int64
}

func readSchema(ctx context.Context, db *sql.DB, d *dialect, files fs.FS) (schema, error) {
	files, err := fs.Sub(files, d.migrations)
	if err != nil {
		return schema{}, fmt.Errorf("find the migrations: %w", err)
	}
	p, err := goose.NewProvider(d.goose, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return schema{}, fmt.Errorf("read the migrations: %w", err)
	}
	is, want, err := p.GetVersions(ctx)
	if err != nil {
		return schema{}, fmt.Errorf("read the version of the schema: %w", err)
	}
	return schema{p, is, want}, nil
}
