package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// fresh is a machine on its first day, with publishers at a mirror.
func fresh(t *testing.T, mirror string) (cache string) {
	t.Helper()
	cache = t.TempDir()
	for name, value := range map[string]string{"HULLMARK_OFFLINE": "", envMirror: mirror, "XDG_CACHE_HOME": cache} {
		t.Setenv(name, value)
	}
	return cache
}

// rpms is the list of packages of a distribution's image without an rpm database.
func rpms(vendor, epoch, arch string, packages ...string) string {
	var b strings.Builder
	for _, p := range packages {
		name, version, _ := strings.Cut(p, " ")
		b.WriteString(strings.Join([]string{name, version, "1700000000", "1690000000", vendor, epoch, "1", arch, epoch, name + "-" + version + ".src.rpm"}, "\t") + "\n")
	}
	return b.String()
}

const (
	kevHost  = "www.cisa.gov"
	osvHost  = "osv-vulnerabilities.storage.googleapis.com"
	debHost  = "security-tracker.debian.org"
	aioImage = "opt/venv/lib/python3.11/site-packages/aiohttp-3.8.4.dist-info/METADATA"
)

// firstImages are images, what one scan on a machine's first day finds in them, and the hosts that it asks.
func firstImages(t *testing.T) []firstImage {
	return []firstImage{
		{"alpine", rootfs(t, map[string]string{"etc/os-release": "ID=alpine\nVERSION_ID=3.16.2\n", "lib/apk/db/installed": "P:apache2\nV:2.4.26-r0\nA:x86_64\no:apache2\n\n"}),
			"CVE-2017-9798", []string{"gitlab.alpinelinux.org", "secdb.alpinelinux.org", kevHost}},
		{"debian", "oci:" + filepath.Join(corpus.Dir(t), "images", "debian-base"), "CVE-2019-0001", []string{debHost, kevHost}},
		{"ubuntu", rootfs(t, map[string]string{"etc/os-release": "ID=ubuntu\nVERSION_ID=\"22.04\"\nVERSION_CODENAME=jammy\n", "var/lib/dpkg/status": stanza("rabbitmq-server", "3.9.13-1")}),
			"CVE-2024-51988", []string{"security-metadata.canonical.com", kevHost}},
		{"amazon", rootfs(t, map[string]string{"etc/os-release": "ID=amzn\nVERSION_ID=\"2023\"\n", "var/lib/rpmmanifest/container-manifest-2": rpms("Amazon Linux", "0", "x86_64", "rsyslog 8.2204.0-2.amzn2023.0.1")}),
			"CVE-2022-24903", []string{"cdn.amazonlinux.com", kevHost}},
		{"redhat", rootfs(t, map[string]string{"etc/os-release": "ID=rhel\nVERSION_ID=\"9.3\"\n", "var/lib/rpmmanifest/container-manifest-2": rpms("Red Hat, Inc.", "1", "x86_64", "openssl 3.0.7-24.el9")}),
			"CVE-2023-6237", []string{"security.access.redhat.com", kevHost}},
		{"python", rootfs(t, map[string]string{aioImage: "Metadata-Version: 2.1\nName: aiohttp\nVersion: 3.8.4\n"}),
			"CVE-2023-37276", []string{osvHost, kevHost}},
	}
}

type firstImage struct {
	name, ref, finds string
	hosts            []string
}

// TestFirstDay scans an image of each of the most common distributions, and one of Python, with one command on a machine without a database. The
// answers of the publishers are recorded. TestAlone runs it without any other network.
func TestFirstDay(t *testing.T) {
	p := newPublishers(t)
	for _, x := range firstImages(t) {
		t.Run(x.name, func(t *testing.T) {
			cache := fresh(t, p.URL)
			stdout, stderr, code := hullmark(t, "scan", "--cache", "off", x.ref)
			slices.Sort(x.hosts)
			if hosts := p.took(); code != 0 || !strings.Contains(stdout, x.finds) || !slices.Equal(hosts, x.hosts) {
				t.Fatalf("exit code %d, asked %v, want %v:\n%s%s", code, hosts, x.hosts, stdout, stderr)
			}
			for _, want := range []string{"fetching the advisories for ", " from their publishers into " + cache, " records of ", "B\n", "fetched "} {
				if !strings.Contains(stderr, want) {
					t.Errorf("standard error has no %q:\n%s", want, stderr)
				}
			}
			again, stderr, code := hullmark(t, "scan", "--cache", "off", x.ref)
			if hosts := p.took(); again != stdout || code != 0 || len(hosts) != 0 || strings.Contains(stderr, "fetch") {
				t.Errorf("again: exit code %d, asked %v:\n%s%s", code, hosts, again, stderr)
			}
			if explained, _, _ := hullmark(t, "explain", "--cache", "off", x.ref, x.finds); !strings.Contains(explained, "AFFECTED: ") {
				t.Errorf("explain: %s", explained)
			}
		})
	}
}

