package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/matcher/version"
)

// hullmark runs the command in this process, on the first of January 2025 and without the user's cache, and returns what
// it wrote.
func hullmark(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = testApp(&out, &errs).run(t.Context(), args)
	return out.String(), errs.String(), code
}

func testApp(stdout, stderr io.Writer) *app {
	return &app{stdin: strings.NewReader(""), stdout: stdout, stderr: stderr, environ: os.Environ(), now: func() time.Time { return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC) }}
}

var update = flag.Bool("update", false, "rewrite golden files")

// starterFile returns the starter database.
func starterFile(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(starterName)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const starterName = "../../internal/starterdb/starter.db"

// golden compares with a file of testdata, or rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		at := 0
		for at < len(got) && at < len(want) && got[at] == want[at] {
			at++
		}
		line := 1 + strings.Count(got[:at], "\n")
		t.Errorf("%s differs from line %d on; go test -update rewrites it:\n--- want\n%.600s\n--- got\n%.600s", name, line,
			want[max(0, at-200):], got[max(0, at-200):])
	}
}

// rootfs makes a root file system.
func rootfs(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return "rootfs:" + dir
}

const (
	bookworm = "ID=debian\nVERSION_ID=\"12\"\n"
	jessie   = "ID=debian\nVERSION_ID=\"8\"\n"
)

// stanza is a package in dpkg's database.
func stanza(name, version string) string {
	return fmt.Sprintf("Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: %s\n\n", name, version)
}

func TestExitCodes(t *testing.T) {
	empty := rootfs(t, nil)
	uncovered := rootfs(t, map[string]string{"etc/os-release": bookworm, "var/lib/dpkg/status": stanza("bash", "5.2.15-2+b2")})
	unknown := rootfs(t, map[string]string{"var/lib/dpkg/status": stanza("bash", "4.3-11")})
	sampled := rootfs(t, map[string]string{"etc/os-release": "ID=alpine\nVERSION_ID=3.19.1\n", "lib/apk/db/installed": "P:busybox\nV:1.36.1-r15\nA:x86_64\n\n"})
	clean := rootfs(t, map[string]string{"etc/os-release": jessie, "var/lib/dpkg/status": stanza("hello", "2.9-2")})
	for _, test := range []struct {
		name   string
		args   string
		code   int
		stderr string // part of it
	}{
		{"no judgement asked for", "scan demo:", 0, ""},
		{"no judgement asked for, no data", "scan " + uncovered, 0, ""},
		{"something high", "scan --fail-on high demo:", 4, "10 vulnerabilities are high or worse, which --fail-on disallows"},
		{"disallowed wins over uncovered", "scan --fail-on LOW demo:", 4, "low or worse"},
		{"nothing critical, but a package without data", "scan --fail-on critical demo:", 3, "no advisories for deb nodesource.com 8 (1 package); name a database with --db, or pass --allow-uncovered"},
		{"that is allowed", "scan --fail-on critical --allow-uncovered demo:", 0, "13 vulnerabilities of unknown severity: --fail-on lets them pass"},
		{"allowing that allows no more", "scan --fail-on high --allow-uncovered demo:", 4, ""},
		{"a release without data", "scan --fail-on high " + uncovered, 3, "no advisories for deb debian 12 (1 package)"},
		{"an unknown distribution", "scan --fail-on high " + unknown, 3, "no advisories for deb of an unknown distribution (1 package)"},
		{"a distribution without feed", "scan --fail-on high " + sampled, 3, "no advisories for apk alpine 3.19 (1 package)"},
		{"nothing to judge", "scan --fail-on high " + empty, 3, "no package could be checked"},
		{"nothing wrong", "scan --fail-on negligible " + clean, 0, ""},
		{"sbom", "sbom demo:", 0, ""},

		{"no image there", "scan " + empty + "/nothing", 1, "no such file or directory"},
		{"no archive there", "sbom ./nothing.tar", 1, "hullmark --help lists the forms of an image"},
		{"no document", "match", 1, "SBOM is missing; see hullmark match --help"},
		{"no document there", "match nothing.json", 1, "no such file or directory"},
		{"no SBOM", "match scan.go", 1, "match takes a document of CycloneDX, SPDX or syft"},
		{"no image", "scan", 1, "IMAGE is missing; see hullmark scan --help"},
		{"two images", "scan demo: demo:", 1, `unexpected argument "demo:"`},
		{"no such flag", "scan --nothing demo:", 1, "unknown flag: --nothing; see hullmark scan --help"},
		{"the beginning of a flag", "scan --fail high demo:", 1, "unknown flag: --fail; did you mean --fail-on?; see hullmark scan --help"},
		{"a flag with a mistake", "sbom --paralel 2 demo:", 1, "unknown flag: --paralel; did you mean --parallel?; see hullmark sbom --help"},
		{"a flag of trivy", "scan --ignore-unfixed demo:", 1, "unknown flag: --ignore-unfixed; use --only-fixed; see hullmark scan --help"},
		{"a flag of trivy, with a reason", "scan --exit-code 1 demo:", 1, "unknown flag: --exit-code; use --fail-on (the codes are fixed: 3 and 4); see hullmark scan --help"},
		{"a flag of grype that is missing", "scan --by-cve demo:", 1, "unknown flag: --by-cve; hullmark has none like it: the CVE comes first if there is one"},
		{"a flag of syft", "sbom --select-catalogers python demo:", 1, "unknown flag: --select-catalogers; use sbom --skip, sbom --plugin; see hullmark sbom --help"},
		{"no such letter", "scan -x demo:", 1, "unknown shorthand flag: 'x' in -x; see hullmark scan --help"},
		{"no such command", "scna demo:", 1, `unknown command "scna"; did you mean scan?; see hullmark --help`},
		{"no such db command", "db make", 1, `unknown command "make"; see hullmark db --help`},
		{"no such severity", "scan --fail-on terrible demo:", 1, `unknown severity --fail-on "terrible"; use negligible, low, medium, high or critical`},
		{"no such format", "scan --format xml demo:", 1, `unknown --format "xml"; use table, json, cyclonedx, sarif`},
		{"no such database", "scan --db nothing.db demo:", 1, "make one with hullmark db update"},
		{"no database", "scan --db run_test.go demo:", 1, "not a database"},
		{"negative parallelism", "scan --parallel -1 demo:", 1, "--parallel -1 is less than 1"},
		{"a platform of the demonstration", "scan --platform linux/arm64 demo:", 1, "omit --platform"},
		{"no place for results", "scan -o no/such/directory demo:", 1, "choose another file with -o"},
		{"no feed", "db build -o x.db", 1, "--feed NAME=LOCATION... is missing"},
		{"no output", "db build --feed debian=x", 1, "-o FILE is missing"},
		{"unknown feed", "db build --feed debain=x -o x.db", 1, `unknown feed "debain"; feeds: `},
		{"a feed without location", "db build --feed debian -o x.db", 1, "not of the form NAME=LOCATION"},
		{"a feed with a bad date", "db build --feed debian@yesterday=x -o x.db", 1, `"yesterday" is not a date`},
		{"info on nothing", "db info nothing.db", 1, "make one with hullmark db update"},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := strings.Fields(test.args)
			if args[0] == "scan" || args[0] == "sbom" {
				args = append(args, "--cache", "off")
			}
			stdout, stderr, code := hullmark(t, args...)
			if code != test.code || !strings.Contains(stderr, test.stderr) {
				t.Errorf("exit code %d, want %d; want %q in standard error:\n%s", code, test.code, test.stderr, stderr)
			}
			if (stdout != "") != (code != 1) {
				t.Errorf("%d bytes on standard output with exit code %d", len(stdout), code)
			}
			for line := range strings.Lines(stderr) {
				if !strings.HasPrefix(line, "hullmark: ") {
					t.Errorf("standard error has a line %q", line)
				}
			}
		})
	}
}

