package check

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// maxCommand is the most lines of the reference command outside tests. A third of them are flags and the code that reads them.
const maxCommand = 4975

// TestThinCommand keeps the reference command thin: knowledge belongs to packages that other programs can import.
func TestThinCommand(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(root, "examples/hullmark/*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no files: %v", err)
	}
	lines := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(b, []byte("\n"))
	}
	t.Logf("%d lines", lines)
	if lines > maxCommand {
		t.Errorf("examples/hullmark has %d lines outside tests, want at most %d", lines, maxCommand)
	}
}
