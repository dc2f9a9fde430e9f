package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/cputime"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/report"
)

// large returns a document with an allow list of so many entries, half of them with a package, and an image with so many matches,
// half of which are allowed.
func large(t testing.TB, entries, matches int) (*policy.Document, report.PolicyInput) {
	t.Helper()
	var b strings.Builder
	b.WriteString("version: 1\npolicies:\n  - name: p\n    otherwise: go\n    rules:\n      - {name: severe, on: match, when: match.severity >= HIGH, action: stop}\ndefault: {policies: [p], allow: [l]}\nallow:\n  - name: l\n    entries:\n")
	for i := range entries {
		fmt.Fprintf(&b, "      - {vulnerability: CVE-2020-%05d, reason: because, expires: 2027-01-01", i)
		if i%2 == 0 {
			fmt.Fprintf(&b, ", package: 'pkg:npm/p%d'", i%500)
		}
		b.WriteString("}\n")
	}
	in := report.PolicyInput{Reference: "r.example/a:1", Now: now, Report: new(analyzer.Report), Result: new(matcher.Result)}
	for i := range 500 {
		c := analyzer.Component{ID: fmt.Sprint(i), Package: analyzer.Package{Type: "npm", Name: fmt.Sprintf("p%d", i), Version: "1.0.0"}, PURL: fmt.Sprintf("pkg:npm/p%d@1.0.0", i)}
		in.Report.Components = append(in.Report.Components, c)
	}
	for i := range matches {
		in.Result.Matches = append(in.Result.Matches, matcher.Match{ID: fmt.Sprintf("CVE-2020-%05d", i*4), Component: fmt.Sprint(i * 4 % 500), Severity: matcher.Severity{Level: matcher.High}})
	}
	return load(t, b.String()), in
}

// Ten thousand entries over five thousand matches take less than 50 ms of processor time, the rule's expression on every match included.
func TestScale(t *testing.T) {
	d, in := large(t, 10_000, 5_000)
	best := time.Hour
	for range 10 {
		start := cputime.Used()
		v, err := d.Evaluate(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		best = min(best, cputime.Used()-start)
		if v.Count(report.Go) != 2500 || v.Count(report.Stop) != 2500 || len(v.Unused) != 7500 {
			t.Fatalf("%d go, %d stop, %d unused", v.Count(report.Go), v.Count(report.Stop), len(v.Unused))
		}
	}
	t.Logf("10,000 entries, 5,000 matches: %v", best)
	if best > 50*time.Millisecond && !testing.Short() {
		t.Errorf("took %v, want less than 50 ms", best)
	}
}

func BenchmarkEvaluate(b *testing.B) {
	for _, entries := range []int{1, 10_000} {
		b.Run(fmt.Sprintf("%d entries", entries), func(b *testing.B) {
			d, in := large(b, entries, 5_000)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Evaluate(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