func TestHelp(t *testing.T) {
	var commands [][]string
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		commands = append(commands, strings.Fields(c.CommandPath())[1:])
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(testApp(io.Discard, io.Discard).rootCommand())
	pages := 0
	err := filepath.WalkDir("help", func(name string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			pages++
		}
		return err
	})
	if err != nil || pages != len(commands) {
		t.Errorf("%d pages for %d commands: %v", pages, len(commands), err)
	}
	var all strings.Builder
	for _, args := range commands {
		stdout, stderr, code := hullmark(t, append(args, "--help")...)
		if code != 0 || stderr != "" {
			t.Errorf("%q --help: exit code %d, standard error %q", args, code, stderr)
		}
		for line := range strings.Lines(stdout) {
			if n := len(strings.TrimSuffix(line, "\n")); n > 120 {
				t.Errorf("%q --help: a line of %d characters: %s", args, n, line)
			}
		}
		fmt.Fprintf(&all, "$ hullmark %s\n%s\n", strings.Join(append(args, "--help"), " "), stdout)
	}
	golden(t, "help.txt", all.String())
	for _, purlType := range version.Types() {
		if help, _, _ := hullmark(t, "version", "compare", "--help"); !strings.Contains(help, purlType) {
			t.Errorf("version compare --help does not list %s", purlType)
		}
	}
}

