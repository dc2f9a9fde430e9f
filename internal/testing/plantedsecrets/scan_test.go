package plantedsecrets

import (
	"bytes"
	"context"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
)

// TestScan scans the image with an analyzer that knows the secrets, so that paths, layers and marks of a report are those of the list.
func TestScan(t *testing.T) {
	set := one(t)
	byPath := map[string][]*Plant{}
	for i := range set.Plants {
		p := &set.Plants[i]
		byPath[p.Path] = append(byPath[p.Path], p)
	}
	oracle := analyzer.Func(analyzer.Info{Name: "oracle", Version: 1, Patterns: []string{"**"}, Config: true, Hidden: true, Finds: []string{"secrets"}},
		func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
			content, err := f.Bytes()
			if err != nil {
				return nil, err
			}
			r := &analyzer.Result{}
			for _, p := range byPath[f.Path] {
				if p.Path != "" && !bytes.Equal(content, []byte("# empty\n")) || bytes.Contains(content, []byte(p.Place)) && p.Path == "" {
					r.Findings = append(r.Findings, analyzer.Finding{Rule: p.Format, Title: "secret", Detail: p.Place})
				}
			}
			return r, nil
		})
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{oracle}}.Scan(t.Context(), set.Image)
	if err != nil {
		t.Fatal(err)
	}
	if s := set.Score(report, "oracle"); s.Recall(nil) != 1 || len(s.False) != 0 || len(s.Mismarked) != 0 || s.Extra != 0 {
		t.Errorf("%.2000s", s)
	}
}
