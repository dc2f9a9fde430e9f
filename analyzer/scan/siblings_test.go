package scan_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// fixed reads a database at a fixed place together with its journal.
var fixed = analyzer.Func(
	analyzer.Info{Name: "fixed", Version: 1, Patterns: []string{"var/db/data.db"}, Siblings: []string{"data.db-journal"}},
	func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
		name := "alone"
		if j := f.Sibling("data.db-journal"); j != nil {
			b, err := io.ReadAll(j.Open())
			if err != nil {
				return nil, err
			}
			name = strings.TrimSpace(string(b))
		}
		return &analyzer.Result{Packages: []analyzer.Package{{Type: "generic", Name: name, Version: "1"}}}, nil
	})

// TestLinkedSiblings asks that an analyzer gets the siblings of a database which it sees only because of links.
func TestLinkedSiblings(t *testing.T) {
	layer := func() *imagetest.Layer { return new(imagetest.Layer) }
	for name, layers := range map[string][]*imagetest.Layer{
		"link to the directory":   {layer().File("opt/db/data.db", "x").File("opt/db/data.db-journal", "journal").Symlink("var/db", "../opt/db")},
		"the sibling comes first": {layer().File("opt/db/data.db-journal", "journal").File("opt/db/data.db", "x"), layer().Symlink("var/db", "../opt/db")},
		"link above":              {layer().File("data/db/data.db", "x").File("data/db/data.db-journal", "journal"), layer().Symlink("var", "data")},
		"hard links to objects":   {layer().File("o/1", "x").File("o/2", "journal").Hardlink("var/db/data.db", "o/1").Hardlink("var/db/data.db-journal", "o/2")},
		"beside a hard link":      {layer().File("o/1", "x").File("o/1-journal", "other").Hardlink("var/db/data.db", "o/1").File("var/db/data.db-journal", "journal")},
		"link to another name":    {layer().File("opt/x", "x").File("opt/x-journal", "journal").Symlink("var/db/data.db", "../../opt/x").File("var/db/data.db-journal", "other")},
		"through a lower link":    {layer().Symlink("a", "var"), layer().File("a/db/data.db", "x").File("a/db/data.db-journal", "journal")},
	} {
		t.Run(name, func(t *testing.T) {
			img, err := imagetest.Image(layers...)
			if err != nil {
				t.Fatal(err)
			}
			r, err := scan.Scanner{Analyzers: []analyzer.Analyzer{fixed}}.Scan(t.Context(), img)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Components) != 1 || r.Components[0].Name != "journal" {
				t.Errorf("%v, %v", r.Components, r.Diagnostics)
			}
		})
	}
	root := t.TempDir()
	for p, text := range map[string]string{"opt/db/data.db": "x", "opt/db/data.db-journal": "journal"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, p)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, p), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(root, "var"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../opt/db", filepath.Join(root, "var/db")); err != nil {
		t.Fatal(err)
	}
	r, err := scan.Scanner{Analyzers: []analyzer.Analyzer{fixed}}.ScanFS(t.Context(), os.DirFS(root))
	if err != nil || len(r.Components) != 1 || r.Components[0].Name != "journal" {
		t.Errorf("file system: %v, %v", r, err)
	}
}

// TestLargeDatabase asks that one database above half of Limits.Memory is read with its journal, wherever that stands in the layer.
func TestLargeDatabase(t *testing.T) {
	limits := scan.Limits{Memory: 1 << 20, FileSize: 4 << 20}
	large := strings.Repeat("x", 3<<20)
	for name, l := range map[string]*imagetest.Layer{
		"journal last":  new(imagetest.Layer).File("var/db/data.db", large).File("var/db/data.db-journal", "journal"),
		"journal first": new(imagetest.Layer).File("var/db/data.db-journal", "journal").File("var/db/data.db", large),
	} {
		img, err := imagetest.Image(l)
		if err != nil {
			t.Fatal(err)
		}
		r, err := scan.Scanner{Analyzers: []analyzer.Analyzer{fixed}, Limits: limits}.Scan(t.Context(), img)
		if err != nil || len(r.Components) != 1 || r.Components[0].Name != "journal" {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
}
