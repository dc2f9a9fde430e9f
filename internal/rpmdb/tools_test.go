package rpmdb

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/golden"
)

// Databases as Berkeley DB and SQLite themselves write them. Those in testdata were kept by running the tests with
// -update, and are read where the tools are absent.

// somePackages returns the headers of n packages of 0 to 60 files, and what readAll says of them.
func somePackages(n int) (headers [][]byte, want []string) {
	for i := range n {
		name, files := fmt.Sprintf("package%d", i), i*17%61
		headers = append(headers, buildPackage(name, files))
		want = append(want, fmt.Sprintf("%d %s %d", i+1, name, files))
	}
	slices.Sort(want)
	return headers, want
}

// tool returns the path of a program, or skips the test.
func tool(t *testing.T, pkg string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	t.Skipf("%s is not installed (Debian package %s)", names[0], pkg)
	return ""
}

// pipe runs a program with an input.
func pipe(t *testing.T, input, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// keep writes a database to testdata where golden files are being rewritten.
func keep(t *testing.T, name string, content []byte) {
	t.Helper()
	if golden.Updating() {
		if err := os.WriteFile(filepath.Join("testdata", name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBerkeleyDBItself(t *testing.T) {
	load := tool(t, "db5.3-util", "db5.3_load", "db_load")
	for _, c := range []struct {
		order    int // as db_lorder has it
		pageSize int
		packages int
		keep     string
	}{
		{1234, 512, 7, "hash-le-512"}, {4321, 512, 7, "hash-be-512"}, {1234, 512, 500, ""}, {4321, 1024, 500, ""},
		{1234, 4096, 500, ""}, {4321, 4096, 500, ""}, {1234, 16384, 500, ""}, {4321, 65536, 500, ""}, {1234, 4096, 0, ""},
	} {
		headers, want := somePackages(c.packages)
		var in strings.Builder
		fmt.Fprintf(&in, "VERSION=3\nformat=bytevalue\ntype=hash\ndb_lorder=%d\ndb_pagesize=%d\nHEADER=END\n", c.order, c.pageSize)
		key := func(n int) {
			if c.order == 1234 {
				fmt.Fprintf(&in, " %02x%02x0000\n", n&255, n>>8)
			} else {
				fmt.Fprintf(&in, " 0000%02x%02x\n", n>>8, n&255)
			}
		}
		key(0)
		fmt.Fprintf(&in, " %08x\n", c.packages)
		for i, h := range headers {
			key(i + 1)
			fmt.Fprintf(&in, " %x\n", h)
		}
		in.WriteString("DATA=END\n")
		name := filepath.Join(t.TempDir(), "Packages")
		pipe(t, in.String(), load, name)
		t.Logf("order %d, pages of %d, %d packages", c.order, c.pageSize, c.packages)
		db := readFile(t, name)
		checkRead(t, db, nil, want)
		if c.keep != "" {
			keep(t, c.keep, db)
		}
	}
}

func TestSQLiteItself(t *testing.T) {
	sqlite := tool(t, "sqlite3", "sqlite3")
	for _, c := range []struct {
		pragma   string
		packages int
		keep     string
	}{
		{"page_size=512; pragma auto_vacuum=full", 7, "vacuum.sqlite"}, {"page_size=512", 500, ""},
		{"page_size=1024; pragma auto_vacuum=incremental", 500, ""}, {"page_size=4096", 500, ""}, {"page_size=65536", 500, ""},
		{"page_size=4096", 0, ""},
	} {
		headers, want := somePackages(c.packages)
		var sql strings.Builder
		fmt.Fprintf(&sql, "pragma %s;\n", c.pragma)
		sql.WriteString("CREATE TABLE IF NOT EXISTS 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL);\n" +
			"CREATE TABLE IF NOT EXISTS 'Name' (key TEXT NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL);\n" +
			"CREATE INDEX 'Name_key_idx' ON 'Name'(key ASC);\nBEGIN;\n")
		insert := func(number int, h []byte) {
			fmt.Fprintf(&sql, "INSERT INTO Packages VALUES (%d, x'%x');\nINSERT INTO Name VALUES ('%[1]d', %[1]d, 0);\n", number, h)
		}
		for i, h := range headers {
			insert(i+1, h)
			insert(i+10000, h) // to be deleted, so that the tree has holes and there are free pages
		}
		sql.WriteString("DELETE FROM Packages WHERE hnum >= 10000;\nCOMMIT;\n")
		name := filepath.Join(t.TempDir(), "rpmdb.sqlite")
		pipe(t, sql.String(), sqlite, "-bail", name)
		t.Logf("%s, %d packages", c.pragma, c.packages)
		checkRead(t, readFile(t, name), nil, want)

		// A log of two transactions over it, which the last connection left behind.
		sql.Reset()
		sql.WriteString(".dbconfig no_ckpt_on_close on\npragma journal_mode=wal;\npragma wal_autocheckpoint=0;\n" +
			"DELETE FROM Packages WHERE hnum <= 3;\n")
		insert(20000, buildPackage("late", 300))
		pipe(t, sql.String(), sqlite, "-bail", name)
		db, wal := readFile(t, name), readFile(t, name+"-wal")
		pending := slices.DeleteFunc(slices.Clone(want), func(s string) bool {
			return strings.HasPrefix(s, "1 ") || strings.HasPrefix(s, "2 ") || strings.HasPrefix(s, "3 ")
		})
		pending = append(pending, "20000 late 300")
		slices.Sort(pending)
		checkRead(t, db, wal, pending)
		checkRead(t, db, nil, want)
		if c.keep != "" {
			keep(t, c.keep, db)
			keep(t, c.keep+"-wal", wal)
		}

		// The log applied, and the database left in WAL mode.
		pipe(t, "pragma wal_checkpoint(truncate);", sqlite, "-bail", name)
		checkRead(t, readFile(t, name), nil, pending)
	}
}

func TestKept(t *testing.T) {
	_, want := somePackages(7)
	checkRead(t, readFile(t, "testdata/hash-le-512"), nil, want)
	checkRead(t, readFile(t, "testdata/hash-be-512"), nil, want)
	checkRead(t, readFile(t, "testdata/vacuum.sqlite"), nil, want)
	checkRead(t, readFile(t, "testdata/vacuum.sqlite"), readFile(t, "testdata/vacuum.sqlite-wal"),
		append([]string{"20000 late 300"}, want[3:]...))
}

// Whatever byte is damaged, there is something to say: headers or errors.
func TestDamageAnywhere(t *testing.T) {
	vacuum := readFile(t, "testdata/vacuum.sqlite")
	for _, name := range []string{"hash-le-512", "hash-be-512", "vacuum.sqlite", "vacuum.sqlite-wal"} {
		sound := readFile(t, filepath.Join("testdata", name))
		for off := range sound {
			if off%512 >= 32 && off%7 != 0 {
				continue
			}
			damaged, log := bytes.Clone(sound), []byte(nil)
			damaged[off] ^= 0x55
			if strings.HasSuffix(name, "-wal") {
				damaged, log = vacuum, damaged
			}
			if headers, errs := readAll(t, damaged, log); len(headers) == 0 && len(errs) == 0 {
				t.Errorf("%s: byte %d: neither headers nor errors", name, off)
			}
		}
	}
}
