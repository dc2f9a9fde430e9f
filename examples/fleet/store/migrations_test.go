package store_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/examples/fleet/falco"
	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

// migrated are the scripts of the service, of Falco's events and of the library's catalog, by the table that has their version. {} is the number of
// a script.
var migrated = []struct{ schema, postgresql, sqlite string }{
	{"fleet_schema", "migrations/{}.sql", "migrations/{}.sql"},
	{"fleet_falco_schema", "../falco/migrations/{}.sql", "../falco/migrations/{}.sql"},
	{"hullmark_schema", "../../../db/catalog/sqlstore/migrations/postgresql-{}.sql", "../../../db/catalog/sqlstore/migrations/sqlite-{}.sql"},
}

// TestMigrations opens the tables of each former version, with a row in each. The rows stay as they were.
func TestMigrations(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		for _, m := range migrated {
			pattern := m.postgresql
			if address == "" {
				pattern = m.sqlite
			}
			for version := 1; ; version++ {
				if _, err := os.Stat(strings.ReplaceAll(pattern, "{}", fmt.Sprint(version+1))); err != nil {
					if version == 1 {
						t.Fatalf("%s: %v", m.schema, err)
					}
					break
				}
				t.Run(fmt.Sprintf("%s %d", m.schema, version), func(t *testing.T) {
					at := address
					if at == "" {
						at = filepath.Join(t.TempDir(), "fleet.db")
					}
					db := former(t, at)
					for n := 1; n <= version; n++ {
						db.script(strings.ReplaceAll(pattern, "{}", fmt.Sprint(n)))
					}
					db.exec("CREATE TABLE " + m.schema + " (version BIGINT NOT NULL PRIMARY KEY)")
					db.exec(fmt.Sprintf("INSERT INTO %s (version) VALUES (%d)", m.schema, version))
					rows := make(map[string]map[string]any)
					for _, table := range db.tables() {
						if table != m.schema && table != "fleet_evaluations" { // migration 5 empties it: all images are evaluated again
							db.fill(table)
							rows[table] = db.row(table)
						}
					}
					if len(rows) < 3 {
						t.Fatalf("tables: %v", rows)
					}
					s, err := store.Open(t.Context(), at)
					if err != nil {
						t.Fatal(err)
					}
					defer s.Close()
					if _, err := falco.OpenSQL(t.Context(), s.DB, s.Dialect); err != nil {
						t.Fatal(err)
					}
					for table, was := range rows {
						is := db.row(table)
						for column, value := range was {
							if !reflect.DeepEqual(is[column], value) {
								t.Errorf("%s.%s: %v became %v", table, column, value, is[column])
							}
						}
					}
				})
			}
		}
	})
}

// A formerDB is an empty database in which a test makes the tables of an old program.
type formerDB struct {
	*sql.DB
	t          *testing.T
	postgresql bool
}

func former(t *testing.T, address string) *formerDB {
	t.Helper()
	driver := "sqlite"
	if strings.HasPrefix(address, "postgres") {
		driver = "pgx"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxIdleConns(0) // a connection has plans for the tables of the old program
	f := &formerDB{db, t, driver == "pgx"}
	if f.postgresql {
		f.exec("DROP SCHEMA public CASCADE")
		f.exec("CREATE SCHEMA public")
	}
	return f
}

func (f *formerDB) exec(statement string, args ...any) {
	f.t.Helper()
	if _, err := f.ExecContext(f.t.Context(), statement, args...); err != nil {
		f.t.Fatalf("%s: %v", statement, err)
	}
}

func (f *formerDB) script(name string) {
	f.t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		f.t.Fatal(err)
	}
	bytes, other := "BLOB", "/*postgresql*/"
	if f.postgresql {
		bytes, other = "BYTEA", "/*sqlite*/"
	}
	for statement := range strings.SplitSeq(strings.ReplaceAll(string(text), "{bytes}", bytes), ";\n") {
		if strings.TrimSpace(statement) != "" && !strings.HasPrefix(strings.TrimSpace(statement), other) {
			f.exec(statement)
		}
	}
}

func (f *formerDB) tables() []string {
	f.t.Helper()
	if f.postgresql {
		return f.texts("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
	}
	return f.texts("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
}

func (f *formerDB) texts(query string) (list []string) {
	f.t.Helper()
	rows, err := f.QueryContext(f.t.Context(), query)
	if err != nil {
		f.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			f.t.Fatal(err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		f.t.Fatal(err)
	}
	return list
}

// fill adds a row with a value in each column.
func (f *formerDB) fill(table string) {
	f.t.Helper()
	query := "SELECT name || ' ' || lower(type) FROM pragma_table_info('" + table + "')"
	if f.postgresql {
		query = "SELECT column_name || ' ' || data_type FROM information_schema.columns WHERE table_name = '" + table + "'"
	}
	var columns, values []string
	for _, column := range f.texts(query) {
		name, kind, _ := strings.Cut(column, " ")
		value := "'a'"
		switch {
		case kind == "bytea":
			value = `'\x61'`
		case kind == "blob":
			value = "x'61'"
		case strings.Contains(kind, "int"):
			value = "1"
		case kind != "text":
			f.t.Fatalf("%s.%s: type %s", table, name, kind)
		}
		columns, values = append(columns, name), append(values, value)
	}
	overriding := ""
	if f.postgresql {
		overriding = " OVERRIDING SYSTEM VALUE"
	}
	f.exec(fmt.Sprintf("INSERT INTO %s (%s)%s VALUES (%s)", table, strings.Join(columns, ", "), overriding, strings.Join(values, ", ")))
}

// row returns the row of a table by column.
func (f *formerDB) row(table string) map[string]any {
	f.t.Helper()
	rows, err := f.QueryContext(f.t.Context(), "SELECT * FROM "+table)
	if err != nil {
		f.t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		f.t.Fatal(err)
	}
	var all []map[string]any
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			f.t.Fatal(err)
		}
		row := make(map[string]any)
		for i, c := range columns {
			row[c] = values[i]
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil || len(all) != 1 {
		f.t.Fatalf("%s: rows %v, %v", table, all, err)
	}
	return all[0]
}
