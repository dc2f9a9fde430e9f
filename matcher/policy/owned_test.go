package policy_test

import (
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/report"
)

// TestOwned requires that a finding counts as the distribution's only if package verification found no difference in its file. The package
// app has more changed files than findings name, so that none of its files is known to be unchanged.
func TestOwned(t *testing.T) {
	in := input()
	in.Report.Components = append(in.Report.Components, analyzer.Component{ID: "app", Path: "var/lib/dpkg/status", Package: analyzer.Package{Name: "app", System: true}})
	setUID := func(path, owner string) analyzer.FileFinding {
		return analyzer.FileFinding{Finding: analyzer.Finding{Rule: path, Severity: "medium"}, Analyzer: "files", Path: path, Owner: owner}
	}
	differs := func(path, owner string) analyzer.FileFinding {
		return analyzer.FileFinding{Finding: analyzer.Finding{Rule: "verify:mode"}, Analyzer: "verify", Path: path, Owner: owner}
	}
	in.Report.Findings = []analyzer.FileFinding{
		setUID("bin/unchanged", "ssl"), setUID("bin/changed", "ssl"), setUID("bin/nobodys", ""), setUID("bin/other-report", "none"), setUID("bin/app", "app"),
		differs("bin/changed", "ssl"), differs("var/lib/dpkg/status", "app"),
	}
	if got := about(evaluate(t, rule("finding", "finding.owned", "stop"), in), in); got != "bin/unchanged" {
		t.Errorf("owned are %s", got)
	}
	if got := about(evaluate(t, rule("finding", `finding.owner == "libssl1.0.0" && finding.path != finding.rule`, "stop"), in), in); got != "verify:mode" {
		t.Errorf("of libssl1.0.0 are %s", got)
	}
}

// TestRecordLists requires that lists allow decisions on records by rule and path, and no others.
func TestRecordLists(t *testing.T) {
	text := strings.Replace(rule("record", `record.kind == "account"`, "stop"), "default: {policies: [p]}",
		"allow:\n  - name: a\n    entries:\n      - {rule: p/r, path: PATH, reason: known, expires: never}\ndefault: {policies: [p], allow: [a]}", 1)
	for path, want := range map[string]report.Action{"etc/*": report.Go, "usr/*": report.Stop} {
		v := evaluate(t, strings.Replace(text, "PATH", path, 1), input())
		if v.Action != want {
			t.Errorf("%s: %v, want %v", path, v.Action, want)
		}
	}
}
