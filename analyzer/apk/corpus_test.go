package apk

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

type expected struct {
	Name, Version, Arch, Maintainer string
	SourceName                      string `json:"source_name"`
	SourceVersion                   string `json:"source_version"`
	Licenses                        []string
	FileCount                       int `json:"file_count"`
}

// TestCorpus compares real databases with what apk lists of them, in both directions, field by field.
func TestCorpus(t *testing.T) {
	root := os.Getenv("HULLMARK_CORPUS")
	if root == "" {
		t.Skip("HULLMARK_CORPUS is not set: no real installed databases")
	}
	files, err := filepath.Glob(filepath.Join(root, "fixtures", "apk-installed", "*", "expected.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases below %s: %v", root, err)
	}
	for _, file := range files {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) { corpusCase(t, dir) })
	}
}

func corpusCase(t *testing.T, dir string) {
	var want struct {
		Packages, May []expected
		Error         string
	}
	text, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	text, err = os.ReadFile(filepath.Join(dir, "lib/apk/db/installed"))
	if err != nil {
		t.Fatal(err)
	}
	pkgs, err := run(t, string(text))
	if err != nil && want.Error == "none" {
		t.Error(err)
	}
	found := make(map[string]analyzer.Package)
	for _, p := range pkgs {
		found[p.Name+" "+p.Version] = p
	}
	if len(found) != len(pkgs) {
		t.Errorf("%d packages, %d different ones", len(pkgs), len(found))
	}
	for _, w := range want.Packages {
		key := w.Name + " " + w.Version
		p, ok := found[key]
		if !ok {
			t.Errorf("missing: %s", key)
			continue
		}
		delete(found, key)
		o := cmp.Or(p.Origin, &analyzer.Origin{Name: p.Name, Version: p.Version})
		for _, c := range []struct{ field, got, want string }{
			{"Arch", p.Arch, w.Arch},
			{"Vendor", p.Vendor, w.Maintainer},
			{"Origin.Name", o.Name, cmp.Or(w.SourceName, w.Name)},
			{"Origin.Version", o.Version, cmp.Or(w.SourceVersion, w.Version)},
		} {
			if c.got != c.want {
				t.Errorf("%s: %s = %q, want %q", key, c.field, c.got, c.want)
			}
		}
		if len(p.Files) != w.FileCount {
			t.Errorf("%s: %d files, want %d", key, len(p.Files), w.FileCount)
		}
		var declared []string
		for _, l := range w.Licenses {
			declared = append(declared, licenses(l)...)
		}
		if !slices.Equal(p.Licenses, declared) {
			t.Errorf("%s: licences %q, want %q", key, p.Licenses, declared)
		}
	}
	for _, w := range want.May {
		delete(found, w.Name+" "+w.Version)
	}
	for key := range found {
		t.Errorf("extra: %s", key)
	}
}
