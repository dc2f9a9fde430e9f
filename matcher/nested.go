package matcher

import (
	"slices"

	"github.com/hullmark/hullmark/analyzer"
)

// Listed returns a report without the Nested components that the distribution answers for, and these. They are all Nested components if result is nil,
// else those that it skipped as OwnedByDistro. So a list names each program once, and has every component with a match. Without such components,
// Listed returns the report itself.
func Listed(report *analyzer.Report, result *Result) (listed *analyzer.Report, nested []analyzer.Component) {
	if !slices.ContainsFunc(report.Components, func(c analyzer.Component) bool { return c.Nested }) {
		return report, nil
	}
	owned := make(map[string]bool)
	if result != nil {
		for _, s := range result.Skipped {
			if s.Reason == OwnedByDistro {
				owned[s.Component] = true
			}
		}
	}
	rest := *report
	rest.Components = make([]analyzer.Component, 0, len(report.Components))
	for i := range report.Components {
		if c := &report.Components[i]; c.Nested && (result == nil || owned[c.ID]) {
			nested = append(nested, *c)
		} else {
			rest.Components = append(rest.Components, *c)
		}
	}
	return &rest, nested
}
