package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOutputs names files of several formats.
func TestOutputs(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	fails(t, "go to the same output", "scan", "--cache", "off", "-f", "json=a.json,sarif=./a.json", "demo:")
	fails(t, "is a directory", "scan", "--cache", "off", "-f", "json,table", "-o", "d/", "demo:")
	ok(t, "scan", "--cache", "off", "-f", "json,table", "-o", ".hidden", "demo:")
	for _, name := range []string{".hidden.json", ".hidden.txt"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if _, stderr, code := hullmark(t, "scan", "--cache", "off", "--exclude", "..", "demo:"); code != exitFailed || !strings.Contains(stderr, "..") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// TestIgnoreFileKind doesn't read an ignore list unasked that may block or never end.
func TestIgnoreFileKind(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir(".hullmarkignore", 0o777); err != nil {
		t.Fatal(err)
	}
	fails(t, ".hullmarkignore is not a regular file", "scan", "--cache", "off", "demo:")
	ok(t, "scan", "--cache", "off", "--ignore-file", "off", "demo:")
}
