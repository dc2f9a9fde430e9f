package npm

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// A listed package is one of npm ls, with those below it.
type listed struct {
	Name, Version, Path string
	Missing             bool
	Dependencies        map[string]listed
}

// TestNative compares what is installed with what npm ls finds: in the machine's own global directory, and in the real
// tree of the corpus.
func TestNative(t *testing.T) {
	tool, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("npm is not installed: nothing to compare with")
	}
	global, err := exec.CommandContext(t.Context(), tool, "root", "-g").Output()
	if err != nil {
		t.Fatal(err)
	}
	trees := map[string][]string{filepath.Dir(strings.TrimSpace(string(global))): {"-g"}}
	for _, dir := range corpus.Glob(t, "fixtures/npm-package-json/express-react-tree/app") {
		trees[dir] = nil
	}
	for dir, args := range trees {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			dir, err := filepath.EvalSymlinks(dir) // npm says where things really are
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), tool, append([]string{"ls", "--all", "--json", "--long", "--offline"}, args...)...)
			cmd.Dir = dir
			out, err := cmd.Output() // fails where the tree is not what its package.json wants
			if len(out) == 0 {
				t.Fatalf("npm ls: %v", err)
			}
			var tree listed
			if err := json.Unmarshal(out, &tree); err != nil {
				t.Fatal(err)
			}
			want := make(map[string]string)
			flatten(tree.Dependencies, dir, want)
			if len(want) < 100 {
				t.Fatalf("npm ls lists %d packages", len(want))
			}
			report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{New()}}.ScanFS(t.Context(), os.DirFS(dir))
			if err != nil {
				t.Fatal(err)
			}
			got := make(map[string]string)
			for _, c := range report.Components {
				if !c.Declared && c.Version != "" {
					got[filepath.Dir(c.Path)] = fullName(&c.Package) + "@" + c.Version
				}
			}
			for path, p := range want {
				if got[path] != p {
					t.Errorf("%s: %q, npm says %q", path, got[path], p)
				}
				delete(got, path)
			}
			for path, p := range got {
				t.Errorf("%s: %q, of which npm does not know", path, p)
			}
		})
	}
}

// flatten collects packages by their directory, relative to the root of the tree.
func flatten(tree map[string]listed, root string, into map[string]string) {
	for _, p := range tree {
		rel, err := filepath.Rel(root, p.Path)
		if err == nil && !p.Missing && p.Version != "" && !strings.HasPrefix(rel, "..") {
			into[filepath.ToSlash(rel)] = p.Name + "@" + p.Version
		}
		flatten(p.Dependencies, root, into)
	}
}

// TestNativeLock compares lock files with what npm makes of them: npm install --package-lock-only of an application
// without a registry, in each version of the format.
func TestNativeLock(t *testing.T) {
	tool, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("npm is not installed: nothing to compare with")
	}
	for _, version := range []string{"1", "2", "3"} {
		dir := t.TempDir()
		for name, text := range map[string]string{
			"package.json":            `{"name": "app", "version": "1.0.0", "workspaces": ["packages/*"], "dependencies": {"a": "file:vendor/a"}}`,
			"packages/w/package.json": `{"name": "@acme/w", "version": "0.1.0", "dependencies": {"a": "*"}}`,
			"vendor/a/package.json":   `{"name": "a", "version": "1.0.0"}`,
		} {
			file := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.CommandContext(t.Context(), tool, "install", "--package-lock-only", "--offline", "--no-audit", "--no-fund", "--lockfile-version", version)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("npm install: %v\n%s", err, out)
		}
		text, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := parseLock(text, nil)
		if err := diagnostic.Err(r, err); err != nil {
			t.Errorf("version %s: %v", version, err)
		}
		if len(r.Packages) > 0 {
			t.Errorf("version %s: %+v are directories of the application:\n%s", version, r.Packages, text)
		}
	}
}
