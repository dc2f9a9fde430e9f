package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A database is built of feeds in files, directories and at URLs, says what it holds, and is matched against.
func TestDatabase(t *testing.T) {
	server := httptest.NewServer(http.FileServer(http.Dir("testdata/feeds")))
	defer server.Close()
	dir := t.TempDir()
	local, remote := filepath.Join(dir, "local.db"), filepath.Join(dir, "remote.db")

	stdout, stderr, code := hullmark(t, "db", "build", "-o", local, "--feed", "debian@2019-09-01=testdata/feeds/debian.json", "--feed", "osv=testdata/feeds/osv")
	if code != 0 || stdout != "" {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}
	for _, want := range []string{
		`hullmark: debian: CVE-2019-0002: tar: jessie: unknown status "ajar"`,
		"hullmark: debian: 2 records of 2019-09-01, 0 withdrawn, 1 bad: 2 advisories",
		"hullmark: osv: 1 record of 2024-01-02, 0 withdrawn, 0 bad: 1 advisory",
	} {
		if !strings.Contains(stderr, want+"\n") {
			t.Errorf("standard error has no %q:\n%s", want, stderr)
		}
	}
	stdout, stderr, code = hullmark(t, "db", "info", local)
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, want := range []string{"3 advisories, 2 ranges", "deb debian 8", "deb debian 12", "pypi", "2019-09-01", "2024-01-02"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("db info has no %q:\n%s", want, stdout)
		}
	}

	// Diagnostics stay, with --quiet.
	_, stderr, code = hullmark(t, "db", "build", "--quiet", "-o", remote, "--feed", "debian@2019-09-01="+server.URL+"/debian.json")
	if want := "hullmark: debian: CVE-2019-0002: tar: jessie: unknown status \"ajar\"\n"; code != 0 || stderr != want {
		t.Errorf("exit code %d, standard error %q, want %q", code, stderr, want)
	}

	image := rootfs(t, map[string]string{
		"etc/os-release": bookworm, "var/lib/dpkg/status": stanza("bash", "5.2.15-2+b2"),
		"opt/example-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: example\nVersion: 1.0\n",
	})
	stdout, stderr, code = hullmark(t, "scan", "--cache", "off", "--db", local, "--fail-on", "critical", image)
	if code != 4 || !strings.Contains(stderr, "1 vulnerability is critical or worse") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if strings.Contains(stderr, "starter") || !strings.Contains(stdout, "CVE-2019-0001\t5.2.15-3\t") || !strings.Contains(stdout, "critical 9.8 ex\tCVE-2024-0001\t2") {
		t.Errorf("results:\n%s\nstandard error:\n%s", stdout, stderr)
	}
}

// An update that goes wrong leaves the database as it was.
func TestFailedBuild(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	name := filepath.Join(t.TempDir(), "a.db")
	if err := os.WriteFile(name, starterFile(t), 0o644); err != nil {
		t.Fatal(err)
	}
	for location, want := range map[string]string{
		server.URL + "/data.json": "404",
		"testdata/nothing.json":   "no such file",
		"testdata/demo.txt":       "invalid character",
	} {
		_, stderr, code := hullmark(t, "db", "build", "--feed", "debian="+location, "-o", name)
		if code != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d, standard error %q; want %q", location, code, stderr, want)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil || !bytes.Equal(got, starterFile(t)) {
		t.Errorf("the database changed: %v", err)
	}
	if list, err := filepath.Glob(filepath.Join(filepath.Dir(name), "*")); err != nil || len(list) != 1 {
		t.Errorf("left behind: %q, %v", list, err)
	}
}
