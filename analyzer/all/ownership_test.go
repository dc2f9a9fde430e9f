package all_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/analyzertest"
	"github.com/hullmark/hullmark/analyzer/rpm"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

func TestImages(t *testing.T) {
	analyzertest.Run(t, "testdata/*.txtar", all.All()...)
}

// TestOwnerRPM asks the same of a real RPM database: Python distributions in files of its packages name their owner, also
// through /usr/lib64 where that is a link.
func TestOwnerRPM(t *testing.T) {
	root, err := corpus.Files(os.DirFS(filepath.Join(corpus.Dir(t), "fixtures/rpm-bdb/centos7-plain")))
	if err != nil {
		t.Fatal(err)
	}
	before, err := scan.Scanner{Analyzers: []analyzer.Analyzer{rpm.New()}}.ScanFS(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	owners := make(map[string]string) // by path as the package lists it
	for _, c := range before.Components {
		for _, f := range c.Files {
			if strings.HasSuffix(f, ".egg-info") && !strings.Contains(f, "/test/") || strings.HasSuffix(f, ".egg-info/PKG-INFO") {
				owners[f] = c.Name
			}
		}
	}
	root["usr/lib64"] = &fstest.MapFile{Data: []byte("lib"), Mode: fs.ModeSymlink}
	want := make(map[string]string) // by path where the file really is
	for f, owner := range owners {
		if _, dir := owners[f+"/PKG-INFO"]; dir {
			continue
		}
		f = strings.Replace(f, "usr/lib64/", "usr/lib/", 1)
		want[f] = owner
		root[f] = &fstest.MapFile{Data: []byte("Metadata-Version: 1.0\nName: " + filepath.Base(f) + "\nVersion: 1\n")}
	}
	if len(want) == 0 {
		t.Fatal("the database owns no Python distribution; the test needs another one")
	}
	report, err := scan.Scanner{Analyzers: all.All()}.ScanFS(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]string)
	for _, c := range report.Components {
		names[c.ID] = c.Name
	}
	found := 0
	for _, c := range report.Components {
		if c.Type != "pypi" {
			continue
		}
		found++
		if got := names[c.Owner]; got != want[c.Path] {
			t.Errorf("%s: owner %q, want %q", c.Path, got, want[c.Path])
		}
	}
	if found == 0 {
		t.Error("no Python distribution was found")
	}
	t.Logf("%d Python distributions, each with its owner", found)
}
