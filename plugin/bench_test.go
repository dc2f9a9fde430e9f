package plugin_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// BenchmarkPipe scans with all analyzers in this process, and with one of them, or all, in another, each scan paired with
// one in this process, and reports the median of the ratios.
func BenchmarkPipe(b *testing.B) {
	corpus.Dir(b)
	img := open(b, "debian-app")
	small := fstest.MapFS{}
	for i := range 10_000 {
		small[fmt.Sprintf("usr/share/gems/specifications/%d.gemspec", i)] = &fstest.MapFile{Data: []byte("Gem::Specification.new do |s|\n  s.name = \"x\".freeze\n  s.version = \"1\"\nend\n")}
	}
	local := all.All()
	for _, bench := range []struct {
		name    string
		plugin  string
		scanned func(scan.Scanner) error
	}{
		{"image/dpkg", "dpkg", func(s scan.Scanner) error { _, err := s.Scan(b.Context(), img); return err }},
		{"image/npm", "npm", func(s scan.Scanner) error { _, err := s.Scan(b.Context(), img); return err }},
		{"image/all", "all", func(s scan.Scanner) error { _, err := s.Scan(b.Context(), img); return err }},
		{"10000files/gem", "gem", func(s scan.Scanner) error { _, err := s.ScanFS(b.Context(), small); return err }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			p := start(b, self(b, bench.plugin))
			remote := slices.Clone(p.Analyzers())
			for _, a := range local {
				if bench.plugin != "all" && a.Info().Name != bench.plugin {
					remote = append(remote, a)
				}
			}
			timed := func(list []analyzer.Analyzer) time.Duration {
				begun := time.Now()
				if err := bench.scanned(scan.Scanner{Analyzers: list}); err != nil {
					b.Fatal(err)
				}
				return time.Since(begun)
			}
			timed(local)
			timed(remote)
			var ratios []float64
			for b.Loop() {
				here, there := timed(local), timed(remote)
				ratios = append(ratios, float64(there)/float64(here))
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[len(ratios)/2], "x-in-process")
		})
	}
}
