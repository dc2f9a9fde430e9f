package check

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestContract keeps package analyzer, which every analyzer imports, small.
func TestContract(t *testing.T) {
	const maxPackages, maxLines = 10, 1300
	all, err := list()
	if err != nil {
		t.Fatal(err)
	}
	var deps []string
	for _, p := range all {
		if p.ImportPath != module+"/analyzer" {
			continue
		}
		for _, d := range p.Deps {
			if first, _, _ := strings.Cut(d, "/"); strings.Contains(first, ".") { // others are of the standard library
				deps = append(deps, d)
			}
		}
	}
	if len(deps) == 0 || len(deps) > maxPackages {
		t.Errorf("analyzer reaches %d packages, want at most %d: %q", len(deps), maxPackages, deps)
	}
	files, err := filepath.Glob(filepath.Join(root, "analyzer", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(b, []byte("\n"))
	}
	if lines == 0 || lines > maxLines {
		t.Errorf("analyzer has %d lines, want at most %d", lines, maxLines)
	}
}