// All of these images share one database, and --fail-on judges what was fetched.
func TestFirstDayTogether(t *testing.T) {
	p := newPublishers(t)
	fresh(t, p.URL)
	for range 2 {
		for _, x := range firstImages(t) {
			if stdout, stderr, code := hullmark(t, "scan", "--cache", "off", "--quiet", x.ref); code != 0 || !strings.Contains(stdout, x.finds) || strings.Contains(stderr, "fetch") {
				t.Errorf("%s: exit code %d:\n%s%s", x.name, code, stdout, stderr)
			}
		}
		p.outOfOrder(true)
	}
}

// Each row is a moment on one machine with a Python image.
func TestFetch(t *testing.T) {
	p := newPublishers(t)
	cache := fresh(t, p.URL)
	image, alpine := firstImages(t)[5].ref, firstImages(t)[0].ref
	file := filepath.Join(t.TempDir(), "other.db")
	ok(t, "db", "build", "-o", file, "--feed", "osv=testdata/feeds/osv")
	const fetched = "osv\t2023-07-24" // the starter database has another date
	for _, tt := range []struct {
		name   string
		args   []string
		before func()
		asks   bool
		code   int
		shows  string // on standard output
		wants  string // on standard error
	}{
		{"the demonstration", []string{"scan", "demo:"}, nil, false, 0, "", "using the built-in starter database"},
		{"offline, before anything was fetched", []string{"scan", "--offline", image}, nil, false, 0, "", "using the built-in starter database"},
		{"google/osv-scanner#2983: offline, without data, no issues are found", []string{"scan", "--offline", "--fail-on", "critical", alpine}, nil, false, 3, "NO ADVISORIES", "no advisories for apk alpine 3.16"},
		{"no home directory", []string{"scan", "--cache", "off", "--fail-on", "critical", image}, func() { t.Setenv("XDG_CACHE_HOME", ""); t.Setenv("HOME", "") }, false, 3, "NOT FETCHED", "cannot fetch advisories: "},
		{"a database", []string{"scan", "--db", file, image}, func() { t.Setenv("XDG_CACHE_HOME", cache) }, false, 0, "", ""},
		{"a database of the environment", []string{"scan", image}, func() { t.Setenv("HULLMARK_DB", file) }, false, 0, "", ""},
		{"a key without a database", []string{"scan", "--db-key", "x.pub", image}, func() { t.Setenv("HULLMARK_DB", "") }, false, 1, "", "--db-key and --db-max-age need a database to check"},
		{"the age of a signature without a database", []string{"scan", "--db-max-age", "3", image}, nil, false, 1, "", "--db-key and --db-max-age need a database to check"},
		{"a negative age", []string{"scan", "--db-renew", "-1h", image}, nil, false, 1, "", "--db-renew -1h0m0s is less than 0"},
		{"publishers are out of order", []string{"scan", "--fail-on", "critical", image}, func() { p.outOfOrder(true) }, true, 3, "osv\tunknown\t\tNOT FETCHED", "503"},
		{"fetched", []string{"scan", image}, func() { p.outOfOrder(false) }, true, 0, fetched, "fetched "},
		{"offline", []string{"scan", "--offline", image}, nil, false, 0, fetched, "offline; using advisories that were renewed 0 hours ago, on 2025-01-01"},
		{"offline by the environment", []string{"scan", image}, func() { t.Setenv("HULLMARK_OFFLINE", "1") }, false, 0, fetched, "offline; "},
		{"new enough", []string{"scan", "--db-renew", "1ns", image}, func() { t.Setenv("HULLMARK_OFFLINE", "false") }, false, 0, fetched, ""},
		{"never", []string{"scan", "--db-renew", "0", image}, nil, false, 0, fetched, ""},
		{"query", []string{"db", "query", "pkg:pypi/aiohttp"}, nil, false, 0, "PYSEC-2023-120", ""},
		{"cut off", []string{"scan", image}, func() { truncate(t, cache) }, true, 0, fetched, "beginning anew"},
		{"damaged inside", []string{"scan", image}, func() { damage(t, cache) }, false, 1, "", "advisories.db: "},
		{"offline and damaged inside", []string{"explain", "--offline", image, "CVE-2023-37276"}, nil, false, 1, "", "; remove the file to fetch it again"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p.took()
			if tt.before != nil {
				tt.before()
			}
			stdout, stderr, code := hullmark(t, tt.args...)
			if asked := p.took(); code != tt.code || len(asked) > 0 != tt.asks || !strings.Contains(stdout, tt.shows) || !strings.Contains(stderr, tt.wants) {
				t.Errorf("exit code %d, asked %v:\n%s%s", code, asked, stdout, stderr)
			}
		})
	}
}

