package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestChangelog checks that .github/CHANGELOG.md begins with the section of unreleased changes.
func TestChangelog(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(root, ".github", "CHANGELOG.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "\n## ")
	if !ok || !strings.HasPrefix(rest, "[Unreleased]\n") {
		t.Error("the first section of .github/CHANGELOG.md is not [Unreleased]")
	}
}
