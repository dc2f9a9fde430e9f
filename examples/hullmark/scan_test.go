package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/json"
)

// TestDemo holds all forms of the results against what they were.
func TestDemo(t *testing.T) {
	for format, name := range map[string]string{"table": "demo.txt", "json": "demo.json", "cyclonedx": "demo.cdx.json"} {
		stdout, stderr, code := hullmark(t, "scan", "--cache", "off", "--format", format, "demo:")
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		golden(t, name, stdout)
		if format == "table" {
			golden(t, "demo.stderr.txt", stderr)
		}
	}
}

// assessment reads the JSON form.
func assessment(t *testing.T, text string) *report.Assessment {
	t.Helper()
	x, err := json.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// The demonstration image shows what its comment promises.
func TestDemoStory(t *testing.T) {
	stdout, _, _ := hullmark(t, "scan", "--cache", "off", "--format", "json", "demo:")
	x := assessment(t, stdout)
	byName := make(map[string]*analyzer.Component)
	for i := range x.Report.Components {
		c := &x.Report.Components[i]
		byName[c.Type+" "+c.Name] = c
	}
	for _, gone := range []string{"deb wget", "pypi Jinja2"} {
		if byName[gone] != nil {
			t.Errorf("%s was deleted by the last layer, and is still there", gone)
		}
	}
	if c := byName["deb openssl"]; c == nil || c.Version != "1.0.1t-1+deb8u11" || c.Layer != 3 {
		t.Errorf("openssl was upgraded in layer 3: %+v", c)
	}
	if c := byName["deb bash"]; c == nil || c.Layer != 0 || len(c.Licenses) != 1 {
		t.Errorf("bash came with layer 0, and has a licence: %+v", c)
	}
	if c := byName["deb nodejs"]; c == nil || c.Namespace != "nodesource.com" {
		t.Errorf("nodejs was not built by Debian: %+v", c)
	}
	owned, owner := byName["pypi requests"], byName["deb python-requests"]
	if owned == nil || owner == nil || owned.Owner != owner.ID {
		t.Errorf("requests belongs to python-requests: %+v", owned)
	}
	matched := make(map[string]int)
	for _, m := range x.Result.Matches {
		matched[m.Component]++
	}
	if matched[byName["pypi Django"].ID] == 0 || matched[byName["pypi requests"].ID] > 0 || matched[byName["deb nodejs"].ID] > 0 {
		t.Error("Django of pip has vulnerabilities; requests is Debian's to fix, and nodejs is not Debian's")
	}
}

// A release that the database does not know does not look clean in any form.
func TestUncovered(t *testing.T) {
	image := rootfs(t, map[string]string{"etc/os-release": bookworm, "var/lib/dpkg/status": stanza("bash", "5.2") + stanza("tar", "1.34") + stanza("sed", "4.9") + stanza("gzip", "1.12")})
	for format, want := range map[string]string{
		"table":     "No advisories for deb debian 12: 4 packages could not be checked.\n",
		"json":      `"covered": false`,
		"cyclonedx": `"incomplete"`,
	} {
		stdout, _, code := hullmark(t, "scan", "--cache", "off", "--format", format, image)
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("%s: exit code %d, no %q in\n%s", format, code, want, stdout)
		}
	}
}

// What lock files name is added by --declared, and counted where it is left out.
func TestDeclared(t *testing.T) {
	image := rootfs(t, map[string]string{"app/requirements.txt": "django==1.11.20\n"})
	for flag, want := range map[string]bool{"--declared=false": false, "--declared": true} {
		stdout, _, _ := hullmark(t, "sbom", "--cache", "off", flag, image)
		if got := strings.Contains(stdout, "pkg:pypi/django@1.11.20"); got != want {
			t.Errorf("sbom %s: django is there: %v", flag, got)
		}
		stdout, _, _ = hullmark(t, "scan", "--cache", "off", "--format", "json", flag, image)
		if got := strings.Contains(stdout, "CVE-2019-12308"); got != want {
			t.Errorf("scan %s: CVE-2019-12308 is there: %v", flag, got)
		}
		if got := strings.Contains(stdout, `"declared": 1`); got == want {
			t.Errorf("scan %s: hidden is counted: %v", flag, got)
		}
	}
}

// The same image gives the same bytes, however many layers are read at once, from a cache or not.
func TestDeterministic(t *testing.T) {
	for _, image := range []string{demoRef, corpus.Image(t, "debian-app"), corpus.Image(t, "rpm-sqlite")} {
		cache := t.TempDir()
		want := ""
		for _, way := range []struct {
			parallel int
			cache    string
		}{{1, "off"}, {8, "off"}, {8, cache}, {1, cache}} {
			stdout, stderr, code := hullmark(t, "scan", "--format", "cyclonedx", "--parallel", strconv.Itoa(way.parallel), "--cache", way.cache, image)
			if code != 0 {
				t.Fatalf("%s: exit code %d: %s", image, code, stderr)
			}
			if want == "" {
				want = stdout
			}
			if stdout != want {
				t.Errorf("%s: other bytes with --parallel %d --cache %s", image, way.parallel, way.cache)
			}
		}
		if entries, err := os.ReadDir(cache); err != nil || len(entries) == 0 {
			t.Errorf("%s: the cache is empty: %v", image, err)
		}
	}
}

// A cache that cannot be used costs time, not results.
func TestBadCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := hullmark(t, "sbom", "--cache", file, "demo:")
	want, _, _ := hullmark(t, "sbom", "--cache", "off", "demo:")
	if code != 0 || stdout != want {
		t.Errorf("exit code %d, other results: %v", code, stdout != want)
	}
	if strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "the results are not affected") {
		t.Errorf("standard error %q", stderr)
	}
}