// fetchedFile returns the name of the fetched database.
func fetchedFile(t *testing.T, cache string) string {
	names, err := filepath.Glob(filepath.Join(cache, "hullmark", "db-*", "advisories.db"))
	if err != nil || len(names) != 1 {
		t.Fatalf("%v, %v", names, err)
	}
	return names[0]
}

// truncate cuts the fetched database in half.
func truncate(t *testing.T, cache string) {
	name := fetchedFile(t, cache)
	info, err := os.Stat(name)
	if err == nil {
		err = os.Truncate(name, info.Size()/2)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// damage changes the blocks of the fetched database.
func damage(t *testing.T, cache string) {
	name := fetchedFile(t, cache)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := 8; i < len(b)/2; i++ {
		b[i] ^= 1
	}
	if err := os.WriteFile(name, b, 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestRemoteRef tells references in registries from names of files.
func TestRemoteRef(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("team.d", 0o777); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"oci://registry.example/a:1": "registry.example/a:1", "registry.example/a:1": "registry.example/a:1", "localhost/a": "localhost/a", "localhost:5000/a": "localhost:5000/a",
		"registry.example/a@sha256:0123": "registry.example/a@sha256:0123",
		"advisories.db":                  "", "team.d/new.db": "", "./registry.example/a": "", "../registry.example/a": "", "/registry.example/a": "", "data/a.db": "", "registry.example/": "", "": "",
	} {
		if got, ok := remoteRef(name); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v", name, got, ok)
		}
	}
}

// Advisories of the user's own count beside every database.
func TestAdvisories(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "own.yaml")
	text := "id: ACME-2026-1\nmodified: 2026-01-03T00:00:00Z\naffected:\n- package:\n    ecosystem: Debian:12\n    name: bash\n  ranges:\n  - type: ECOSYSTEM\n    events:\n    - introduced: '0'\n    - fixed: 5.2.15-9\n"
	bad := filepath.Join(dir, "bad.yaml")
	for name, text := range map[string]string{own: text, bad: strings.Replace(text, "Debian:12", "Debain:12", 1)} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "a.db")
	ok(t, "db", "build", "-o", file, "--feed", "debian@2019-09-01=testdata/feeds/debian.json")
	image := rootfs(t, map[string]string{"etc/os-release": bookworm, "var/lib/dpkg/status": stanza("bash", "5.2.15-2+b2")})
	document := filepath.Join(dir, "a.cdx.json")
	ok(t, "sbom", "--cache", "off", "-o", document, image)
	for _, command := range [][]string{
		{"scan", "--cache", "off", "--db", file, "--advisories", own, image},
		{"match", "--db", file, "--advisories", own, document},
	} {
		if stdout, _ := ok(t, command...); !strings.Contains(stdout, "ACME-2026-1") || !strings.Contains(stdout, "CVE-2019-0001") || !strings.Contains(stdout, "own") {
			t.Errorf("%v: %s", command, stdout)
		}
	}
	for _, id := range []string{"ACME-2026-1", "CVE-2019-0001"} {
		if stdout, _ := ok(t, "explain", "--cache", "off", "--db", file, "--advisories", own, image, id); !strings.Contains(stdout, "AFFECTED: ") {
			t.Errorf("explain %s: %s", id, stdout)
		}
	}
	// They are no database: an image that nothing else covers is not covered.
	stdout, stderr, code := hullmark(t, "scan", "--cache", "off", "--fail-on", "critical", "--advisories", own, image)
	if code != 3 || !strings.Contains(stdout, "ACME-2026-1") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	fails(t, "--advisories: osv: "+bad, "scan", "--cache", "off", "--db", file, "--advisories", bad, image)
	fails(t, "no such file", "match", "--db", file, "--advisories", filepath.Join(dir, "none"), document)
}
