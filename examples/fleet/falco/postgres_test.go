package falco_test

import (
	"context"
	"database/sql"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/hullmark/hullmark/db/catalog/sqlstore"
)

// postgres starts a server in a temporary directory, and returns an empty database.
func postgres(t *testing.T) *sql.DB {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) == 0 {
		t.Skip("postgresql is not installed")
	}
	dir, err := os.MkdirTemp("", "fleet-pg-") // a short path, for the socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	run := func(program string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(filepath.Dir(found[len(found)-1]), program), args...)
		cmd.Dir = dir
		if as, err := user.Lookup("postgres"); err == nil && os.Geteuid() == 0 { // initdb refuses root
			uid, _ := strconv.Atoi(as.Uid)
			gid, _ := strconv.Atoi(as.Gid)
			if err := os.Chown(dir, uid, gid); err != nil {
				t.Fatal(err)
			}
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", program, err, out)
		}
	}
	data := filepath.Join(dir, "data")
	run("initdb", "-D", data, "-A", "trust", "-U", "test", "--no-sync", "-E", "UTF8", "--locale=C")
	run("pg_ctl", "-D", data, "-w", "-l", filepath.Join(dir, "log"), "-o", "-k "+dir+" -h '' -c fsync=off", "start")
	t.Cleanup(func() { run("pg_ctl", "-D", data, "-m", "immediate", "stop") })
	db, err := sql.Open("pgx", "host="+dir+" user=test dbname=postgres")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(8)
	t.Cleanup(func() { db.Close() })
	return db
}

// TestPostgreSQL replays alerts from several senders at once, with bytes that the database refuses in texts.
func TestPostgreSQL(t *testing.T) {
	h := newHost(t, open(t, postgres(t), sqlstore.PostgreSQL))
	lines, _, _ := replay()
	failed := make(chan error, 20)
	groups := slices.Collect(slices.Chunk(lines, 500))
	for _, group := range groups {
		go func() {
			var raw [][]byte
			for _, l := range group {
				raw = append(raw, []byte(l))
			}
			_, err := h.intake.Lines(t.Context(), "t", "http", "", raw)
			failed <- err
		}()
	}
	for range groups {
		if err := <-failed; err != nil {
			t.Fatal(err)
		}
	}
	h.check()
	h.post(strings.Replace(alert(`{"proc.exepath":"/usr/\u0000x","a\u0000":"b"}`), "node1", `n\u0000\ud800`, 1) + "\n{\"\xff\x00")
	for _, q := range []string{"?cursor=%00", "?image=%ff", "?rule=%00", "?container=5d2a"} {
		h.events(q)
	}
}
