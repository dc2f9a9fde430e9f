package fleettest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of PostgreSQL
)

// server is a PostgreSQL server for all tests of a binary.
var server struct {
	sync.Mutex
	dir   string
	err   error
	count int
}

// Main runs tests, and ends the server of PostgreSQL after them.
func Main(m *testing.M) {
	code := m.Run()
	server.Lock()
	if server.dir != "" {
		command("pg_ctl", "-D", filepath.Join(server.dir, "data"), "-m", "immediate", "stop").Run()
		os.RemoveAll(server.dir)
	}
	os.Exit(code)
}

// command returns a command of PostgreSQL that runs as its user, because initdb refuses root.
func command(name string, args ...string) *exec.Cmd {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		return exec.Command(name, args...)
	}
	cmd := exec.Command(found[len(found)-1], args...)
	cmd.Dir = server.dir
	if as, err := user.Lookup("postgres"); err == nil && os.Geteuid() == 0 {
		uid, _ := strconv.Atoi(as.Uid)
		gid, _ := strconv.Atoi(as.Gid)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	return cmd
}

func start() error {
	dir, err := os.MkdirTemp("", "fleet-pg-") // a short path, for the socket
	if err != nil {
		return err
	}
	server.dir = dir
	if as, err := user.Lookup("postgres"); err == nil && os.Geteuid() == 0 {
		uid, _ := strconv.Atoi(as.Uid)
		gid, _ := strconv.Atoi(as.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			return err
		}
	}
	data := filepath.Join(dir, "data")
	if out, err := command("initdb", "-D", data, "-A", "trust", "-U", "test", "--no-sync", "-E", "UTF8", "--locale=C").CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	if out, err := command("pg_ctl", "-D", data, "-w", "-l", filepath.Join(dir, "log"), "-o", options(), "start").CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// Postgres returns the address of an empty database. Without PostgreSQL, it skips the test.
func Postgres(t *testing.T) string {
	t.Helper()
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres"); len(found) == 0 {
		t.Skip("PostgreSQL is not installed")
	}
	server.Lock()
	defer server.Unlock()
	if server.dir == "" && server.err == nil {
		server.err = start()
	}
	if server.err != nil {
		t.Fatal(server.err)
	}
	server.count++
	name := fmt.Sprintf("fleet%d", server.count)
	db, err := sql.Open("pgx", Address("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return Address(name)
}

// Restart restarts the server, at once, as after a crash. Between stopping and starting, it calls between.
func Restart(t *testing.T, between func()) {
	t.Helper()
	server.Lock()
	defer server.Unlock()
	data := filepath.Join(server.dir, "data")
	if out, err := command("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	between()
	if out, err := command("pg_ctl", "-D", data, "-w", "-l", filepath.Join(server.dir, "log"), "-o", options(), "start").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// options are the options of the server.
func options() string { return "-k " + server.dir + " -h '' -c fsync=off -c max_connections=300" }

// Address returns the address of a database of the server.
func Address(name string) string {
	return fmt.Sprintf("postgres://test@/%s?host=%s", name, server.dir)
}

// Databases runs a test for each kind of database. The address is "" for SQLite.
func Databases(t *testing.T, run func(t *testing.T, address string)) {
	t.Run("sqlite", func(t *testing.T) { run(t, "") })
	t.Run("postgresql", func(t *testing.T) { run(t, Postgres(t)) })
}
