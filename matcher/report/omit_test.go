package report_test

import (
	"slices"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// TestDeclared covers packages that only lock files name: left out by default, and otherwise shown unless they are installed too.
// Decisions and reasons that name matches by index follow them.
func TestDeclared(t *testing.T) {
	component := func(id, purl string, declared bool) analyzer.Component {
		return analyzer.Component{ID: id, PURL: purl, Package: analyzer.Package{Type: "npm", Name: id, Declared: declared}}
	}
	all := &analyzer.Report{Components: []analyzer.Component{
		component("locked", "pkg:npm/a@1?vcs_url=git", true),
		component("installed", "pkg:npm/a@1", false),
		component("other-version", "pkg:npm/a@2", true),
		component("locked-twice", "pkg:npm/b@1", true),
		component("locked-again", "pkg:npm/b@1", true),
	}}
	result := &matcher.Result{
		Matches: []matcher.Match{{ID: "CVE-1", Component: "locked"}, {ID: "CVE-1", Component: "installed"}, {ID: "CVE-2", Component: "other-version"}},
		Skipped: []matcher.Skipped{{Component: "locked", Reason: matcher.OnlyDeclared}, {Component: "locked-again", Reason: matcher.OnlyDeclared}},
	}
	stop := func(match int) report.Decision {
		return report.Decision{Target: report.TargetMatch, Match: match, Action: report.Stop, Message: result.Matches[match].Component}
	}
	for _, c := range []struct {
		declared   bool
		components []string
		skipped    int
		decisions  []string
	}{
		{false, []string{"installed"}, 0, []string{"installed"}},
		{true, []string{"installed", "other-version", "locked-twice", "locked-again"}, 1, []string{"installed", "other-version"}},
	} {
		a := report.New(all, result, report.Options{
			Declared: c.declared, Verdict: &report.Verdict{Decisions: []report.Decision{stop(0), stop(1), stop(2)}},
			Hidden: map[int]report.Reason{1: {Code: report.ReasonPolicy, Text: "by index"}},
		})
		var ids []string
		for _, x := range a.Report.Components {
			ids = append(ids, x.ID)
		}
		if !slices.Equal(ids, c.components) || a.Omitted != len(all.Components)-len(ids) || len(a.Result.Skipped) != c.skipped {
			t.Errorf("declared %v: components %q, %d omitted, skipped %v", c.declared, ids, a.Omitted, a.Result.Skipped)
		}
		var decided []string
		for _, d := range a.Verdict.Decisions {
			if got := a.Result.Matches[d.Match].Component; got != d.Message {
				t.Errorf("declared %v: the decision about %s is now about %s", c.declared, d.Message, got)
			}
			decided = append(decided, d.Message)
		}
		if !slices.Equal(decided, c.decisions) {
			t.Errorf("declared %v: decisions about %q, want %q", c.declared, decided, c.decisions)
		}
		if a.Reasons[0] == nil || a.Reasons[0].Text != "by index" || c.declared && a.Reasons[1] != nil {
			t.Errorf("declared %v: reasons %v", c.declared, a.Reasons[0])
		}
	}
	if len(result.Matches) != 3 || len(all.Components) != 5 {
		t.Error("New changed its arguments")
	}
}

// TestInclude covers components in caches and test data: left out by default, even with Declared, and kept on request.
func TestInclude(t *testing.T) {
	component := func(id, path string) analyzer.Component {
		return analyzer.Component{ID: id, PURL: "pkg:pypi/" + id + "@1", Path: path, Package: analyzer.Package{Type: "pypi", Name: id}}
	}
	all := &analyzer.Report{Components: []analyzer.Component{
		component("installed", "usr/lib/python3/dist-packages/a-1.dist-info/METADATA"),
		component("vendored", "usr/lib/python3/dist-packages/b/_vendor/a-1.dist-info/METADATA"),
		component("tested", "usr/lib/python3/dist-packages/b/tests/a-1.dist-info/METADATA"),
		component("cached", "opt/conda/pkgs/a-1-0/site-packages/a-1.dist-info/METADATA"),
	}}
	for _, c := range []struct {
		declared   bool
		include    []analyzer.Place
		components []string
	}{
		{false, nil, []string{"installed", "vendored"}},
		{true, nil, []string{"installed", "vendored"}},
		{false, []analyzer.Place{analyzer.TestData}, []string{"installed", "vendored", "tested"}},
		{false, []analyzer.Place{analyzer.Cached, analyzer.TestData}, []string{"installed", "vendored", "tested", "cached"}},
	} {
		a := report.New(all, nil, report.Options{Declared: c.declared, Include: c.include})
		var ids []string
		for _, x := range a.Report.Components {
			ids = append(ids, x.ID)
		}
		if !slices.Equal(ids, c.components) || len(a.LeftOut) != len(all.Components)-len(ids) || a.Omitted != 0 {
			t.Errorf("declared %v, include %v: components %q, %d left out, %d of them declared", c.declared, c.include, ids, len(a.LeftOut), a.Omitted)
		}
	}
}
