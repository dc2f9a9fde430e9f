package scan_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// A downError is what an analyzer returns that cannot work.
type downError struct{ file string }

func (e *downError) Error() string        { return "the service is down" }
func (e *downError) Is(target error) bool { return target == analyzer.ErrUnavailable }

// TestUnavailable asks for one diagnostic for all files that an analyzer could not look at, for what it found before, and
// that its answers are not kept while those of others are.
func TestUnavailable(t *testing.T) {
	layer := new(imagetest.Layer)
	for i := range 5 {
		layer.File(fmt.Sprintf("opt/%d.list", i), "x")
	}
	img, err := imagetest.Image(layer)
	if err != nil {
		t.Fatal(err)
	}
	var down atomic.Bool
	var asked, others atomic.Int32
	scanner := scan.Scanner{Cache: scan.NewMemCache(0), Analyzers: []analyzer.Analyzer{
		analyzer.Func(analyzer.Info{Name: "remote", Patterns: []string{"**/*.list"}}, func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
			asked.Add(1)
			if down.Load() && !strings.HasSuffix(f.Path, "0.list") {
				return nil, &downError{f.Path}
			}
			return &analyzer.Result{Packages: []analyzer.Package{{Type: "generic", Name: "p", Version: f.Path[4:5]}}}, nil
		}),
		analyzer.Func(analyzer.Info{Name: "local", Patterns: []string{"**/*.list"}}, func(context.Context, *analyzer.File) (*analyzer.Result, error) {
			others.Add(1)
			return nil, nil
		}),
	}}
	down.Store(true)
	for range 2 {
		report, err := scanner.Scan(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Components) != 1 || len(report.Diagnostics) != 1 {
			t.Fatalf("%d components, diagnostics %+v", len(report.Components), report.Diagnostics)
		}
		want := analyzer.FileDiagnostic{Layer: -1, Analyzer: "remote", Diagnostic: analyzer.Diagnostic{
			Code: analyzer.Unavailable, Message: "the service is down; 4 files were not analyzed: opt/1.list, opt/2.list, opt/3.list, ...",
		}}
		if report.Diagnostics[0] != want {
			t.Errorf("got %+v, want %+v", report.Diagnostics[0], want)
		}
	}
	down.Store(false)
	for range 2 {
		report, err := scanner.Scan(t.Context(), img)
		if err != nil || len(report.Components) != 5 || len(report.Diagnostics) != 0 {
			t.Fatal(report, err)
		}
	}
	if asked.Load() != 15 || others.Load() != 5 {
		t.Errorf("asked %d times about 5 files, want 15: three scans, and one from the cache; the other %d times, want 5", asked.Load(), others.Load())
	}
}

// TestInfoUnavailable asks that an analyzer which cannot look at anything is told of once.
func TestInfoUnavailable(t *testing.T) {
	scanner := scan.Scanner{Analyzers: []analyzer.Analyzer{analyzer.Func(analyzer.Info{Name: "x", Unavailable: "did not start"}, nil)}}
	report, err := scanner.ScanFS(t.Context(), fstest.MapFS{"a": {}})
	if err != nil {
		t.Fatal(err)
	}
	want := analyzer.FileDiagnostic{
		Diagnostic: analyzer.Diagnostic{Code: analyzer.Unavailable, Message: "did not start"}, Layer: -1, Analyzer: "x",
	}
	if len(report.Diagnostics) != 1 || report.Diagnostics[0] != want {
		t.Errorf("%+v", report.Diagnostics)
	}
}

// TestConcurrent asks that an analyzer which waits elsewhere gets as many files at once as it wants, though others work one
// at a time.
func TestConcurrent(t *testing.T) {
	const files = 20
	root := fstest.MapFS{}
	for i := range files {
		root[fmt.Sprintf("%d.list", i)] = &fstest.MapFile{Data: []byte("x")}
	}
	var waiting atomic.Int32
	all := make(chan struct{})
	wait := func(ctx context.Context, _ *analyzer.File) (*analyzer.Result, error) {
		if waiting.Add(1) == files {
			close(all)
		}
		select {
		case <-all:
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	_, err := scan.Scanner{Parallel: 1, Analyzers: []analyzer.Analyzer{
		analyzer.Func(analyzer.Info{Name: "waits", Patterns: []string{"**/*.list"}, Concurrent: files}, wait),
	}}.ScanFS(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
}

// TestValidate asks for the errors with which a Scanner would not start.
func TestValidate(t *testing.T) {
	for _, info := range []analyzer.Info{
		{Patterns: []string{"a"}}, {Name: "x", Patterns: []string{"/a"}}, {Name: "x", Patterns: []string{"a/**/b"}}, {Name: "x", Patterns: []string{"**/a*"}},
	} {
		_, started := scan.Scanner{Analyzers: []analyzer.Analyzer{analyzer.Func(info, nil)}}.ScanFS(t.Context(), fstest.MapFS{})
		if err := info.Validate(); err == nil || started == nil || err.Error() != started.Error() {
			t.Errorf("%+v: %v; a Scanner says %v", info, err, started)
		}
	}
	if err := (analyzer.Info{Name: "x", Patterns: []string{"**", "a/*.b"}, Siblings: []string{"c"}}).Validate(); err != nil {
		t.Error(err)
	}
	if !errors.Is(&downError{}, analyzer.ErrUnavailable) {
		t.Error("the test's own error is not what it should be")
	}
}
