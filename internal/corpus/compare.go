package corpus

import (
	"context"
	"io/fs"
	"sync"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
)

// Compare asks for an expectation in both directions: each package of it is found, none other but those that may be, and
// none that must not be. What is found, and what is wanted, is known by a key of the test's choice; match compares the rest
// of the two, and may be nil.
func Compare[P any](t testing.TB, want *Expectation, found map[string]P, key func(Package) string, match func(got P, want Package)) {
	t.Helper()
	known := make(map[string]bool)
	for _, w := range want.Packages {
		k := key(w)
		known[k] = true
		if got, ok := found[k]; !ok {
			t.Errorf("missing: %s %s", k, w.Location)
		} else if match != nil {
			match(got, w)
		}
	}
	for _, list := range [][]Package{want.May, want.Best} {
		for _, w := range list {
			known[key(w)] = true
		}
	}
	for k := range found {
		if !known[k] {
			t.Errorf("extra: %s", k)
		}
	}
	for _, w := range want.MustNot {
		if _, ok := found[key(w)]; ok {
			t.Errorf("must not be found: %s", key(w))
		}
	}
}

// CheckErrors asks for errors where the expectation is that bad input is told of, and for none where it is sound.
func (e *Expectation) CheckErrors(t testing.TB, errs ...error) {
	t.Helper()
	if e.Error == "none" && len(errs) > 0 || e.Error == "expected" && len(errs) == 0 {
		t.Errorf("errors: %s; got %q", e.Error, errs)
	}
}

// Scan returns what analyzers find in the files of a case. Bad input must have a diagnostic; those of other input are logged.
func (c *Case) Scan(t testing.TB, analyzers ...analyzer.Analyzer) *analyzer.Report {
	t.Helper()
	report, err := scan.Scanner{Analyzers: analyzers}.ScanFS(t.Context(), c.Files)
	if err != nil {
		t.Fatal(err)
	}
	if c.Want.Error == "expected" && len(report.Diagnostics) == 0 {
		t.Error("bad input passed without a word")
	}
	for _, d := range report.Diagnostics {
		t.Logf("%s: %s: %s", d.Path, d.Kind, d.Message)
	}
	return report
}

// Analyze scans files with one analyzer, and returns what it said of each, by path, before a report merges it.
func Analyze(t testing.TB, root fs.FS, a analyzer.Analyzer) (results map[string]*analyzer.Result, errs []error) {
	t.Helper()
	results = make(map[string]*analyzer.Result)
	var mu sync.Mutex
	spy := analyzer.Func(a.Info(), func(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
		r, err := a.Analyze(ctx, f)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			errs = append(errs, err)
		}
		if r != nil {
			results[f.Path] = r
		}
		return r, err
	})
	if _, err := (scan.Scanner{Analyzers: []analyzer.Analyzer{spy}}).ScanFS(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	return results, errs
}
