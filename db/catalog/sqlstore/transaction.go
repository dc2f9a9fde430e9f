package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"time"
)

const (
	retries = 5   // of a transaction that others made fail
	most    = 500 // values in one statement: SQLite took 999 for long

	rollbackTime = 5 * time.Second // for a transaction whose context has ended
)

// A tx is a transaction on one connection.
type tx struct {
	conn    *sql.Conn
	dialect Dialect
}

// write runs a transaction. If others made it fail, it runs again.
func (s *Store) write(ctx context.Context, run func(*tx) error) error {
	for try := 1; ; try++ {
		err := s.transact(ctx, s.dialect.begin(), run)
		if err == nil || try == retries || !temporary(err) {
			return err
		}
		if pause(ctx, try) != nil {
			return err
		}
	}
}

// pause waits before another try, longer each time.
func pause(ctx context.Context, try int) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Duration(try*try) * 10 * time.Millisecond):
		return nil
	}
}

// rows calls do for each row of a query.
func (s *Store) rows(ctx context.Context, do func(scan func(...any) error) error, query string, args ...any) error {
	return s.alone(ctx, func(tx *tx) error { return tx.rows(ctx, do, query, args...) })
}

// in is rows for a query with (?), which takes a transaction only for more values than one statement has.
func (s *Store) in(ctx context.Context, do func(scan func(...any) error) error, query string, values []any) error {
	run := s.alone
	if len(values) > most {
		run = s.read
	}
	return run(ctx, func(tx *tx) error { return tx.in(ctx, do, query, values) })
}

// alone runs statements that read, each by itself: without a transaction, a query is one round trip instead of three.
func (s *Store) alone(ctx context.Context, run func(*tx) error) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	tx := &tx{conn, s.dialect}
	if err := tx.patient(ctx); err != nil {
		return err
	}
	return run(tx)
}

// read runs a transaction that sees one state.
func (s *Store) read(ctx context.Context, run func(*tx) error) error {
	return s.transact(ctx, s.dialect.snapshot(), run)
}

// transact runs a transaction on a connection of its own. The statements are its own, too, because database/sql cannot start SQLite's
// transactions with the lock.
func (s *Store) transact(ctx context.Context, begin string, run func(*tx) error) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	tx := &tx{conn, s.dialect}
	if err := tx.patient(ctx); err != nil {
		return err
	}
	if err := tx.exec(ctx, begin); err != nil {
		return err
	}
	done := false
	defer func() {
		if done {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTime)
		defer cancel()
		if err := tx.exec(ctx, "ROLLBACK"); err != nil { // the connection has a transaction for ever, and must not be used again
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		}
	}()
	if err := run(tx); err != nil {
		return err
	}
	if err := tx.exec(ctx, "COMMIT"); err != nil {
		return err
	}
	done = true
	return nil
}

// patient makes a connection to SQLite wait for locks.
func (tx *tx) patient(ctx context.Context) error {
	if tx.dialect != SQLite {
		return nil
	}
	return tx.exec(ctx, "PRAGMA busy_timeout = 10000")
}

// temporary reports whether a transaction failed only because of others: a deadlock or another order of transactions.
func temporary(err error) bool {
	var state interface{ SQLState() string } // of PostgreSQL's drivers
	return errors.As(err, &state) && (state.SQLState() == "40001" || state.SQLState() == "40P01")
}

func (tx *tx) exec(ctx context.Context, query string, args ...any) error {
	_, err := tx.conn.ExecContext(ctx, tx.dialect.bind(query), args...)
	return err
}

// rows calls do for each row of a query.
func (tx *tx) rows(ctx context.Context, do func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := tx.conn.QueryContext(ctx, tx.dialect.bind(query), args...)
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

// in runs a query once for each group of values, which takes the place of (?) in it.
func (tx *tx) in(ctx context.Context, do func(scan func(...any) error) error, query string, values []any) error {
	for group := range slices.Chunk(values, most) {
		if err := tx.rows(ctx, do, strings.Replace(query, "(?)", list(len(group)), 1), group...); err != nil {
			return err
		}
	}
	return nil
}

// change runs a statement as in does, and returns the number of rows that it changed.
func (tx *tx) change(ctx context.Context, query string, values []any) (int, error) {
	n := 0
	for group := range slices.Chunk(values, most) {
		result, err := tx.conn.ExecContext(ctx, tx.dialect.bind(strings.Replace(query, "(?)", list(len(group)), 1)), group...)
		if err != nil {
			return n, err
		}
		changed, err := result.RowsAffected()
		if err != nil {
			return n, err
		}
		n += int(changed)
	}
	return n, nil
}

// insert runs "INSERT INTO ... VALUES (?) ..." for rows, each as long as columns, in as few statements as they allow.
func (tx *tx) insert(ctx context.Context, query string, columns int, values []any) error {
	for group := range slices.Chunk(values, max(1, most/columns)*columns) {
		rows := strings.TrimSuffix(strings.Repeat(list(columns)+", ", len(group)/columns), ", ")
		if err := tx.exec(ctx, strings.Replace(query, "(?)", rows, 1), group...); err != nil {
			return err
		}
	}
	return nil
}

// list returns "(?, ?)" for 2.
func list(n int) string { return "(" + strings.TrimSuffix(strings.Repeat("?, ", n), ", ") + ")" }
