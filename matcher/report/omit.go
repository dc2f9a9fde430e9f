package report

import (
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// kept is what remains of a report and its result.
type kept struct {
	report   *analyzer.Report
	result   *matcher.Result
	nested   []analyzer.Component
	leftOut  []analyzer.Component
	declared int   // of leftOut
	index    []int // for each match of the result, its index in the result that was given
}

// leaveOut removes the components at places that the options don't ask for. With Options.Declared it keeps the components that
// only lock files and manifests name, except those that are installed too, in the same version, so that no package is shown twice
// for being locked. It also removes the Nested components that the distribution answers for, and keeps the reasons why these were skipped.
func leaveOut(report *analyzer.Report, result *matcher.Result, o *Options) kept {
	k := kept{result: result}
	report, k.nested = matcher.Listed(report, result)
	k.report = report
	installed := make(map[string]bool)
	if o.Declared {
		for i := range report.Components {
			if c := &report.Components[i]; !c.Declared && !c.Stated && o.keeps(c.Place()) {
				installed[plainPURL(c)] = true
			}
		}
	}
	omitted := make(map[string]bool)
	for i := range report.Components {
		c := &report.Components[i]
		place := c.Place()
		if o.keeps(place) && (place != analyzer.LockFile || !installed[plainPURL(c)]) {
			continue
		}
		omitted[c.ID] = true
		if place == analyzer.LockFile {
			k.declared++
		}
	}
	if len(omitted) > 0 {
		rest := *report
		rest.Components = filter(report.Components, func(c *analyzer.Component) bool { return !omitted[c.ID] })
		k.leftOut = filter(report.Components, func(c *analyzer.Component) bool { return omitted[c.ID] })
		k.report = &rest
	}
	if result == nil {
		return k
	}
	if len(omitted) > 0 {
		rest := *result
		rest.Matches = nil
		for i := range result.Matches {
			if !omitted[result.Matches[i].Component] {
				rest.Matches = append(rest.Matches, result.Matches[i])
				k.index = append(k.index, i)
			}
		}
		rest.Skipped = filter(result.Skipped, func(s *matcher.Skipped) bool { return !omitted[s.Component] })
		k.result = &rest
		return k
	}
	k.index = make([]int, len(result.Matches))
	for i := range k.index {
		k.index[i] = i
	}
	return k
}

// keeps reports whether the options ask for components at a place.
func (o *Options) keeps(place analyzer.Place) bool {
	switch place {
	case analyzer.LockFile:
		return o.Declared
	case analyzer.Cached, analyzer.TestData:
		return slices.Contains(o.Include, place)
	}
	return true
}

// plainPURL returns the package URL without qualifiers.
func plainPURL(c *analyzer.Component) string {
	plain, _, _ := strings.Cut(c.PURL, "?")
	return plain
}
