package newplugin_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/examples/hullmark/newplugin"
	"github.com/hullmark/hullmark/plugin"
	"github.com/hullmark/hullmark/plugin/plugintest"
)

// create writes a plugin.
func create(t *testing.T, lang string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "my-plugin")
	next, err := newplugin.Create(dir, lang)
	if err != nil {
		t.Fatal(err)
	}
	if next == "" || strings.Contains(next, "{{") {
		t.Errorf("next: %q", next)
	}
	return dir
}

// run runs a program in a directory.
func run(t *testing.T, dir string, env []string, args ...string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), args[0], args[1:]...)
	c.Dir, c.Env = dir, append(os.Environ(), env...)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
}

// verify checks that a new plugin passes "hullmark plugin verify", also pinned, and that a change of a file ends that.
func verify(t *testing.T, dir, changed string) {
	t.Helper()
	digest, err := plugin.Digest(dir)
	if err != nil {
		t.Fatal(err)
	}
	command, err := plugin.ParseCommand(dir + "@sha256:" + digest)
	if err != nil {
		t.Fatal(err)
	}
	command.Output = func(line string) { t.Log(line) }
	plugintest.Run(t, command, os.DirFS(filepath.Join(dir, "testdata/root")))
	f, err := os.OpenFile(filepath.Join(dir, changed), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("\n"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if p, err := plugin.Start(t.Context(), command); !errors.Is(err, plugin.ErrDigest) {
		t.Errorf("%s was changed: error %v, want ErrDigest", changed, err)
		if err == nil {
			p.Close()
		}
	}
}

func TestPython(t *testing.T) {
	if out, err := exec.Command("/usr/bin/python3", "-c", "import grpc, google.protobuf").CombinedOutput(); err != nil {
		t.Skipf("python3-grpcio is not installed: %v: %s", err, out)
	}
	dir := create(t, "python")
	run(t, dir, []string{"PATH=/usr/bin:/bin"}, "./test_plugin.py")
	verify(t, dir, "hullmark_plugin/__init__.py")
}

func TestJavaScript(t *testing.T) {
	modules := os.Getenv("HULLMARK_NODE_MODULES")
	if modules == "" {
		t.Skip("HULLMARK_NODE_MODULES is not set: it names a node_modules with @grpc/grpc-js and @grpc/proto-loader")
	}
	if _, err := os.Stat("/usr/bin/node"); err != nil {
		t.Skip("node is not installed: ", err)
	}
	dir := create(t, "javascript")
	run(t, dir, nil, "/usr/bin/node", "--test")
	if err := os.CopyFS(filepath.Join(dir, "node_modules"), os.DirFS(modules)); err != nil {
		t.Fatal(err)
	}
	verify(t, dir, "hullmark-plugin/index.js")
}

func TestGo(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	dir := create(t, "go")
	module, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(module, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o644); err != nil {
		t.Fatal(err)
	}
	offline := []string{"GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off"}
	run(t, dir, offline, "go", "mod", "edit", "-require", "github.com/hullmark/hullmark@v0.0.0", "-replace", "github.com/hullmark/hullmark="+module)
	run(t, dir, offline, "go", "test", ".")
	run(t, dir, offline, "go", "build", "-o", "my-plugin", ".")
	verify(t, dir, "my-plugin")
}

// TestFiles checks what New writes into a directory.
func TestFiles(t *testing.T) {
	readme, err := os.ReadFile("../../../plugin/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range newplugin.Languages() {
		dir := create(t, lang)
		tests := 0
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			script := strings.HasPrefix(string(text), "#!")
			if runtime.GOOS != "windows" && (info.Mode()&0o111 != 0) != script {
				t.Errorf("%s has mode %v", name, info.Mode())
			}
			if strings.Contains(string(text), "{{") || strings.HasSuffix(name, ".tmpl") {
				t.Errorf("%s is a template", name)
			}
			base := filepath.Base(name)
			if strings.Contains(base, "test") && strings.Contains(base, ".") && base != "tools.versions" {
				tests++
			}
			// An analyzer has 15 lines at most, with what makes a plugin of it.
			if base == "plugin.py" || base == "plugin.js" {
				lines := codeLines(string(text))
				if len(lines) > 15 {
					t.Errorf("%s has %d lines of code", name, len(lines))
				}
				shown := strings.ReplaceAll(strings.Join(lines, "\n"), "my-plugin", "versions")
				if !strings.Contains(strings.Join(codeLines(string(readme)), "\n"), shown) {
					t.Errorf("plugin/README.md shows another %s than:\n%s", base, shown)
				}
			}
			return nil
		})
		if err != nil || tests != 1 {
			t.Errorf("%s: %d tests, %v", lang, tests, err)
		}
	}
}

// codeLines returns the lines that are neither empty nor a comment.
func codeLines(text string) (lines []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch start := strings.TrimSpace(line); {
		case start == "", strings.HasPrefix(start, "#"), strings.HasPrefix(start, "//"), strings.HasPrefix(start, `"""`), start == "'use strict'":
		default:
			lines = append(lines, line)
		}
	}
	return lines
}

func TestRefused(t *testing.T) {
	full := filepath.Join(t.TempDir(), "full")
	if err := os.MkdirAll(filepath.Join(full, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ dir, lang, err string }{
		{full, "go", full + " is not empty: it has .git"},
		{file, "go", "not a directory"},
		{filepath.Join(t.TempDir(), "My Plugin"), "python", "lower-case letters, digits and hyphens"},
		{filepath.Join(t.TempDir(), `x"`), "python", "lower-case letters, digits and hyphens"},
		{filepath.Join(t.TempDir(), "x"), "cobol", `unknown language "cobol"; known languages are go, javascript, python`},
		{filepath.Join(t.TempDir(), "x"), "", "known languages are"},
	} {
		_, err := newplugin.Create(tt.dir, tt.lang)
		if err == nil || !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s in %s: error %v, want %q", tt.lang, tt.dir, err, tt.err)
		}
		if _, err := os.Stat(filepath.Join(tt.dir, "plugin.json")); err == nil {
			t.Errorf("%s was written to", tt.dir)
		}
	}
}
