package scan_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// TestDiagnostics asks that the report has an analyzer's diagnostics as data, up to a bound, and its error, cached or not.
func TestDiagnostics(t *testing.T) {
	a := analyzer.Func(analyzer.Info{Name: "bad", Version: 1, Patterns: []string{"**/*.bad"}}, func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
		r := &analyzer.Result{Diagnostics: []analyzer.Diagnostic{
			{Line: 12, Message: "no code"}, {Code: "no-version", Line: 3, Message: "its own code"},
			{Code: "Not kebab", Line: -1, Message: "no such code"}, {Code: analyzer.Unsupported, Message: "no line"},
		}}
		if f.Path == "b.bad" {
			r.Diagnostics = make([]analyzer.Diagnostic, 1000)
		}
		return r, fmt.Errorf("bad: %w", analyzer.ErrTooLarge)
	})
	img, err := imagetest.Image(new(imagetest.Layer).File("a.bad", "a").File("b.bad", "b"))
	if err != nil {
		t.Fatal(err)
	}
	at := func(path string, d analyzer.Diagnostic) analyzer.FileDiagnostic {
		return analyzer.FileDiagnostic{Diagnostic: d, Path: path, Analyzer: "bad"}
	}
	want := []analyzer.FileDiagnostic{
		at("a.bad", analyzer.Diagnostic{Code: "no-version", Line: 3, Message: "its own code"}),
		at("a.bad", analyzer.Diagnostic{Code: analyzer.Malformed, Line: 12, Message: "no code"}),
		at("a.bad", analyzer.Diagnostic{Code: analyzer.Malformed, Message: "no such code"}),
		at("a.bad", analyzer.Diagnostic{Code: analyzer.TooLarge, Message: "bad: too large"}),
		at("a.bad", analyzer.Diagnostic{Code: analyzer.Unsupported, Message: "no line"}),
		at("b.bad", analyzer.Diagnostic{Code: analyzer.Malformed}), // 16 equal ones
		at("b.bad", analyzer.Diagnostic{Code: analyzer.Malformed, Message: "984 more problems"}),
		at("b.bad", analyzer.Diagnostic{Code: analyzer.TooLarge, Message: "bad: too large"}),
	}
	s := scan.Scanner{Analyzers: []analyzer.Analyzer{a}, Cache: scan.NewMemCache(0)}
	for range 2 {
		report, err := s.Scan(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(report.Diagnostics, want) {
			t.Errorf("got %+v\nwant %+v", report.Diagnostics, want)
		}
	}
}
