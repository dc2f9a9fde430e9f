// Package golden compares results of tests with files and rewrites the files with -update.
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/linediff"
)

var update = flag.Bool("update", false, "rewrite golden files with the results of the tests")

// Updating reports whether -update is set.
func Updating() bool { return *update }

// Check fails the test if got differs from the content of the file. With -update it writes the file instead.
func Check(t testing.TB, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v (run the test with -update to make it)", err)
	}
	if string(want) != string(got) {
		t.Errorf("%s differs (run the test with -update to accept):\n%s", name, linediff.Diff(string(want), string(got)))
	}
}
