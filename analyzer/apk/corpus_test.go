package apk

import (
	"cmp"
	"slices"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// TestCorpus compares real databases with what apk lists of them, in both directions, field by field.
func TestCorpus(t *testing.T) {
	corpus.Cases(t, []string{"apk-installed"}, func(t *testing.T, c *corpus.Case) {
		text, err := c.Files.ReadFile("lib/apk/db/installed")
		if err != nil {
			t.Fatal(err)
		}
		pkgs, err := run(t, string(text))
		if err != nil && c.Want.Error == "none" {
			t.Error(err)
		}
		found := make(map[string]analyzer.Package)
		for _, p := range pkgs {
			found[p.Name+" "+p.Version] = p
		}
		if len(found) != len(pkgs) {
			t.Errorf("%d packages, %d different ones", len(pkgs), len(found))
		}
		corpus.Compare(t, &c.Want, found, corpus.Package.Key, func(p analyzer.Package, w corpus.Package) { compare(t, p, w) })
	})
}

func compare(t *testing.T, p analyzer.Package, w corpus.Package) {
	t.Helper()
	o := cmp.Or(p.SourcePackage, &analyzer.SourcePackage{Name: p.Name, Version: p.Version})
	for _, c := range []struct{ field, got, want string }{
		{"Arch", p.Arch, w.Arch},
		{"Vendor", p.Vendor, w.Maintainer},
		{"Origin.Name", o.Name, cmp.Or(w.SourceName, w.Name)},
		{"Origin.Version", o.Version, cmp.Or(w.SourceVersion, w.Version)},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s = %q, want %q", w.Key(), c.field, c.got, c.want)
		}
	}
	files := 0 // where none are stated
	if w.FileCount != nil {
		files = *w.FileCount
	}
	if len(p.Files) != files {
		t.Errorf("%s: %d files, want %d", w.Key(), len(p.Files), files)
	}
	var declared []string
	for _, l := range w.Licenses {
		declared = append(declared, licenses(l)...)
	}
	if !slices.Equal(p.Licenses, declared) {
		t.Errorf("%s: licences %q, want %q", w.Key(), p.Licenses, declared)
	}
}