// The command prints the schema of its JSON forms.
func TestSchema(t *testing.T) {
	stdout, stderr, code := hullmark(t, "schema")
	if code != 0 || stderr != "" || stdout != string(json.Schema()) {
		t.Errorf("exit code %d, %q, standard output of %d bytes", code, stderr, len(stdout))
	}
}

// What is wrong in a file is told in one line, the same of several files once, and nothing in it moves the cursor.
func TestDiagnostics(t *testing.T) {
	files := map[string]string{"etc/os-release": jessie, "var/lib/dpkg/status": stanza("bash", "4.3-11") + "no colon\n"}
	for i := range 30 {
		files[fmt.Sprintf("opt/%02d/x.dist-info/METADATA", i)] = "Name: x\x1b[31m\n"
		files[fmt.Sprintf("srv/%02d/y%02d.dist-info/METADATA", i, i)] = fmt.Sprintf("Name: y%02d\n", i)
	}
	image := rootfs(t, files)
	for _, quiet := range []string{"--quiet=false", "--quiet"} {
		stdout, stderr, code := hullmark(t, "sbom", "--cache", "off", quiet, image)
		if code != 0 || !strings.HasPrefix(stdout, "{") {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
		if len(lines) != maxDiagnostics+1 {
			t.Errorf("%d lines, want %d and what was left out:\n%s", len(lines), maxDiagnostics, stderr)
		}
		if want := "hullmark: opt/00/x.dist-info/METADATA: x\\x1b[31m: no Version (and 29 other files)"; lines[0] != want {
			t.Errorf("first line %q, want %q", lines[0], want)
		}
		if last := lines[len(lines)-1]; !strings.Contains(last, "more diagnostics; --format json has all of them") {
			t.Errorf("last line %q", last)
		}
	}
}

// A file of results appears when it is complete, and not otherwise.
func TestOutputFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "result")
	names := func() (list []string) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			list = append(list, e.Name())
		}
		return list
	}
	if _, stderr, code := hullmark(t, "sbom", "--cache", "off", "-o", name, filepath.Join(dir, "nothing.tar")); code != 1 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if list := names(); len(list) > 0 {
		t.Fatalf("a scan that failed left %q", list)
	}
	stdout, stderr, code := hullmark(t, "scan", "--cache", "off", "--format", "json", "--fail-on", "high", "-o", name, "demo:")
	if code != 4 || stdout != "" {
		t.Fatalf("exit code %d, standard output %q: %s", code, stdout, stderr)
	}
	want, _, _ := hullmark(t, "scan", "--cache", "off", "--format", "json", "--fail-on", "high", "demo:")
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("the file differs from standard output")
	}
	if _, _, code := hullmark(t, "sbom", "--cache", "off", "-o", name, filepath.Join(dir, "nothing.tar")); code != 1 {
		t.Fatalf("exit code %d", code)
	}
	if after, err := os.ReadFile(name); err != nil || !bytes.Equal(got, after) {
		t.Errorf("a scan that failed changed the file of one that did not: %v", err)
	}
	if list := names(); len(list) != 1 {
		t.Errorf("left behind: %q", list)
	}
	if _, stderr, code := hullmark(t, "sbom", "--cache", "off", "-o", os.DevNull, "demo:"); code != 0 {
		t.Errorf("writing to a device: exit code %d: %s", code, stderr)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("a device was replaced by a file: %v", err)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	code := testApp(&stdout, &stderr).run(ctx, []string{"scan", "--cache", "off", "demo:"})
	if code != 1 || stdout.Len() > 0 || !strings.HasSuffix(stderr.String(), "hullmark: interrupted; no results were written\n") {
		t.Errorf("exit code %d, %d bytes on standard output, standard error %q", code, stdout.Len(), stderr.String())
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func TestBrokenPipe(t *testing.T) {
	for _, args := range [][]string{{"sbom", "--cache", "off", "demo:"}, {"scan", "--cache", "off", "--db", starterName, "demo:"}} {
		var stderr bytes.Buffer
		if code := testApp(brokenPipe{}, &stderr).run(t.Context(), args); code != 1 || stderr.Len() > 0 {
			t.Errorf("%q: exit code %d, standard error %q; want 1 and silence", args, code, stderr.String())
		}
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"libc6 2.19":         "libc6 2.19",
		"größe 日本":           "größe 日本",
		"\x1b]0;owned\x07":   `\x1b]0;owned\a`,
		"a\nhullmark: b":     `a\nhullmark: b`,
		"abc\u202egnp.exe":   `abc\u202egnp.exe`,
		"bad \xff\xfe bytes": `bad \xff\xfe bytes`,
		"real \uFFFD":        "real \uFFFD",
	} {
		if got := terminal.Escape(in); got != want {
			t.Errorf("terminal.Escape(%q) = %q, want %q", in, got, want)
		}
	}
}
