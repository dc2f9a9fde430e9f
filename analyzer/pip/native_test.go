package pip

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// script lists the name and version of each distribution in a directory, without those that have neither.
const script = `
import importlib.metadata, json, sys
found = [[d.metadata["Name"], d.metadata["Version"]] for d in importlib.metadata.distributions(path=sys.argv[1:])]
print(json.dumps([f for f in found if f[0] and f[1]]))
`

// TestNative compares what is found in site directories, the machine's own and those of the corpus, with what
// importlib.metadata finds there.
func TestNative(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed: nothing to compare with")
	}
	dirs := corpus.Glob(t, "fixtures/python-installed/*/*/lib/python*/*-packages")
	for _, glob := range []string{"/usr/lib/python3/dist-packages", "/usr/local/lib/python3*/*-packages"} {
		more, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, more...)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(filepath.Dir(dir)), func(t *testing.T) { nativeCase(t, python, dir) })
	}
}

func nativeCase(t *testing.T, python, dir string) {
	out, err := exec.CommandContext(t.Context(), python, "-c", script, dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	var listed [][2]string
	if err := json.Unmarshal(out, &listed); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, d := range listed {
		want = append(want, d[0]+" "+d[1])
	}
	slices.Sort(want)
	site := fstest.MapFS{} // what is below other directories, importlib.metadata does not look at
	for _, glob := range []string{"*/METADATA", "*/PKG-INFO", "*.egg-info"} {
		files, err := filepath.Glob(filepath.Join(dir, glob))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			site["site/"+filepath.ToSlash(file[len(dir)+1:])] = &fstest.MapFile{Data: text}
		}
	}
	var got []string
	results, _ := corpus.Analyze(t, site, New())
	for _, r := range results {
		for _, p := range r.Packages {
			got = append(got, p.Name+" "+p.Version)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", dir, got, want)
	}
}
