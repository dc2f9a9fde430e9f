package sbom_test

import (
	"testing"
	"time"

	"github.com/hullmark/hullmark/matcher"
)

// TestStatedAnalysis asks that what a VEX statement says stands in the analysis, in the format's words, and that a
// vulnerability of which statements say different things in different components is there once for each.
func TestStatedAnalysis(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		name                 string
		a                    matcher.Analysis
		state, justification string
	}{
		{"not there", matcher.Analysis{Status: matcher.NotAffected, Justification: "vulnerable_code_not_present"}, "not_affected", "code_not_present"},
		{"not reached", matcher.Analysis{Status: matcher.NotAffected, Justification: "vulnerable_code_not_in_execute_path"}, "not_affected", "code_not_reachable"},
		{"mitigated", matcher.Analysis{Status: matcher.NotAffected, Justification: "inline_mitigations_already_exist"}, "not_affected", "protected_by_mitigating_control"},
		{"CycloneDX's own word", matcher.Analysis{Status: matcher.NotAffected, Justification: "protected_at_perimeter"}, "not_affected", "protected_at_perimeter"},
		{"no word", matcher.Analysis{Status: matcher.NotAffected, Justification: "because"}, "not_affected", ""},
		{"fixed", matcher.Analysis{Status: matcher.Fixed}, "resolved", ""},
		{"affected", matcher.Analysis{Status: matcher.Affected, Detail: "update"}, "exploitable", ""},
		{"being looked at", matcher.Analysis{Status: matcher.UnderInvestigation}, "in_triage", ""},
	} {
		c.a.Document, c.a.Place, c.a.Time = "x.json", "statements[0]", at
		got := vulnerabilities(t, pair(), matcher.Match{ID: "CVE-1", Component: "a", Analysis: &c.a}, matcher.Match{ID: "CVE-1", Component: "b"})
		if len(got) != 2 {
			t.Fatalf("%s: %d vulnerabilities, want one of each component", c.name, len(got))
		}
		if got[0].Analysis != nil || got[1].Analysis == nil {
			t.Fatalf("%s: analyses %v and %v, want one of the second", c.name, got[0].Analysis, got[1].Analysis)
		}
		a := got[1].Analysis
		if string(a.State) != c.state || string(a.Justification) != c.justification || a.Detail != c.a.Detail || a.LastUpdated != "2026-01-02T03:04:05Z" {
			t.Errorf("%s: %+v, want %s %s", c.name, a, c.state, c.justification)
		}
	}
	same := matcher.Analysis{Status: matcher.NotAffected}
	if got := vulnerabilities(t, pair(), matcher.Match{ID: "CVE-1", Component: "a", Analysis: &same}, matcher.Match{ID: "CVE-1", Component: "b", Analysis: &same}); len(got) != 1 {
		t.Errorf("one statement on two components: %d vulnerabilities", len(got))
	}
}
