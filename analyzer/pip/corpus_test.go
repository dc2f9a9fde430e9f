package pip

import (
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/license"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// TestCorpus compares what is found in real site directories and archives with what importlib.metadata of CPython lists,
// by name, version and place, in both directions.
func TestCorpus(t *testing.T) {
	corpus.Cases(t, []string{"python-installed", "python-egg-wheel"}, func(t *testing.T, c *corpus.Case) {
		results, _ := corpus.Analyze(t, c.Files, New()) // what cannot be read is missed below
		found := make(map[string]analyzer.Package)
		for name, r := range results {
			for _, p := range r.Packages {
				at := name
				if p.ArchivePath != "" {
					at += "!" + p.ArchivePath
				}
				found[at+" "+p.Version] = p
			}
		}
		key := func(w corpus.Package) string { return w.Location + " " + w.Version }
		corpus.Compare(t, &c.Want, found, key, func(p analyzer.Package, w corpus.Package) {
			if p.Name != w.Name || normalName(p.Name) != w.Normalized {
				t.Errorf("%s: name %q (%q), want %q (%q)", key(w), p.Name, normalName(p.Name), w.Name, w.Normalized)
			}
			compareLicenses(t, key(w), p.Licenses, w)
		})
	})
}

// compareLicenses asks that each licence found is one of those stated, in SPDX form where it has one, and that one is
// found where one that means anything is stated.
func compareLicenses(t *testing.T, key string, got []string, w corpus.Package) {
	t.Helper()
	var stated []string
	for _, s := range slices.Concat(w.Licenses, w.Classifiers) {
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
