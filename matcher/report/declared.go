package report

import (
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// kept is what remains of a report and its result.
type kept struct {
	report  *analyzer.Report
	result  *matcher.Result
	omitted int
	index   []int // for each match of the result, its index in the result that was given
}

// omitDeclared removes the components that only lock files and manifests name. If declared is true, it removes only those that
// are installed too, in the same version, so that no package is shown twice for being locked.
func omitDeclared(report *analyzer.Report, result *matcher.Result, declared bool) kept {
	installed := make(map[string]bool)
	if declared {
		for i := range report.Components {
			if c := &report.Components[i]; !c.Declared {
				installed[plainPURL(c)] = true
			}
		}
	}
	omitted := make(map[string]bool)
	for i := range report.Components {
		if c := &report.Components[i]; c.Declared && (!declared || installed[plainPURL(c)]) {
			omitted[c.ID] = true
		}
	}
	k := kept{report: report, result: result, omitted: len(omitted)}
	if len(omitted) > 0 {
		rest := *report
		rest.Components = make([]analyzer.Component, 0, len(report.Components)-len(omitted))
		for i := range report.Components {
			if !omitted[report.Components[i].ID] {
				rest.Components = append(rest.Components, report.Components[i])
			}
		}
		k.report = &rest
	}
	if result == nil {
		return k
	}
	if len(omitted) > 0 {
		rest := *result
		rest.Matches, rest.Skipped = nil, nil
		for i := range result.Matches {
			if !omitted[result.Matches[i].Component] {
				rest.Matches = append(rest.Matches, result.Matches[i])
				k.index = append(k.index, i)
			}
		}
		for _, s := range result.Skipped {
			if !omitted[s.Component] {
				rest.Skipped = append(rest.Skipped, s)
			}
		}
		k.result = &rest
		return k
	}
	k.index = make([]int, len(result.Matches))
	for i := range k.index {
		k.index[i] = i
	}
	return k
}

// plainPURL returns the package URL without qualifiers.
func plainPURL(c *analyzer.Component) string {
	plain, _, _ := strings.Cut(c.PURL, "?")
	return plain
}
