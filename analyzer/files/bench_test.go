package files

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

// BenchmarkAnalyze analyzes an entry without anything to report, as nearly all are.
func BenchmarkAnalyze(b *testing.B) {
	a := New()
	f := analyzer.NewFile("usr/share/doc/x/copyright", 0o644, nil)
	f.Entry = &analyzer.Entry{Mode: 0o644}
	b.ReportAllocs()
	for b.Loop() {
		if r, err := a.Analyze(b.Context(), f); r != nil || err != nil {
			b.Fatal(r, err)
		}
	}
}
