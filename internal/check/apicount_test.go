package check

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxExported is the most declarations that the public packages may export. It rises
// only with new packages, as with db/catalog, matcher/watch, matcher/watch/webhook and matcher/policy/anchore, with the writer of
// matcher/vex, with the functions of Go programs, with notes and scripts of package binary, and with indexes of package source.
const maxExported = 933

var declaration = regexp.MustCompile(`(?m)^(?:func|type|const|var) `)

// TestAPICount counts the exported declarations in the golden files of TestAPI, and refuses golden files of packages that no
// longer exist.
func TestAPICount(t *testing.T) {
	all, err := list()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/api/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		count += len(declaration.FindAll(b, -1))
		pkg := strings.ReplaceAll(strings.TrimSuffix(filepath.Base(name), ".txt"), ".", "/")
		if !slices.ContainsFunc(all, func(p listed) bool { return p.ImportPath == module+"/"+pkg }) {
			t.Errorf("remove %s: package %s does not exist", name, pkg)
		}
	}
	t.Logf("%d exported declarations", count)
	if count > maxExported {
		t.Errorf("%d exported declarations, want at most %d", count, maxExported)
	}
}
