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
	known map[string]matcher.Enrichment
	err   error
}

func (s threats) Enrichments(context.Context, []string) (map[string]matcher.Enrichment, error) {
	return s.known, s.err
}

func TestThreats(t *testing.T) {
	key := matcher.PackageKey("pypi", "", "a")
	s := threats{
		advisories: advisories{
			{ID: "GHSA-1", Key: key, Aliases: []string{"CVE-1"}},
			{ID: "GHSA-2", Key: key},
		},
		known: map[string]matcher.Enrichment{"CVE-1": {EPSS: 0.9}, "GHSA-2": {EPSS: 0.1}},
	}
	result := match(t, s, pypi("a", "1"))
	if len(result.Matches) != 2 || result.Matches[0].Enrichment.EPSS != 0.9 {
		t.Fatalf("matches %+v, want the first with the threat of CVE-1", result.Matches)
	}
	s.err = errFailing
	report := &analyzer.Report{Components: []analyzer.Component{pypi("a", "1")}}
	if _, err := (matcher.Matcher{Source: s}).Match(t.Context(), report); !errors.Is(err, errFailing) {
		t.Errorf("error %v, want %v", err, errFailing)
	}
}

// A severity that no advisory states is that of those who rate vulnerabilities.
func TestThreatSeverity(t *testing.T) {
	key := matcher.PackageKey("pypi", "", "a")
	nvd := func(vector string) matcher.Severity { return matcher.Severity{Source: "nvd", Vector: vector} }
	const (
		critical = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
		medium   = "CVSS:4.0/AV:L/AC:L/AT:N/PR:L/UI:N/VC:L/VI:L/VA:L/SC:N/SI:N/SA:N"
		second   = "AV:N/AC:L/Au:N/C:C/I:C/A:C"
	)
	low := []matcher.Severity{{Source: "ghsa", Level: matcher.Low, Word: "LOW"}}
	unknown := []matcher.Severity{{Source: "ubuntu", Word: "untriaged"}}
	for _, c := range []struct {
		name    string
		stated  []matcher.Severity
		aliases []string
		known   map[string]matcher.Enrichment
		want    string
	}{
		{"an advisory's word wins", low, nil, map[string]matcher.Enrichment{"CVE-1": {Severities: []matcher.Severity{nvd(critical)}}}, "low by ghsa"},
		{"where there is none", nil, nil, map[string]matcher.Enrichment{"CVE-1": {Severities: []matcher.Severity{nvd(critical)}}}, "critical by nvd"},
		{"or it means nothing", unknown, nil, map[string]matcher.Enrichment{"CVE-1": {Severities: []matcher.Severity{nvd(critical)}}}, "critical by nvd"},
		{"the newest CVSS wins", nil, nil, map[string]matcher.Enrichment{"CVE-1": {Severities: []matcher.Severity{nvd(critical), nvd(medium), nvd(second)}}}, "medium by nvd"},
		{"version 2 is better than nothing", nil, nil, map[string]matcher.Enrichment{"CVE-1": {Severities: []matcher.Severity{nvd(second)}}}, "high by nvd"},
		{"the worse of two CVEs", nil, []string{"CVE-2"}, map[string]matcher.Enrichment{
			"CVE-1": {Severities: []matcher.Severity{nvd(second)}}, "CVE-2": {Severities: []matcher.Severity{nvd(critical)}},
		}, "critical by nvd"},
		{"nobody knows", nil, nil, map[string]matcher.Enrichment{"CVE-1": {EPSS: 0.5}}, "unknown by "},
	} {
		s := threats{known: c.known, advisories: advisories{{ID: "CVE-1", Key: key, Severities: c.stated}}}
		if c.aliases != nil {
			s.advisories = append(s.advisories, matcher.Advisory{ID: "GHSA-1", Aliases: []string{"CVE-1"}, Key: key}, matcher.Advisory{ID: "GHSA-1", Aliases: c.aliases, Key: key})
		}
		result := match(t, s, pypi("a", "1"))
		if len(result.Matches) != 1 {
			t.Fatalf("%s: %d matches", c.name, len(result.Matches))
		}
		if got := result.Matches[0].Severity.Level.String() + " by " + result.Matches[0].Severity.Source; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// The order of CompareRisk, each match before the next for one reason.
func TestCompareRisk(t *testing.T) {
	day := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	high, low := matcher.Severity{Level: matcher.High}, matcher.Severity{Level: matcher.Low}
	order := []matcher.Match{
		{ID: "ransomware", Severity: low, Enrichment: matcher.Enrichment{Exploited: day, Ransomware: true}},
		{ID: "exploited", Severity: low, Enrichment: matcher.Enrichment{Exploited: day}},
		{ID: "high, with an exploit", Severity: high, Enrichment: matcher.Enrichment{Exploits: []string{"x"}}},
		{ID: "high, likely", Severity: high, Enrichment: matcher.Enrichment{EPSS: 0.5}},
		{ID: "high, less likely", Severity: high, Enrichment: matcher.Enrichment{EPSS: 0.4}, Fixed: "1"},
		{ID: "high, with a fix", Severity: high, Fixed: "1"},
		{ID: "high, a", Severity: high, Component: "1"},
		{ID: "high, a", Severity: high, Component: "2"},
		{ID: "high, b", Severity: high},
		{ID: "low, likely", Severity: low, Enrichment: matcher.Enrichment{EPSS: 0.9}},
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
