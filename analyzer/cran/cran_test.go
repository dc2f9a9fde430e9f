package cran

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/analyzertest"
	"github.com/hullmark/hullmark/internal/testing/cputime"
)

func TestImages(t *testing.T) { analyzertest.Run(t, "testdata/*.txtar", New()) }

func TestLicense(t *testing.T) {
	for declared, want := range map[string]string{
		"MIT + file LICENSE":          "MIT",
		"GPL (>= 2)":                  "GPL-2.0-or-later",
		"GPL-2 | GPL-3":               "GPL-2.0-only OR GPL-3.0-only",
		"GPL (>= 2) | file LICENSE":   "GPL-2.0-or-later",
		"LGPL (>= 2.1)":               "LGPL-2.1-or-later",
		"Apache License (== 2.0)":     "Apache-2.0",
		"Apache License (>= 2)":       "Apache License (>= 2)",
		"Artistic-2.0":                "Artistic-2.0",
		"file LICENSE":                "file LICENSE",
		"Part of R 4.2.2":             "Part of R 4.2.2",
		"MPL-2.0 | MIT + something":   "MPL-2.0 | MIT + something",
		"BSD_3_clause + file LICENSE": "BSD_3_clause + file LICENSE",
	} {
		if got := licenseOf(declared); got != want {
			t.Errorf("%s: got %s, want %s", declared, got, want)
		}
	}
}

// CRAN has packages with the field biocViews.
func TestBioconductor(t *testing.T) {
	for repository, want := range map[string]string{
		"": "bioconductor", "Bioconductor 3.18": "bioconductor", "https://bioc.r-universe.dev": "bioconductor",
		"CRAN": "cran", "RSPM": "cran", "https://ropensci.r-universe.dev": "cran",
	} {
		p := describe(map[string]string{"Package": "ab", "Version": "1", "biocViews": "x", "Repository": repository}, nil)
		if p == nil || p.Type != want {
			t.Errorf("%s: %+v, want %s", repository, p, want)
		}
	}
}

// TestCost reads a field of as many lines as fit into a file.
func TestCost(t *testing.T) {
	text := []byte("Package: xy\nVersion: 1.2\nBuilt: R 4\nDepends: a\n" + strings.Repeat(" b,\n", 250_000))
	if used := cputime.Of(func() {
		r, err := New().Analyze(t.Context(), analyzer.NewFile("usr/lib/R/library/xy/DESCRIPTION", 0o644, text))
		if err != nil || len(r.Packages) != 1 {
			t.Errorf("%+v, %v", r, err)
		}
	}); used > 3*time.Second {
		t.Errorf("%v for 1 MB", used)
	}
}

func FuzzDescription(f *testing.F) {
	f.Add([]byte("Package: rlang\nVersion: 1.0.6\nLicense: MIT + file LICENSE\nDepends: R (>= 3.4.0)\nImports: utils,\n  glue (>= 1.3)\nBuilt: R 4.2.1\nRemoteType: github\nRemoteUsername: r-lib\nRemoteRepo: rlang\nRemoteSha: 0a\n"))
	f.Add([]byte("Package: base\nVersion: 4.2.2\nPriority: base\nBuilt: R 4.2.2\n"))
	f.Add([]byte(" x\nPackage\nPackage: a b\n\tc\nVersion: 1\nBuilt:\n\nPackage: other\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := New().Analyze(t.Context(), analyzer.NewFile("usr/lib/R/library/x/DESCRIPTION", 0o644, text))
		if err != nil || r == nil {
			return
		}
		if len(r.Packages) > 1 {
			t.Fatal("several packages")
		}
		for _, p := range r.Packages {
			if !isName(p.Name) && p.Name != "r" || p.Version == "" || strings.ContainsAny(p.Version, " \n") {
				t.Errorf("%q %q", p.Name, p.Version)
			}
			if !slices.IsSorted(p.Depends) || strings.ContainsAny(p.Qualifiers["vcs_url"], " \n") {
				t.Errorf("%+v", p)
			}
		}
	})
}
