package check

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// embedded lists programs that use a part of the module, with their limits. The first is a host that opens its own images. The code
// runs under a condition that is never true, which the linker does not know.
var embedded = []struct {
	name    string
	imports []string
	code    string
	modules int     // linked, without this one
	mb      float64 // of the stripped program
}{
	{
		"all, matcher, sbom", []string{"analyzer/all", "analyzer/scan", "matcher", "matcher/report", "sbom"}, `
	found, _ := scan.Scanner{Analyzers: all.All()}.Scan(ctx, nil)
	result, _ := matcher.Matcher{}.Match(ctx, found)
	sbom.Encode(os.Stdout, &report.Assessment{Report: found, Result: result}, sbom.Options{})`, 8, 8.8,
	},
	{
		"all, scan, assess, json, sbom", []string{"analyzer/all", "analyzer/scan", "matcher/assess", "matcher/report/json", "sbom"}, `
	answer, _ := assess.Pipeline{Scanner: scan.Scanner{Analyzers: all.All()}}.Image(ctx, nil)
	json.Write(os.Stdout, answer)
	sbom.Encode(os.Stdout, answer, sbom.Options{})`, 8, 9.1,
	},
	{"analyzer", []string{"analyzer"}, `analyzer.Func(analyzer.Info{}, nil).Analyze(ctx, nil)`, 1, 4},
	{"analyzer/scan", []string{"analyzer/scan"}, `scan.Scanner{}.Scan(ctx, nil)`, 6, 7},
	{"analyzer/all, scan", []string{"analyzer/all", "analyzer/scan"}, `scan.Scanner{Analyzers: all.All()}.Scan(ctx, nil)`, 10, 10},
	{"analyzer/source", []string{"analyzer/source"}, `source.Open(ctx, "", source.Options{})`, 16, 15},
	{"matcher", []string{"matcher"}, `matcher.Matcher{}.Match(ctx, nil)`, 10, 8},
	{"sbom", []string{"sbom"}, `sbom.Encode(os.Stdout, nil, sbom.Options{})`, 12, 11},
	{"db", []string{"db"}, `f, _ := db.OpenFile(""); f.Advisories(ctx, nil)(nil)`, 10, 9},
}

// forbidden lists modules that embedders must not link. Only separate packages may need them.
var forbidden = []string{"google.golang.org/grpc", "github.com/hashicorp/go-plugin", "github.com/docker/docker", "modernc.org/sqlite", "github.com/mattn/go-sqlite3"}

// TestEmbedding builds the smallest programs that import parts of the module and prints their costs: the modules that go mod tidy
// adds to go.mod, the linked modules and packages, the size, and the start time compared with an empty program.
func TestEmbedding(t *testing.T) {
	if testing.Short() {
		t.Skip("builds several programs")
	}
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	version := strings.TrimSpace(run(t, "list", "-m", "-f", "{{.GoVersion}}"))
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	build := func(imports []string, code string) (dir, program string) {
		dir = t.TempDir()
		source := "package main\n\nimport \"context\"\nimport \"os\"\n"
		for _, p := range imports {
			source += fmt.Sprintf("import %q\n", module+"/"+p)
		}
		files := map[string]string{
			"main.go": source + "\nfunc main() {\n\tctx := context.Background()\n\t_ = ctx\n\tif len(os.Args) == 1 {\n\t\treturn\n\t}\n" + code + "\n}\n",
			"go.mod":  fmt.Sprintf("module example.com/host\n\ngo %s\n\nreplace %s => %s\n", version, module, top),
			"go.sum":  string(sums),
		}
		for f, text := range files {
			if err := os.WriteFile(filepath.Join(dir, f), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		program = filepath.Join(dir, "host")
		in(t, dir, "go", "mod", "tidy")
		in(t, dir, "go", "build", "-ldflags=-s -w", "-o", program, ".")
		return dir, program
	}
	_, empty := build(nil, "")
	idle := quickest(t, empty)
	t.Logf("%-20s %8s %8s %8s %6s %9s", "a program imports", "go.mod", "modules", "packages", "MB", "start ms")
	for _, e := range embedded {
		dir, program := build(e.imports, e.code)
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		required := strings.Count(string(mod), "\n\t") // in blocks, one a line
		var linked []string
		packages := 0
		for line := range strings.Lines(in(t, dir, "go", "list", "-deps", "-f", "{{if not .Standard}}{{with .Module}}{{.Path}}{{end}}{{end}}", ".")) {
			m := strings.TrimSpace(line)
			if m == "" || m == "example.com/host" {
				continue
			}
			packages++
			if m != module && !slices.Contains(linked, m) {
				linked = append(linked, m)
			}
		}
		info, err := os.Stat(program)
		if err != nil {
			t.Fatal(err)
		}
		start := max(0, quickest(t, program)-idle)
		mb := float64(info.Size()) / 1e6
		t.Logf("%-20s %8d %8d %8d %6.2f %9.1f", e.name, required, len(linked), packages, mb, float64(start.Microseconds())/1000)
		if len(linked) > e.modules || mb > e.mb {
			t.Errorf("%s: %d modules, %.1f MB, want at most %d and %.1f: %q", e.name, len(linked), mb, e.modules, e.mb, linked)
		}
		for _, m := range forbidden {
			if slices.Contains(linked, m) {
				t.Errorf("%s: links %s", e.name, m)
			}
		}
	}
}

// in runs a command in a directory without the module proxy and returns its output.
func in(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off", "CGO_ENABLED=0")
	var out, errors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errors
	if err := cmd.Run(); err != nil {
		if strings.Contains(errors.String(), "module lookup disabled") {
			t.Skipf("a module is not at hand, run go mod download: %s", errors.String())
		}
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, errors.String())
	}
	return out.String()
}

// quickest returns the shortest time of several runs of a program.
func quickest(t *testing.T, program string) time.Duration {
	t.Helper()
	least := time.Hour
	for range 20 {
		start := time.Now()
		if err := exec.CommandContext(t.Context(), program).Run(); err != nil {
			t.Fatal(err)
		}
		least = min(least, time.Since(start))
	}
	return least
}
