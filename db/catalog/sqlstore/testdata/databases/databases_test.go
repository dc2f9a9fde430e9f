// Package databases tests sqlstore with real databases. It is a module of its own, so that the drivers are not in go.mod of the library.
package databases

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/catalogtest"
	"github.com/hullmark/hullmark/db/catalog/sqlstore"
)

func TestSQLite(t *testing.T) {
	catalogtest.Run(t, func(t *testing.T) catalog.Store { return open(t, sqlite(t), sqlstore.SQLite) })
}

// TestOneConnection: a pool of one connection must not wait for itself.
func TestOneConnection(t *testing.T) {
	catalogtest.Run(t, func(t *testing.T) catalog.Store {
		db := sqlite(t)
		db.SetMaxOpenConns(1)
		return open(t, db, sqlstore.SQLite)
	})
}

func TestPostgreSQL(t *testing.T) {
	fresh := postgres(t)
	catalogtest.Run(t, func(t *testing.T) catalog.Store { return open(t, fresh(t), sqlstore.PostgreSQL) })
}

// TestOpen covers tables that are there already, in both databases.
func TestOpen(t *testing.T) {
	fresh := postgres(t)
	for dialect, db := range map[sqlstore.Dialect]*sql.DB{sqlstore.SQLite: sqlite(t), sqlstore.PostgreSQL: fresh(t)} {
		t.Run(string(dialect), func(t *testing.T) {
			var wg sync.WaitGroup // many processes start at once
			for range 5 {
				wg.Go(func() {
					if _, err := sqlstore.Open(t.Context(), db, dialect); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			s := open(t, db, dialect)
			if err := s.Write(t.Context(), &catalog.Batch{Tags: []catalog.Tag{{Name: "app", Digest: "x"}}}); err != nil {
				t.Fatal(err)
			}
			if tags, err := open(t, db, dialect).Tags(t.Context(), "app"); err != nil || len(tags) != 1 {
				t.Errorf("opened again: %v, %v", tags, err)
			}
			if _, err := db.ExecContext(t.Context(), "INSERT INTO hullmark_schema (version) VALUES (99)"); err != nil {
				t.Fatal(err)
			}
			if _, err := sqlstore.Open(t.Context(), db, dialect); err == nil || !strings.Contains(err.Error(), "version 99") {
				t.Errorf("tables of a newer program: %v", err)
			}
		})
	}
}

// TestDamaged changes each column of a stored image and its parts. The answer is an error that names the damage, never another image.
func TestDamaged(t *testing.T) {
	ctx := t.Context()
	for _, statement := range []string{
		"UPDATE hullmark_parts SET form = x'00'",
		"UPDATE hullmark_parts SET form = x''",
		"UPDATE hullmark_parts SET form = (SELECT form FROM hullmark_parts WHERE id = 2)",
		"UPDATE hullmark_parts SET size = size + 1",
		"UPDATE hullmark_parts SET size = -1",
		"UPDATE hullmark_parts SET hash = x'01' WHERE id = 1",
		"DELETE FROM hullmark_parts WHERE id = 1",
		"UPDATE hullmark_images SET parts = x'ff'",
		"UPDATE hullmark_images SET parts = x'0100ffffffffffffffffffffff01'",
		"UPDATE hullmark_images SET parts = x'010009'",
		"UPDATE hullmark_images SET info = x''",
		"UPDATE hullmark_images SET info = x'01ff'",
		"UPDATE hullmark_images SET info = info || x'00'",
	} {
		t.Run(statement, func(t *testing.T) {
			db := sqlite(t)
			s := open(t, db, sqlstore.SQLite)
			refs := make([]catalog.PartRef, 3)
			var parts []catalog.Part
			for i := range refs {
				p := catalog.Part{Kind: catalog.Facts, Hash: catalog.Hash{byte(i)}, Form: bytes.Repeat([]byte{byte(i)}, 9+i)}
				refs[i], parts = catalog.PartRef{Kind: p.Kind, Hash: p.Hash}, append(parts, p)
			}
			if err := s.Write(ctx, &catalog.Batch{Parts: parts, Images: []catalog.Image{{Digest: "x", Parts: refs}}}); err != nil {
				t.Fatal(err)
			}
			if _, err := db.ExecContext(ctx, statement); err != nil {
				t.Fatal(err)
			}
			image, err := s.Image(ctx, "x")
			var got []catalog.Part
			if err == nil {
				var hashes []catalog.Hash
				for _, ref := range image.Parts {
					hashes = append(hashes, ref.Hash)
				}
				got, err = s.Parts(ctx, hashes)
			}
			if err == nil && !slices.EqualFunc(got, parts, func(a, b catalog.Part) bool { return a.Hash == b.Hash && bytes.Equal(a.Form, b.Form) }) && !strings.Contains(statement, "SELECT form") {
				t.Errorf("another image: %v", got) // package catalog compares hashes of forms when it decodes them
			}
			t.Log(err)
		})
	}
}

func open(t *testing.T, db *sql.DB, d sqlstore.Dialect) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), db, d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sqlite(t *testing.T) *sql.DB {
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// postgres starts a server in a temporary directory, and returns a function that makes an empty database.
func postgres(t *testing.T) func(t *testing.T) *sql.DB {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) == 0 {
		t.Skip("postgresql is not installed")
	}
	bin := filepath.Dir(found[len(found)-1])
	dir, err := os.MkdirTemp("", "hullmark-postgres-") // a short path, for the socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(bin, name), args...)
		cmd.Dir = dir
		if os.Geteuid() == 0 { // initdb refuses root
			as, err := user.Lookup("postgres")
			if err != nil {
				t.Fatal(err)
			}
			uid, _ := strconv.Atoi(as.Uid)
			gid, _ := strconv.Atoi(as.Gid)
			if err := os.Chown(dir, uid, gid); err != nil {
				t.Fatal(err)
			}
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		}
		return cmd
	}
	data := filepath.Join(dir, "data")
	if out, err := command("initdb", "-D", data, "-A", "trust", "-U", "test", "--no-sync", "-E", "UTF8", "--locale=C").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := command("pg_ctl", "-D", data, "-w", "-l", filepath.Join(dir, "log"), "-o", "-k "+dir+" -h ''", "start").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Cleanup(func() { command("pg_ctl", "-D", data, "-m", "immediate", "stop").Run() })
	connect := func(t *testing.T, name string) *sql.DB {
		db, err := sql.Open("pgx", fmt.Sprintf("host=%s user=test dbname=%s", dir, name))
		if err != nil {
			t.Fatal(err)
		}
		db.SetMaxOpenConns(8)
		t.Cleanup(func() { db.Close() })
		return db
	}
	admin, n := connect(t, "postgres"), 0
	return func(t *testing.T) *sql.DB {
		n++
		name := fmt.Sprint("catalog", n)
		if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
			t.Fatal(err)
		}
		return connect(t, name)
	}
}
