package report_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/content"
	"github.com/hullmark/hullmark/matcher/report"
)

// TestKinds holds the kinds of things that a report names as not looked for against the aims of the analyzers that need no user's settings.
// Plugins look for malware, and secrets are promised.
func TestKinds(t *testing.T) {
	want := []string{"malware", "packages", "secrets"}
	for _, a := range append(all.All(), content.All()...) {
		want = append(want, a.Info().Finds...)
	}
	slices.Sort(want)
	want = slices.Compact(want)
	var got []string
	for _, s := range report.New(&analyzer.Report{Examined: []analyzer.Examination{{Analyzer: "dpkg"}}}, nil, report.Options{}).Searches() {
		got = append(got, s.Kind)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), strings.Join(want, " "))
	}
}
