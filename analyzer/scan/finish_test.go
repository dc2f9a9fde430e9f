package scan_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// A finisher is an analyzer with a function Finish.
type finisher struct {
	analyzer.Analyzer
	finish func(context.Context, *analyzer.Report) error
}

func (f finisher) Finish(ctx context.Context, r *analyzer.Report) error { return f.finish(ctx, r) }

func newFinisher(name string, list bool, finish func(context.Context, *analyzer.Report) error) analyzer.Analyzer {
	return finisher{analyzer.Func(analyzer.Info{Name: name, Version: 1, Patterns: []string{"etc/*"}, List: list, Entries: list}, func(context.Context, *analyzer.File) (*analyzer.Result, error) {
		return &analyzer.Result{Findings: []analyzer.Finding{{Rule: name}}}, nil
	}), finish}
}

// TestFinish calls the Finishers with the complete report: those with a list first, in the order of their names. Their failures are diagnostics.
func TestFinish(t *testing.T) {
	img, err := imagetest.Txtar(txtar.Parse([]byte("-- 0/etc/a --\na\n-- 1/etc/b --\nb\n")))
	if err != nil {
		t.Fatal(err)
	}
	root := fstest.MapFS{"etc/a": {Data: []byte("a\n")}, "etc/b": {Data: []byte("b\n")}}
	for name, c := range map[string]struct {
		err         error
		fail        func(cancel func())
		code        analyzer.DiagnosticCode
		diagnostics string
	}{
		"succeeds":     {},
		"error":        {err: errors.New("bad"), code: analyzer.Malformed, diagnostics: "bad"},
		"too large":    {err: fmt.Errorf("bad: %w", analyzer.ErrTooLarge), code: analyzer.TooLarge, diagnostics: "bad: " + analyzer.ErrTooLarge.Error()},
		"panic":        {fail: func(func()) { panic("oh") }, code: analyzer.Panicked, diagnostics: "finish: oh"},
		"context ends": {fail: func(cancel func()) { cancel() }},
	} {
		for _, way := range []string{"image", "cached", "cached", "root"} {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var order []string
			finish := func(name string) func(context.Context, *analyzer.Report) error {
				return func(_ context.Context, r *analyzer.Report) error {
					order = append(order, name)
					if len(r.Examined) != 4 || way != "root" && (len(r.Layers) != 2 || r.Image.ID == "") || r.Files.Len() < 2 {
						t.Errorf("%s, %s: the report is not complete", way, name)
					}
					for i := range r.Findings {
						r.Findings[i].Detail += name + " "
					}
					r.Findings = append(r.Findings, analyzer.FileFinding{Finding: analyzer.Finding{Rule: "added"}, Analyzer: name, Layer: -1})
					if name == "b" {
						if c.fail != nil {
							c.fail(cancel)
						}
						return c.err
					}
					return nil
				}
			}
			s := scan.Scanner{Analyzers: []analyzer.Analyzer{newFinisher("a", false, finish("a")), newFinisher("d", true, finish("d")), newFinisher("c", false, finish("c")), newFinisher("b", true, finish("b"))}}
			cache := scan.NewMemCache(0)
			var report *analyzer.Report
			var err error
			switch way {
			case "root":
				report, err = s.ScanFS(ctx, root)
			case "cached":
				s.Cache = cache
				fallthrough
			default:
				report, err = s.Scan(ctx, img)
			}
			if name == "context ends" {
				if !errors.Is(err, context.Canceled) || report != nil {
					t.Errorf("%s: %v", way, err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(order, " "); got != "b d a c" {
				t.Errorf("%s: in the order %s", way, got)
			}
			var added []string
			for _, f := range report.Findings[:4] {
				added = append(added, f.Analyzer+": "+f.Detail)
			}
			if got, want := strings.Join(added, ", "), "a: c , b: d a c , c: , d: a c "; got != want {
				t.Errorf("%s: got %q, want %q", way, got, want)
			}
			if got := len(report.Findings); got != 4*2+4 {
				t.Errorf("%s: %d findings", way, got)
			}
			var text []string
			for _, d := range report.Diagnostics {
				if d.Code != c.code || d.Analyzer != "b" || d.Layer != -1 {
					t.Errorf("%s: %+v", way, d)
				}
				text = append(text, d.Message)
			}
			if got := strings.Join(text, "; "); got != c.diagnostics || report.Examined[1].NotRun != c.diagnostics {
				t.Errorf("%s, %s: diagnostics %q, not run %q", name, way, got, report.Examined[1].NotRun)
			}
		}
	}
}
