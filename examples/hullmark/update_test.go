package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mirror makes a directory that has the test data where publishers have theirs.
func mirror(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for from, to := range map[string]string{
		"testdata/feeds/debian.json":   "security-tracker.debian.org/tracker/data/json",
		"testdata/feeds/osv/EX-1.json": "osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip",
	} {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		to = filepath.Join(dir, to)
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A database is made from a mirror, found up to date, kept where a feed fails, and made for one image.
func TestUpdate(t *testing.T) {
	from := mirror(t)
	file := filepath.Join(t.TempDir(), "a.db")
	image := rootfs(t, map[string]string{"opt/example-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: example\nVersion: 1.0\n"})
	for _, tt := range []struct {
		args  []string
		code  int
		wants []string
	}{
		{[]string{"--feed", "osv/PyPI", "--feed", "debian"}, 0, []string{
			"hullmark: debian: 2 records of ", "1 bad: 2 advisories\n", "hullmark: osv/PyPI: 1 record of 2024-01-02", "a.db is up to date, after "}},
		{[]string{"--feed", "osv/PyPI", "--feed", "debian"}, 0, []string{
			"hullmark: debian: unchanged since ", "hullmark: osv/PyPI: unchanged since 2024-01-02\n", "no new data; "}},
		{[]string{"--feed", "osv/PyPI", "--feed", "osv/npm"}, 0, []string{
			"hullmark: osv/npm: ", "no such file or directory (--list shows the URLs); the database has no data of it\n", "no new data; "}},
		{[]string{"--feed", "osv=testdata/feeds/osv"}, 0, []string{"hullmark: osv: 1 record of 2024-01-02"}},
		{[]string{"--feed", "osv/npm"}, 1, []string{"hullmark: no dataset was renewed; "}},
		{[]string{"--feed", "osv/novel"}, 1, []string{`unknown feed or dataset "osv/novel"`}},
		{[]string{"--feed", "novel"}, 1, []string{`unknown feed "novel"; feeds: `}},
		{[]string{"more"}, 1, []string{`unexpected argument "more"; see hullmark db update --help`}},
	} {
		stdout, stderr, code := hullmark(t, append([]string{"db", "update", "-o", file, "--mirror", from}, tt.args...)...)
		if code != tt.code || stdout != "" {
			t.Errorf("%v: exit code %d, want %d: %s%s", tt.args, code, tt.code, stdout, stderr)
		}
		for _, want := range tt.wants {
			if !strings.Contains(stderr, want) {
				t.Errorf("%v: standard error has no %q:\n%s", tt.args, want, stderr)
			}
		}
	}
	// What an image needs: its ecosystems and no others.
	small := filepath.Join(t.TempDir(), "small.db")
	_, stderr, code := hullmark(t, "db", "update", "-o", small, "--mirror", from, "--cache", "off", "--for", image)
	if code != 0 || !strings.Contains(stderr, "osv/PyPI: 1 record") || strings.Contains(stderr, "debian") || strings.Contains(stderr, "npm") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	stdout, stderr, _ := hullmark(t, "scan", "--cache", "off", "--db", small, image)
	if !strings.Contains(stdout, "CVE-2024-0001") {
		t.Errorf("%s%s", stdout, stderr)
	}
	if list, err := os.ReadDir(filepath.Dir(small)); err != nil || len(list) != 1 {
		t.Errorf("left behind: %v, %v", list, err)
	}
	if _, stderr, code := hullmark(t, "db", "update"); code != 1 || !strings.Contains(stderr, "needs -o FILE") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if stdout, _, code := hullmark(t, "db", "update", "--list"); code != 0 || !strings.Contains(stdout, "debian ") || !strings.Contains(stdout, "osv/npm ") {
		t.Errorf("exit code %d: %s", code, stdout)
	}
}

// An update does not renew a database of an older format. With --replace it makes a new one, if it can.
func TestReplaceOutdated(t *testing.T) {
	from := mirror(t)
	file := filepath.Join(t.TempDir(), "a.db")
	outdated := starterFile(t)
	outdated[len(outdated)-64+48] = 1 // the version of the format in the footer
	if err := os.WriteFile(file, outdated, 0o640); err != nil {
		t.Fatal(err)
	}
	unchanged := func() {
		t.Helper()
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, outdated) {
			t.Errorf("the file has changed: %v", err)
		}
	}
	fails(t, "format version 1 instead of 2; make it again with hullmark db update --replace", "db", "update", "-o", file, "--mirror", from, "--feed", "debian")
	unchanged()
	fails(t, "no dataset was renewed", "db", "update", "-o", file, "--mirror", from, "--replace", "--feed", "osv/npm")
	unchanged()
	_, stderr := ok(t, "db", "update", "-o", file, "--mirror", from, "--replace", "--feed", "debian")
	if !strings.Contains(stderr, "is up to date") {
		t.Error(stderr)
	}
	if out, _ := ok(t, "db", "info", file); !strings.Contains(out, "2 advisories") {
		t.Error(out)
	}
	if fi, err := os.Stat(file); err != nil || fi.Mode().Perm() != 0o640 {
		t.Errorf("mode %v: %v", fi.Mode(), err)
	}

	ok(t, "db", "update", "-o", file, "--mirror", from, "--replace", "--feed", "osv/PyPI")
	if out, _ := ok(t, "db", "info", file); strings.Contains(out, "debian") || !strings.Contains(out, "1 advisory") {
		t.Errorf("data of the former database: %s", out)
	}

	text := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("notes\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	fails(t, "not a database", "db", "update", "-o", text, "--mirror", from, "--replace", "--feed", "debian")
}
