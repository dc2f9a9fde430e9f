// Package migrate makes the tables of a part of the service, and brings those of an older version up to date.
package migrate

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/db/catalog/sqlstore"
)

// A Schema describes tables with a common version. The script migrations/1.sql makes version 1, and script n makes version n from the one before.
type Schema struct {
	Table   string   // has a row for each version
	Scripts embed.FS // "{bytes}" in a script is the dialect's type of bytes; "/*sqlite*/" and "/*postgresql*/" begin statements for one dialect
	Latest  int      // number of the last script
	Lock    int64    // key of PostgreSQL's advisory lock
}

// A Tx is a transaction of database/sql, or a connection that has one open.
type Tx interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Migrate runs the scripts that the tables lack. Tables of a later version than Latest are an error.
func (s *Schema) Migrate(ctx context.Context, tx Tx, d sqlstore.Dialect) error {
	version, err := s.version(ctx, tx, d)
	if err != nil {
		return err
	}
	if version > s.Latest {
		return fmt.Errorf("the tables have version %d, and this program knows versions up to %d", version, s.Latest)
	}
	for n := version + 1; n <= s.Latest; n++ {
		if err := s.run(ctx, tx, d, n); err != nil {
			return fmt.Errorf("version %d: %w", n, err)
		}
	}
	return nil
}

// version returns the version of the tables, 0 without tables. Other processes that migrate wait until the transaction ends.
func (s *Schema) version(ctx context.Context, tx Tx, d sqlstore.Dialect) (n int, err error) {
	if d == sqlstore.PostgreSQL { // SQLite has one writer
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", s.Lock); err != nil {
			return 0, err
		}
	}
	if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS "+s.Table+" (version BIGINT NOT NULL PRIMARY KEY)"); err != nil {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM "+s.Table).Scan(&n)
	return n, err
}

// run runs a script.
func (s *Schema) run(ctx context.Context, tx Tx, d sqlstore.Dialect, n int) error {
	script, err := s.Scripts.ReadFile(fmt.Sprintf("migrations/%d.sql", n))
	if err != nil {
		return err
	}
	bytes := "BYTEA"
	if d == sqlstore.SQLite {
		bytes = "BLOB"
	}
	statements := strings.Split(strings.ReplaceAll(string(script), "{bytes}", bytes), ";\n")
	statements = append(statements, fmt.Sprintf("INSERT INTO %s (version) VALUES (%d)", s.Table, n))
	for _, statement := range statements {
		if strings.TrimSpace(statement) == "" || ofOther(d, statement) {
			continue
		}
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// ofOther reports whether a statement of a migration is for the other dialect: it begins with the name of one.
func ofOther(d sqlstore.Dialect, statement string) bool {
	other := "/*sqlite*/"
	if d == sqlstore.SQLite {
		other = "/*postgresql*/"
	}
	return strings.HasPrefix(strings.TrimSpace(statement), other)
}
