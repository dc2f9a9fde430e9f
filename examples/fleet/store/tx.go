package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/hullmark/hullmark/db/catalog/sqlstore"
	"github.com/hullmark/hullmark/examples/fleet/internal/migrate"
)

const (
	retries      = 5               // of a transaction that others made fail
	rollbackTime = 5 * time.Second // for a transaction whose context has ended
)

// passing are the codes of PostgreSQL for failures that another transaction causes and that do not happen again: another order, a deadlock, and a
// row that the other has just added.
var passing = []string{"40001", "40P01", "23505"}

// A Tx is a transaction. SQL or PGX is that of the driver, in which the queue inserts jobs.
type Tx struct {
	SQL *sql.Tx // of SQLite, else nil
	PGX pgx.Tx  // of PostgreSQL, else nil

	dialect sqlstore.Dialect
	runner  runner
}

// A runner runs statements: a transaction, a connection or a pool.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Write runs a transaction. If others made it fail, it runs again.
func (s *Store) Write(ctx context.Context, run func(*Tx) error) error {
	for try := 1; ; try++ {
		err := s.transact(ctx, run)
		var state interface{ SQLState() string }
		temporary := errors.As(err, &state) && slices.Contains(passing, state.SQLState())
		if !temporary || try == retries {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(try*try) * 10 * time.Millisecond):
		}
	}
}

func (s *Store) transact(ctx context.Context, run func(*Tx) error) error {
	if s.Dialect == sqlstore.SQLite {
		t, err := s.DB.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer t.Rollback() // does nothing after Commit
		if err := run(&Tx{SQL: t, dialect: s.Dialect, runner: t}); err != nil {
			return err
		}
		return t.Commit()
	}
	// The queue needs a transaction of pgx, and the store one of database/sql: both use one connection.
	conn, err := s.DB.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var t pgx.Tx
	if err := conn.Raw(func(c any) (err error) {
		t, err = c.(*stdlib.Conn).Conn().Begin(ctx)
		return err
	}); err != nil {
		return err
	}
	defer func() { // does nothing after Commit
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTime)
		defer cancel()
		t.Rollback(ctx) // a connection with an open transaction is not used again
	}()
	if err := run(&Tx{PGX: t, dialect: s.Dialect, runner: conn}); err != nil {
		return err
	}
	return t.Commit(ctx)
}

// Within returns a transaction of database/sql as one of the store, for statements only.
func (s *Store) Within(tx *sql.Tx) *Tx { return &Tx{dialect: s.Dialect, runner: tx} }

// query runs single statements outside of a transaction.
func (s *Store) query() *Tx { return &Tx{dialect: s.Dialect, runner: s.DB} }

// bind replaces each ? by the dialect's name of the argument.
func bind(d sqlstore.Dialect, query string) string {
	if d == sqlstore.SQLite {
		return query
	}
	if bound, ok := boundQueries.Load(query); ok {
		return bound.(string)
	}
	bound := numbered(query)
	if len(query) < 1000 { // longer ones have lists of many lengths
		boundQueries.Store(query, bound)
	}
	return bound
}

var boundQueries sync.Map // by the query with question marks

func numbered(query string) string {
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, ok := strings.Cut(query, "?")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		query = after
	}
}

// exec runs a statement and returns the number of changed rows.
func (tx *Tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := tx.runner.ExecContext(ctx, bind(tx.dialect, query), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// rows calls do for each row of a query.
func (tx *Tx) rows(ctx context.Context, do func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := tx.runner.QueryContext(ctx, bind(tx.dialect, query), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// row scans the first row of a query into targets. It returns ErrNotFound without one.
func (tx *Tx) row(ctx context.Context, targets []any, query string, args ...any) error {
	found := false
	err := tx.rows(ctx, func(scan func(...any) error) error {
		if found {
			return nil
		}
		found = true
		return scan(targets...)
	}, query, args...)
	if err == nil && !found {
		err = ErrNotFound
	}
	return err
}

//go:embed migrations
var migrations embed.FS

// latest is the number of the newest migration.
const latest = 9

// lockKey is the key of PostgreSQL's advisory lock for migrations, pickKey that for the choice of the next submission.
const (
	lockKey = 0x666c656574 // "fleet"
	pickKey = lockKey + 1
)

// lock makes other transactions with the same key wait until tx ends. SQLite has one writer anyway.
func (tx *Tx) lock(ctx context.Context, key int64) error {
	if tx.dialect == sqlstore.SQLite {
		return nil
	}
	_, err := tx.exec(ctx, "SELECT pg_advisory_xact_lock(?)", key)
	return err
}

// migrate makes the tables, or brings those of an older version up to date.
func (s *Store) migrate(ctx context.Context) error {
	tables := &migrate.Schema{Table: "fleet_schema", Scripts: migrations, Latest: latest, Lock: lockKey}
	if err := s.Write(ctx, func(tx *Tx) error { return tables.Migrate(ctx, tx.runner, tx.dialect) }); err != nil {
		return fmt.Errorf("store: tables: %w", err)
	}
	return nil
}
