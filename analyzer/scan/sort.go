package scan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// sortReport puts the report in canonical order, and removes duplicate diagnostics.
func sortReport(report *analyzer.Report) {
	report.Components = sorted(report.Components, func(a, b *analyzer.Component) int {
		return compareTexts(a.Type, b.Type, a.Namespace, b.Namespace, a.Name, b.Name, a.Version, b.Version, a.Arch, b.Arch,
			a.Path, b.Path, a.ArchivePath, b.ArchivePath, a.ID, b.ID, a.Analyzer, b.Analyzer)
	})
	report.Findings = sorted(report.Findings, func(a, b *analyzer.FileFinding) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line),
			compareTexts(a.Rule, b.Rule, a.Analyzer, b.Analyzer, a.Title, b.Title, a.Detail, b.Detail))
	})
	report.Diagnostics = sorted(report.Diagnostics, func(a, b *analyzer.FileDiagnostic) int {
		return cmp.Or(cmp.Compare(a.Layer, b.Layer), compareTexts(a.Path, b.Path, a.Analyzer, b.Analyzer),
			cmp.Compare(uint(a.Line-1), uint(b.Line-1)), // those without a line last
			compareTexts(string(a.Code), string(b.Code), a.Message, b.Message))
	})
	report.Diagnostics = slices.Compact(report.Diagnostics)
}

// compareTexts compares pairs of texts until two differ.
func compareTexts(pairs ...string) int {
	for i := 0; i < len(pairs); i += 2 {
		if c := strings.Compare(pairs[i], pairs[i+1]); c != 0 {
			return c
		}
	}
	return 0
}

// sorted returns the elements of a list in order. It sorts pointers, because moving large elements takes longer than comparing them, and
// because all lists then share the code.
func sorted[T any](list []T, compare func(a, b *T) int) []T {
	order := make([]*T, len(list))
	for i := range list {
		order[i] = &list[i]
	}
	if slices.IsSortedFunc(order, compare) {
		return list
	}
	slices.SortStableFunc(order, compare)
	sorted := make([]T, len(list))
	for i, e := range order {
		sorted[i] = *e
	}
	return sorted
}
