package pip

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/license"
)

type expected struct {
	Name, Version, Location string
	Normalized              string `json:"normalized_name"`
	Licenses                []string
	Classifiers             []string `json:"license_classifiers"`
}

// TestCorpus compares what is found in real site directories and archives with what importlib.metadata of CPython lists,
// by name, version and place, in both directions.
func TestCorpus(t *testing.T) {
	root := os.Getenv("HULLMARK_CORPUS")
	if root == "" {
		t.Skip("HULLMARK_CORPUS is not set: no real Python distributions")
	}
	for _, format := range []string{"python-installed", "python-egg-wheel"} {
		files, err := filepath.Glob(filepath.Join(root, "fixtures", format, "*", "expected.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no cases of %s below %s: %v", format, root, err)
		}
		for _, file := range files {
			dir := filepath.Dir(file)
			t.Run(format+"/"+filepath.Base(dir), func(t *testing.T) { corpusCase(t, dir) })
		}
	}
}

func corpusCase(t *testing.T, dir string) {
	var want struct{ Packages, May []expected }
	text, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	found := analyzeDir(t, dir)
	for _, w := range want.Packages {
		key := w.Location + " " + w.Version
		p, ok := found[key]
		if !ok {
			t.Errorf("missing: %s %s", w.Name, key)
			continue
		}
		delete(found, key)
		if p.Name != w.Name || normalName(p.Name) != w.Normalized {
			t.Errorf("%s: name %q (%q), want %q (%q)", key, p.Name, normalName(p.Name), w.Name, w.Normalized)
		}
		compareLicenses(t, key, p.Licenses, w)
	}
	for _, w := range want.May {
		delete(found, w.Location+" "+w.Version)
	}
	for key, p := range found {
		t.Errorf("extra: %s %s", p.Name, key)
	}
}

// compareLicenses asks that each licence found is one of those stated, in SPDX form where it has one, and that one is
// found where one that means anything is stated.
func compareLicenses(t *testing.T, key string, got []string, w expected) {
	t.Helper()
	var stated []string
	for _, s := range append(w.Licenses, w.Classifiers...) {
		if s == "OSI Approved" || s == "DFSG approved" {
			continue
		}
		if strings.Contains(s, "\n") {
			stated = append(stated, license.Detect([]byte(s))...)
			continue
		}
		e, _ := license.Normalize(s)
		stated = append(stated, e)
	}
	for _, l := range got {
		if !slices.Contains(stated, l) {
			t.Errorf("%s: licence %q is none of %q", key, l, stated)
		}
	}
	if len(got) == 0 && len(stated) > 0 {
		t.Errorf("%s: no licence of %q", key, stated)
	}
}

func analyzeDir(t *testing.T, dir string) map[string]analyzer.Package {
	t.Helper()
	found := make(map[string]analyzer.Package)
	err := filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if !wanted(t, name) {
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		r, _ := run(t, name, string(text)) // what cannot be read is missed below
		for _, p := range r.Packages {
			at := name
			if p.Inside != "" {
				at += "!" + p.Inside
			}
			found[at+" "+p.Version] = p
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// wanted matches a path against the patterns, all of which begin with "**/".
func wanted(t *testing.T, name string) bool {
	return slices.ContainsFunc(New().Info().Patterns, func(p string) bool {
		p = strings.TrimPrefix(p, "**/")
		elements := strings.Split(name, "/")
		tail := elements[max(0, len(elements)-1-strings.Count(p, "/")):]
		ok, err := filepath.Match(filepath.FromSlash(p), filepath.Join(tail...))
		if err != nil {
			t.Fatal(err)
		}
		return ok
	})
}
