package corpus

import (
	"context"
	"io/fs"
	"sync"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// Compare fails the test unless found has every expected package and no other, except optional ones. key identifies packages.
// match compares the other fields of a package, and may be nil.
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

// CheckErrors fails the test unless errors are present or absent as expected.
func (e *Expectation) CheckErrors(t testing.TB, errs ...error) {
	t.Helper()
	if e.Error == "none" && len(errs) > 0 || e.Error == "expected" && len(errs) == 0 {
		t.Errorf("errors: %s; got %q", e.Error, errs)
	}
}

// Scan scans the files of a case. Bad input must yield a diagnostic. Scan logs diagnostics.
func (c *Case) Scan(t testing.TB, analyzers ...analyzer.Analyzer) *analyzer.Report {
	t.Helper()
	report, err := scan.Scanner{Analyzers: analyzers}.ScanFS(t.Context(), c.Files)
	if err != nil {
		t.Fatal(err)
	}
	if c.Want.Error == "expected" && len(report.Diagnostics) == 0 {
		t.Error("no diagnostic for bad input")
	}
	for _, d := range report.Diagnostics {
		t.Logf("%s: %s: %s", d.Path, d.Code, d)
	}
	return report
}

// Analyze scans files with one analyzer and returns its results by path, before a report merges them. Each error has the
// diagnostics and the error of a file.
func Analyze(t testing.TB, root fs.FS, a analyzer.Analyzer) (results map[string]*analyzer.Result, errs []error) {
	t.Helper()
	results = make(map[string]*analyzer.Result)
	var mu sync.Mutex
	spy := analyzer.Func(a.Info(), func(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
		r, err := a.Analyze(ctx, f)
		mu.Lock()
		defer mu.Unlock()
		if err := diagnostic.Err(r, err); err != nil {
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
