package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
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

// The demonstration image shows what its comment promises.
func TestDemoStory(t *testing.T) {
	stdout, _, _ := hullmark(t, "scan", "--cache", "off", "--format", "json", "demo:")
	var d jsonDocument
	if err := json.Unmarshal([]byte(stdout), &d); err != nil {
		t.Fatal(err)
	}
	byName := make(map[string]*jsonComponent)
	for i := range d.Components {
		byName[d.Components[i].Type+" "+d.Components[i].Name] = &d.Components[i]
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
	for _, m := range d.Matches {
		matched[m.Component]++
	}
	if matched[byName["pypi Django"].ID] == 0 || matched[byName["pypi requests"].ID] > 0 || matched[byName["deb nodejs"].ID] > 0 {
		t.Error("Django of pip has vulnerabilities; requests is Debian's to fix, and nodejs is not Debian's")
	}
}

// Every line of a table fits a terminal of usual width, and what no data is about stands out at any width.
func TestTableWidth(t *testing.T) {
	a := testApp(io.Discard, io.Discard)
	v := demoView(t, a)
	for _, width := range []int{80, 100, 140} {
		var b strings.Builder
		if err := writeTable(&b, v, style{width: width}, a.now()); err != nil {
			t.Fatal(err)
		}
		before, _, _ := strings.Cut(b.String(), "\n82 findings")
		for line := range strings.Lines(before) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("at %d, a line of %d: %s", width, n, line)
			}
		}
		if !strings.Contains(b.String(), "NOT JUDGED: no advisories are known for deb nodesource.com 8: 1 package (nodejs)") {
			t.Errorf("at %d, nodejs looks clean:\n%s", width, b.String())
		}
	}
	var b strings.Builder
	if err := writeTable(&b, v, style{colors: true}, a.now()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "\x1b[31mhigh\x1b[0m") {
		t.Error("no colours where they are wanted")
	}
}

func demoView(t *testing.T, a *app) *results {
	t.Helper()
	found, err := a.read(t.Context(), demoRef, &imageFlags{cache: "off"})
	if err != nil {
		t.Fatal(err)
	}
	source, err := a.openDatabase(t.Context(), "", trustFlags{})
	if err != nil {
		t.Fatal(err)
	}
	result, err := matcher.Matcher{Source: source}.Match(t.Context(), found)
	if err != nil {
		t.Fatal(err)
	}
	return newResults(source, found, result, report.Options{Name: demoRef})
}

// A release that the database does not know does not look clean in any form.
func TestUncovered(t *testing.T) {
	image := rootfs(t, map[string]string{"etc/os-release": bookworm, "var/lib/dpkg/status": stanza("bash", "5.2") + stanza("tar", "1.34") + stanza("sed", "4.9") + stanza("gzip", "1.12")})
	for format, want := range map[string]string{
		"table":     "NOT JUDGED: no advisories are known for deb debian 12: 4 packages\n",
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
	source, err := testApp(io.Discard, io.Discard).openDatabase(t.Context(), "", trustFlags{})
	if err != nil {
		t.Fatal(err)
	}
	v := newResults(source, &analyzer.Report{Components: []analyzer.Component{
		{ID: "1", Package: analyzer.Package{Type: "pypi", Name: "a", Version: "1", Declared: true}},
		{ID: "2", Package: analyzer.Package{Type: "pypi", Name: "b", Version: "1"}},
	}}, &matcher.Result{Skipped: []matcher.Skipped{{Component: "1", Reason: matcher.OnlyDeclared}}}, report.Options{})
	if len(v.Report.Components) != 1 || v.Omitted != 1 || len(v.Result.Skipped) != 0 {
		t.Errorf("components %v, %d declared, skipped %v", v.Report.Components, v.Omitted, v.Result.Skipped)
	}
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
	images := []string{demoRef}
	if corpus := os.Getenv("HULLMARK_CORPUS"); corpus != "" {
		for _, name := range []string{"debian-app", "rpm-sqlite"} {
			images = append(images, "oci:"+filepath.Join(corpus, "images", name))
		}
	} else {
		t.Log("HULLMARK_CORPUS is not set: only the demonstration image")
	}
	for _, image := range images {
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

func TestDays(t *testing.T) {
	day := time.Date(2019, 9, 1, 0, 0, 0, 0, time.UTC)
	for hours, want := range map[int]string{0: "0 days old", 24: "1 day old", 24*2640 + 5: "2,640 days old", -24: "0 days old"} {
		if got := daysOld(day, day.Add(time.Duration(hours)*time.Hour)); got != want {
			t.Errorf("%d hours: %q, want %q", hours, got, want)
		}
	}
}
