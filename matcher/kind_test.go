package matcher_test

import (
	"slices"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// TestUpdates finds a match by everything that names it, and does not join vulnerabilities that one update fixes.
func TestUpdates(t *testing.T) {
	key := matcher.PackageKey("npm", "", "a")
	source := advisories{
		{ID: "CVE-1", Feed: "x", Key: key, Aliases: []string{"GHSA-1"}, Updates: []string{"RHSA-2", "RHSA-1"}},
		{ID: "CVE-1", Feed: "y", Key: key, Updates: []string{"DSA-1", "RHSA-1"}},
		{ID: "CVE-2", Feed: "x", Key: key, Updates: []string{"RHSA-1"}},
	}
	a := analyzer.Component{ID: "a", Package: analyzer.Package{Type: "npm", Name: "a", Version: "1"}}
	r := match(t, source, a)
	if len(r.Matches) != 2 || r.Matches[0].ID != "CVE-1" || r.Matches[1].ID != "CVE-2" {
		t.Fatalf("%+v", r.Matches)
	}
	if got := r.Matches[0].Updates(); !slices.Equal(got, []string{"DSA-1", "RHSA-1", "RHSA-2"}) {
		t.Errorf("updates: %q", got)
	}
	if got := r.Matches[0].Identifiers(); !slices.Equal(got, []string{"CVE-1", "DSA-1", "GHSA-1", "RHSA-1", "RHSA-2"}) {
		t.Errorf("identifiers: %q", got)
	}
	list, err := matcher.Matcher{Source: source}.Explain(t.Context(), &analyzer.Report{Components: []analyzer.Component{a}}, "RHSA-1")
	if err != nil || len(list) != 3 {
		t.Errorf("explained: %q, %v", told(list), err)
	}
}

// TestKinds says what matches of other kinds than vulnerabilities are.
func TestKinds(t *testing.T) {
	a := analyzer.Component{ID: "a", Package: analyzer.Package{Type: "npm", Name: "a", Version: "1"}}
	key := matcher.PackageKey("npm", "", "a")
	for _, tt := range []struct {
		kinds []matcher.Kind
		want  matcher.Kind
		level matcher.Level
	}{
		{[]matcher.Kind{matcher.Vulnerability}, matcher.Vulnerability, matcher.Low},
		{[]matcher.Kind{matcher.Malware}, matcher.Malware, matcher.Critical},
		{[]matcher.Kind{matcher.Vulnerability, matcher.Malware}, matcher.Malware, matcher.Critical},
		{[]matcher.Kind{matcher.Unsound, matcher.Vulnerability}, matcher.Vulnerability, matcher.Low},
		{[]matcher.Kind{matcher.Unmaintained}, matcher.Unmaintained, matcher.Low},
		// https://github.com/github/advisory-database/issues/682: GitHub's copy of RUSTSEC-2021-0139 does not say what it is.
		{[]matcher.Kind{matcher.Unmaintained, matcher.Vulnerability}, matcher.Unmaintained, matcher.Low},
	} {
		var source advisories
		for i, k := range tt.kinds {
			source = append(source, matcher.Advisory{
				ID: "X-1", Feed: string(rune('a' + i)), Key: key, Kind: k, Weaknesses: []string{"CWE-9", "CWE-1"},
				Severities: []matcher.Severity{{Source: "x", Level: matcher.Low, Word: "low"}},
			})
		}
		m := match(t, source, a).Matches[0]
		if m.Kind != tt.want || m.Severity.Level != tt.level || !slices.Equal(m.Enrichment.Weaknesses, []string{"CWE-1", "CWE-9"}) {
			t.Errorf("%v: %v %+v %q", tt.kinds, m.Kind, m.Severity, m.Enrichment.Weaknesses)
		}
	}
}

// TestKindOfCVE takes an advisory with a CVE for a vulnerability, although another one with the same identifier is about maintenance.
func TestKindOfCVE(t *testing.T) {
	a := analyzer.Component{ID: "a", Package: analyzer.Package{Type: "cargo", Name: "a", Version: "1"}}
	key := matcher.PackageKey("cargo", "", "a")
	m := match(t, advisories{
		{ID: "RUSTSEC-2020-1", Feed: "a", Key: key, Kind: matcher.Unmaintained, Aliases: []string{"GHSA-1"}},
		{ID: "GHSA-1", Feed: "b", Key: key, Aliases: []string{"CVE-2020-1"}},
	}, a).Matches
	if len(m) != 1 || m[0].Kind != matcher.Vulnerability {
		t.Errorf("%+v", m)
	}
}

// TestSystems matches advisories about some operating systems only in images of these. Cargo-audit reported a vulnerability of Windows in
// programs for Linux: https://github.com/rustsec/rustsec/issues/812.
func TestSystems(t *testing.T) {
	a := analyzer.Component{ID: "a", Package: analyzer.Package{Type: "npm", Name: "a", Version: "1"}}
	key := matcher.PackageKey("npm", "", "a")
	windows, both := []matcher.Part{{Systems: []string{"windows"}}}, []matcher.Part{{Path: "p", Systems: []string{"windows"}}, {Path: "q"}}
	for _, tt := range []struct {
		name  string
		image analyzer.ImageInfo
		linux bool
		parts []matcher.Part
		want  matcher.Outcome
	}{
		{"another", analyzer.ImageInfo{Platform: "linux/amd64"}, false, windows, matcher.OutcomeOtherSystem},
		{"the same", analyzer.ImageInfo{Platform: "windows/amd64"}, false, windows, matcher.OutcomeAffected},
		{"a distribution", analyzer.ImageInfo{}, true, windows, matcher.OutcomeOtherSystem},
		{"unknown", analyzer.ImageInfo{}, false, windows, matcher.OutcomeUncertain},
		{"one part everywhere", analyzer.ImageInfo{Platform: "linux/amd64"}, false, both, matcher.OutcomeAffected},
		{"unknown, one part everywhere", analyzer.ImageInfo{}, false, both, matcher.OutcomeAffected},
		{"no parts", analyzer.ImageInfo{}, false, nil, matcher.OutcomeAffected},
	} {
		report := &analyzer.Report{Image: tt.image, Components: []analyzer.Component{a}}
		if tt.linux {
			report.Distro = &analyzer.Distro{ID: "debian", VersionID: "12"}
		}
		m := matcher.Matcher{Source: advisories{{ID: "X-1", Feed: "x", Key: key, Parts: tt.parts}}}
		r, err := m.Match(t.Context(), report)
		if err != nil {
			t.Fatal(err)
		}
		list, err := m.Explain(t.Context(), report, "X-1")
		if err != nil || list[0].Outcome != tt.want {
			t.Errorf("%s: %+v, %v", tt.name, list, err)
		}
		if matched := len(r.Matches) == 1; matched != (tt.want != matcher.OutcomeOtherSystem) || matched && (r.Matches[0].Uncertain != "") != (tt.want == matcher.OutcomeUncertain) {
			t.Errorf("%s: %+v", tt.name, r.Matches)
		}
	}
}
