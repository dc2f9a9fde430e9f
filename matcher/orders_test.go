package matcher_test

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// TestOrders matches packages of each kind with bounds that only the order of their own tool decides.
func TestOrders(t *testing.T) {
	fixed := func(v string) matcher.Range { return matcher.Range{Fixed: v} }
	last := func(v string) matcher.Range { return matcher.Range{LastAffected: v} }
	for _, c := range []struct {
		purlType, version string
		bounds            matcher.Range
		want              string // "affected", "uncertain" or ""
	}{
		{"bitnami", "2.4.43-2", fixed("2.4.43-3"), "affected"},
		{"bitnami", "2.4.43-3", fixed("2.4.43-3"), ""},
		{"bitnami", "2.4.43-0", fixed("2.4.43"), ""},
		{"bitnami", "9.0.73-4", last("9.0.73"), "affected"}, // an advisory without a revision is about all of them
		{"bitnami", "9.0.74-0", last("9.0.73"), ""},
		{"bitnami", "9.0.35-3.57.2", fixed("9.0.35-3.57.3"), "affected"},
		{"bitnami", "14.4.2-r2", fixed("14.4.2-r10"), "affected"},
		{"conan", "1.1.1w", fixed("1.1.1x"), "affected"},
		{"conan", "2.0-rc-9", fixed("2.0-rc-10"), ""}, // "rc-9" is one word
		{"conan", "cci.20220101", fixed("cci.20220102"), "affected"},
		{"generic", "20.11.0", fixed("20.11.1"), "affected"},
		{"generic", "20.11.1", fixed("20.11.1"), ""},
		{"generic", "21.0.0-rc.1", fixed("21.0.0"), "uncertain"},
		{"hackage", "0.9.1", fixed("0.10"), "affected"},
		{"hackage", "0.10.0", fixed("0.10"), ""},
		{"hex", "1.6.0-rc.1", fixed("1.6.0"), "affected"},
		{"julia", "1.10rc2", fixed("1.10"), "affected"},
		{"nuget", "1.0.0-beta.20231231235959", fixed("1.0.0-beta.5"), ""}, // a word for NuGet, and after every number
		{"opam", "1.0-a", fixed("1.0+b"), "affected"},
		{"pub", "1.0.0", fixed("1.0.0+1"), "affected"},
		{"swift", "2.42.0-beta.2", fixed("2.42.0-beta.10"), "affected"},
	} {
		source := advisories{{ID: "CVE-1", Key: matcher.Key{Type: c.purlType, Name: "a"}, Ranges: []matcher.Range{c.bounds}}}
		report := &analyzer.Report{Components: []analyzer.Component{{ID: "a", Package: analyzer.Package{Type: c.purlType, Name: "a", Version: c.version}}}}
		result, err := matcher.Matcher{Source: source}.Match(t.Context(), report)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, m := range result.Matches {
			if got = "affected"; m.Uncertain != "" {
				got = "uncertain"
			}
		}
		if got != c.want {
			t.Errorf("%s %s, %+v: %q, want %q", c.purlType, c.version, c.bounds, got, c.want)
		}
	}
}
