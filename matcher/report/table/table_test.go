package table

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

func TestThreat(t *testing.T) {
	day := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for want, threat := range map[string]matcher.Enrichment{
		"":                     {Weaknesses: []string{"CWE-79"}},
		"ransomware, EPSS 94%": {Exploited: day, Ransomware: true, Exploits: []string{"1"}, EPSS: 0.943},
		"exploited":            {Exploited: day, Exploits: []string{"1"}},
		"exploit known":        {Exploits: []string{"1"}},
		"EPSS <1%":             {EPSS: 0.00043},
	} {
		if got := threatOf(&threat); got != want {
			t.Errorf("%+v: %q, want %q", threat, got, want)
		}
	}
}

// TestWidth requires that the lines of findings fit a terminal, and that ecosystems without advisories stand out at any width.
func TestWidth(t *testing.T) {
	found := &analyzer.Report{Distro: &analyzer.Distro{ID: "debian", VersionID: "12"}}
	result := new(matcher.Result)
	for _, name := range []string{"a", strings.Repeat("long", 60), "unknown"} {
		c := analyzer.Component{ID: name, Path: "var/lib/dpkg/status", Package: analyzer.Package{Type: "deb", Namespace: "debian", Name: name, Version: "1.2.3-4", System: true}}
		if name == "unknown" {
			c.Namespace = "third.example"
		}
		found.Components = append(found.Components, c)
		result.Matches = append(result.Matches, matcher.Match{ID: "CVE-2026-1000", Component: name, Reason: strings.Repeat("no-dsa: ", 20), Fixed: "1.2.3-4+deb12u" + strings.Repeat("1", 30), Severity: matcher.Severity{Level: matcher.High}})
	}
	result.Coverage = []matcher.Coverage{{Type: "deb", Namespace: "debian", Release: "12", Feed: "debian"}}
	a := report.New(found, result, report.Options{Name: "image"})
	for _, width := range []int{60, 80, 140} {
		var b strings.Builder
		if err := Write(&b, a, Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		findings, _, _ := strings.Cut(b.String(), "\n3 findings")
		for line := range strings.Lines(findings) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("at %d, a line of %d: %s", width, n, line)
			}
		}
		if !strings.Contains(b.String(), "No advisories for deb third.example 12: 1 package could not be checked.\n  deb third.example 12: unknown\n") {
			t.Errorf("at %d, an unknown ecosystem looks clean:\n%s", width, b.String())
		}
	}
	var b strings.Builder
	if err := Write(&b, a, Options{Color: true}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "\x1b[31mhigh\x1b[0m") {
		t.Error("no colours")
	}
}
