package matcher_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// threats is a Source that also knows threats.
type threats struct {
	advisories
	known map[string]matcher.Threat
	err   error
}

func (s threats) Threats(context.Context, []string) (map[string]matcher.Threat, error) {
	return s.known, s.err
}

func TestThreats(t *testing.T) {
	key := matcher.PackageKey("pypi", "", "a")
	s := threats{
		advisories: advisories{
			{ID: "GHSA-1", Key: key, Aliases: []string{"CVE-1"}},
			{ID: "GHSA-2", Key: key},
		},
		known: map[string]matcher.Threat{"CVE-1": {EPSS: 0.9}, "GHSA-2": {EPSS: 0.1}},
	}
	result := match(t, s, pypi("a", "1"))
	if len(result.Matches) != 2 || result.Matches[0].Threat.EPSS != 0.9 {
		t.Fatalf("matches %+v, want the first with the threat of CVE-1", result.Matches)
	}
	s.err = errFailing
	report := &analyzer.Report{Components: []analyzer.Component{pypi("a", "1")}}
	if _, err := (matcher.Matcher{Source: s}).Match(t.Context(), report); !errors.Is(err, errFailing) {
		t.Errorf("error %v, want %v", err, errFailing)
	}
}

// The order of CompareRisk, each match before the next for one reason.
func TestCompareRisk(t *testing.T) {
	day := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	high, low := matcher.Severity{Level: matcher.High}, matcher.Severity{Level: matcher.Low}
	order := []matcher.Match{
		{ID: "ransomware", Severity: low, Threat: matcher.Threat{Exploited: day, Ransomware: true}},
		{ID: "exploited", Severity: low, Threat: matcher.Threat{Exploited: day}},
		{ID: "high, with an exploit", Severity: high, Threat: matcher.Threat{Exploits: []string{"x"}}},
		{ID: "high, likely", Severity: high, Threat: matcher.Threat{EPSS: 0.5}},
		{ID: "high, less likely", Severity: high, Threat: matcher.Threat{EPSS: 0.4}, Fixed: "1"},
		{ID: "high, with a fix", Severity: high, Fixed: "1"},
		{ID: "high, a", Severity: high, Component: "1"},
		{ID: "high, a", Severity: high, Component: "2"},
		{ID: "high, b", Severity: high},
		{ID: "low, likely", Severity: low, Threat: matcher.Threat{EPSS: 0.9}},
		{ID: "uncertain", Severity: high, Uncertain: "why"},
		{ID: "investigated", Severity: high, Status: matcher.UnderInvestigation},
	}
	got := slices.Clone(order)
	slices.Reverse(got)
	slices.SortFunc(got, func(a, b matcher.Match) int { return matcher.CompareRisk(&a, &b) })
	for i := range got {
		if got[i].ID != order[i].ID || got[i].Component != order[i].Component {
			t.Errorf("place %d: %s, want %s", i, got[i].ID, order[i].ID)
		}
	}
}

func TestSupportEnds(t *testing.T) {
	for _, c := range []struct{ namespace, release, want string }{
		{"debian", "8", "2020-06-30"},
		{"debian", "13", "2030-06-30"},
		{"debian", "1", ""},
		{"debian", "sid", ""},
		{"ubuntu", "14.04", "2019-04-25"},
		{"ubuntu", "24.04", "2029-05-31"},
		{"ubuntu", "16.04/pro", ""},
		{"alpine", "3.1", ""},
		{"alpine", "3.18", "2025-05-09"},
		{"amzn", "2", "2026-06-30"},
		{"wolfi", "", ""},
		{"", "8", ""},
	} {
		last, ok := matcher.SupportEnds(c.namespace, c.release)
		if got := last.Format(time.DateOnly); ok != (c.want != "") || ok && got != c.want {
			t.Errorf("SupportEnds(%q, %q) = %s, %v, want %q", c.namespace, c.release, got, ok, c.want)
		}
	}
}

// Whether a release is past its end of life depends on the time that the caller gives, and on nothing else.
func TestCoverageEndOfLife(t *testing.T) {
	report := &analyzer.Report{Distro: &analyzer.Distro{ID: "debian", VersionID: "12"}, Components: []analyzer.Component{deb("a", "1", nil)}}
	for _, c := range []struct {
		now  time.Time
		want bool
	}{
		{time.Time{}, false},
		{time.Date(2028, 6, 30, 23, 59, 0, 0, time.UTC), false},
		{time.Date(2028, 7, 1, 0, 0, 1, 0, time.UTC), true},
	} {
		result, err := matcher.Matcher{Source: advisories{}, Now: c.now}.Match(t.Context(), report)
		if err != nil {
			t.Fatal(err)
		}
		if got := result.Coverage[0].EndOfLife; got != c.want {
			t.Errorf("at %v: end of life %v, want %v", c.now, got, c.want)
		}
	}
}
