package sqlstore

import (
	"context"
	"embed"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Dialect is the SQL of a database.
type Dialect string

const (
	PostgreSQL Dialect = "postgresql" // 15 or newer
	SQLite     Dialect = "sqlite"     // 3.35 or newer
)

//go:embed migrations
var migrations embed.FS

// latest is the number of the newest migration.
const latest = 3

// lockKey is the key of PostgreSQL's advisory locks: a transaction that writes shares it, one that deletes parts has it alone.
const lockKey = 0x68756c6c6d61726b // "hullmark"

// begin starts a transaction that writes. SQLite takes its lock at once, because a transaction that read first can't wait for it.
func (d Dialect) begin() string {
	if d == SQLite {
		return "BEGIN IMMEDIATE"
	}
	return "BEGIN ISOLATION LEVEL READ COMMITTED"
}

// snapshot starts a transaction whose queries see one state.
func (d Dialect) snapshot() string {
	if d == SQLite {
		return "BEGIN"
	}
	return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
}

// bind replaces each ? by the dialect's name of the argument.
func (d Dialect) bind(query string) string {
	if d == SQLite || !strings.Contains(query, "?") {
		return query
	}
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

// share lets other transactions write, and none delete parts, until tx ends. SQLite has one writer anyway.
func (tx *tx) share(ctx context.Context) error {
	if tx.dialect == SQLite {
		return nil
	}
	return tx.exec(ctx, "SELECT pg_advisory_xact_lock_shared(?)", int64(lockKey))
}

// exclude lets no other transaction write until tx ends.
func (tx *tx) exclude(ctx context.Context) error {
	if tx.dialect == SQLite {
		return nil
	}
	return tx.exec(ctx, "SELECT pg_advisory_xact_lock(?)", int64(lockKey))
}

// lock lets one transaction at a time change the value of a name, until tx ends.
func (tx *tx) lock(ctx context.Context, names ...string) error {
	if tx.dialect == SQLite {
		return nil
	}
	keys := make(map[int32]bool)
	for _, name := range names {
		h := fnv.New32a()
		h.Write([]byte(name))
		keys[int32(h.Sum32())] = true
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) { // in one order, so that two can't wait for each other
		if err := tx.exec(ctx, "SELECT pg_advisory_xact_lock(?, ?)", int32(lockKey>>32), key); err != nil {
			return err
		}
	}
	return nil
}

// number lets no other transaction number notices until tx ends. So a reader that saw a number never sees a lower one later.
func (tx *tx) number(ctx context.Context) error {
	if tx.dialect == SQLite {
		return nil
	}
	return tx.exec(ctx, "SELECT pg_advisory_xact_lock(?)", int64(lockKey+1))
}

// migrate makes the tables, or brings those of an older version up to date.
func (s *Store) migrate(ctx context.Context) error {
	return s.write(ctx, func(tx *tx) error {
		if err := tx.exclude(ctx); err != nil {
			return err
		}
		if err := tx.exec(ctx, "CREATE TABLE IF NOT EXISTS hullmark_schema (version INTEGER NOT NULL PRIMARY KEY)"); err != nil {
			return err
		}
		version := 0
		if err := tx.rows(ctx, func(scan func(...any) error) error { return scan(&version) }, "SELECT COALESCE(MAX(version), 0) FROM hullmark_schema"); err != nil {
			return err
		}
		if version > latest {
			return fmt.Errorf("the tables have version %d, and this program knows versions up to %d", version, latest)
		}
		for n := version + 1; n <= latest; n++ {
			text, err := migrations.ReadFile(fmt.Sprintf("migrations/%s-%d.sql", s.dialect, n))
			if err != nil {
				return err
			}
			for statement := range strings.SplitSeq(string(text), ";\n") {
				if strings.TrimSpace(statement) == "" {
					continue
				}
				if err := tx.exec(ctx, statement); err != nil {
					return fmt.Errorf("version %d: %w", n, err)
				}
			}
			if err := tx.exec(ctx, "INSERT INTO hullmark_schema (version) VALUES (?)", n); err != nil {
				return err
			}
		}
		return nil
	})
}
