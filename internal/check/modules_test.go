package check

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// modules returns the directories of the other modules of the repository, without those of testdata.
func modules(t *testing.T) (list []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.Name() == "go.mod" && filepath.Dir(p) != filepath.Clean(root):
			list = append(list, filepath.Dir(p))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestModules holds the other modules to the rules of this one: vet, a tidy go.mod, and this checkout in the place of the library.
// TestFormat and TestProse read their files, too.
func TestModules(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	for _, dir := range modules(t) {
		for _, args := range [][]string{{"vet", "./..."}, {"mod", "tidy", "-diff"}} {
			cmd := exec.CommandContext(t.Context(), "go", args...)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: go %s: %v\n%s", dir, strings.Join(args, " "), err, out)
			}
		}
		if b, err := os.ReadFile(filepath.Join(dir, "go.mod")); err != nil || !strings.Contains(string(b), module+" v") {
			continue // it does not use the library
		}
		cmd := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module)
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("%s: %v", dir, err)
		}
		if want, err := filepath.Abs(root); err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("%s is built with the library in %s, want %s", dir, out, want)
		}
	}
}
