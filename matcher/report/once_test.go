package report_test

import (
	"slices"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

func TestOnce(t *testing.T) {
	component := func(id, purl string, declared bool) analyzer.Component {
		return analyzer.Component{ID: id, PURL: purl, Package: analyzer.Package{Declared: declared}}
	}
	all := &analyzer.Report{Components: []analyzer.Component{
		component("installed", "pkg:npm/a@1", false),
		component("locked", "pkg:npm/a@1?vcs_url=git", true),
		component("other version", "pkg:npm/a@2", true),
		component("locked twice", "pkg:npm/b@1", true),
		component("and again", "pkg:npm/b@1", true),
	}}
	result := &matcher.Result{
		Matches: []matcher.Match{{Component: "installed"}, {Component: "locked"}},
		Skipped: []matcher.Skipped{{Component: "locked"}, {Component: "other version"}},
	}
	kept, rest, left := report.Once(all, result)
	var ids []string
	for _, c := range kept.Components {
		ids = append(ids, c.ID)
	}
	if want := []string{"installed", "other version", "locked twice", "and again"}; !slices.Equal(ids, want) || left != 1 {
		t.Errorf("%q, %d left out", ids, left)
	}
	if len(rest.Matches) != 1 || len(rest.Skipped) != 1 || len(result.Matches) != 2 || len(all.Components) != 5 {
		t.Errorf("%+v", rest)
	}
	if again, same, left := report.Once(kept, rest); again != kept || same != rest || left != 0 {
		t.Errorf("%d left out of what had none", left)
	}
}
