package scan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/order"
)

// sortReport puts the report in canonical order, and removes duplicate diagnostics.
func sortReport(report *analyzer.Report) {
	order.Sort(report.Components, func(a, b *analyzer.Component) int {
		return compareTexts(a.Type, b.Type, a.Namespace, b.Namespace, a.Name, b.Name, a.Version, b.Version, a.Arch, b.Arch,
			a.Path, b.Path, a.ArchivePath, b.ArchivePath, a.ID, b.ID, a.Analyzer, b.Analyzer)
	})
	order.Sort(report.Findings, func(a, b *analyzer.FileFinding) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line),
			compareTexts(a.Rule, b.Rule, a.Analyzer, b.Analyzer, a.Title, b.Title, a.Detail, b.Detail), cmp.Compare(a.Layer, b.Layer))
	})
	order.Sort(report.Records, func(a, b *analyzer.FileRecord) int {
		return cmp.Or(compareTexts(a.Kind, b.Kind, a.Path, b.Path), cmp.Compare(a.Line, b.Line),
			compareTexts(a.Key, b.Key, a.Analyzer, b.Analyzer), cmp.Compare(a.Layer, b.Layer))
	})
	order.Sort(report.Diagnostics, func(a, b *analyzer.FileDiagnostic) int {
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
