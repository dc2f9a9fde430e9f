package golang_test

import (
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/golang"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// TestToolchain builds programs in the ways in which scanners have missed them, and asks for what the Go toolchain says of them. Each
// lies where no program is expected, and cannot be executed.
func TestToolchain(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil || testing.Short() {
		t.Skip("needs the go command, and a while")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":     "module example.com/shop\n\ngo 1.21\n\nrequire example.com/lib v0.0.0\n\nreplace example.com/lib => ./lib\n",
		"main.go":    "package main\n\nimport \"example.com/lib\"\n\nvar version = \"none\"\n\nfunc main() { println(lib.Text, version) }\n",
		"so/so.go":   "package main\n\nimport \"C\"\n\n//export Hello\nfunc Hello() {}\n\nfunc main() {}\n",
		"lib/go.mod": "module example.com/lib\n\ngo 1.21\n",
		"lib/lib.go": "package lib\n\nconst Text = \"text\"\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, err = exec.LookPath("gcc")
	cgo := err == nil
	for _, tt := range []struct {
		report, args, env string
		cgo               bool
		again             bool // the scan needs a second pass
		slow              bool // the standard library must be built for it
	}{
		{report: "a plain program"},
		{report: "stripped, without a build ID", args: "-trimpath -ldflags=-s\u00a0-w\u00a0-buildid=", slow: true},
		{report: "anchore/syft#2650: PIE", args: "-buildmode=pie"},
		{report: "PIE without a build ID", args: "-buildmode=pie -ldflags=-buildid=", again: true},
		{report: "anchore/syft#1725: a shared library", args: "-buildmode=c-shared ./so", cgo: true},
		{report: "a stripped shared library without a build ID", args: "-buildmode=c-shared -ldflags=-s\u00a0-w\u00a0-buildid= ./so", cgo: true, again: true}, // the names of functions come first
		{report: "a plugin", args: "-buildmode=plugin", cgo: true, slow: true},
		{report: "another linker", args: "-ldflags=-linkmode=external ./so", cgo: true},
		{report: "arm64 without a build ID", args: "-ldflags=-buildid=", env: "GOARCH=arm64", slow: true},
		{report: "big-endian", env: "GOARCH=s390x", slow: true},
		{report: "big-endian, 32 bits", env: "GOARCH=mips", slow: true},
		{report: "32 bits without a build ID", args: "-ldflags=-buildid=", env: "GOARCH=386", again: true, slow: true},
		{report: "Windows", env: "GOOS=windows", slow: true},
		{report: "Windows without a build ID", args: "-ldflags=-buildid=", env: "GOOS=windows", again: true, slow: true},
		{report: "macOS", env: "GOOS=darwin GOARCH=arm64", slow: true},
		{report: "FreeBSD", env: "GOOS=freebsd", slow: true},
		{report: "aquasecurity/trivy#10350, #6698: an experiment in the version", env: "GOEXPERIMENT=nodwarf5", slow: true},
		{report: "anchore/syft#3060: built from files, so that the main module is a dependency", args: "main.go"},
		{report: "anchore/syft#3864, anchore/grype#1167: a version for the linker is no evidence", args: "-ldflags=-X\u00a0main.version=v9.2.4"},
	} {
		t.Run(strings.ReplaceAll(tt.report, "/", " "), func(t *testing.T) {
			if tt.cgo && !cgo {
				t.Skip("needs a C compiler")
			}
			if tt.slow {
				corpus.Slow(t)
			}
			out := filepath.Join(dir, "out")
			args := []string{"build", "-o", out}
			for _, a := range strings.Fields(strings.ReplaceAll(tt.args, "\u00a0", "\x00")) {
				args = append(args, strings.ReplaceAll(a, "\x00", " "))
			}
			cmd := exec.CommandContext(t.Context(), tool, args...)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod -buildvcs=false", "CGO_ENABLED=0")
			if tt.cgo {
				cmd.Env = append(cmd.Env, "CGO_ENABLED=1")
			}
			cmd.Env = append(cmd.Env, strings.Fields(tt.env)...)
			if text, err := cmd.CombinedOutput(); err != nil {
				t.Skipf("cannot be built here: %v: %s", err, text)
			}
			info, err := buildinfo.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			content, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			img, err := imagetest.Image(new(imagetest.Layer).File("srv/data/x.bin", string(content)))
			if err != nil {
				t.Fatal(err)
			}
			again := false
			report, err := scan.Scanner{
				Analyzers: []analyzer.Analyzer{golang.New()}, Progress: func(e scan.Event) { again = again || e.Again },
			}.Scan(t.Context(), img)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"stdlib@" + strings.TrimPrefix(strings.FieldsFunc(info.GoVersion, func(r rune) bool { return r == ' ' || r == '-' })[0], "go")}
			for _, m := range info.Deps {
				want = append(want, m.Path+"@")
			}
			if info.Main.Path != "" {
				want = append(want, info.Main.Path+"@")
			}
			var got []string
			for _, c := range report.Components {
				got = append(got, strings.TrimPrefix(c.Namespace+"/"+c.Name, "/")+"@"+c.Version)
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) || again != tt.again || len(report.Diagnostics) > 0 {
				t.Errorf("%q, want %q; second pass: %v; %v", got, want, again, report.Diagnostics)
			}
		})
	}
}
