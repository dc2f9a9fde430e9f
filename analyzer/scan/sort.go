package scan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// sortReport puts the report in canonical order, and removes duplicate diagnostics.
func sortReport(report *analyzer.Report) {
	slices.SortFunc(report.Components, func(a, b analyzer.Component) int {
		return cmp.Or(
			strings.Compare(a.Type, b.Type), strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name),
			strings.Compare(a.Version, b.Version), strings.Compare(a.Arch, b.Arch),
			strings.Compare(a.Path, b.Path), strings.Compare(a.ArchivePath, b.ArchivePath), strings.Compare(a.ID, b.ID), strings.Compare(a.Analyzer, b.Analyzer))
	})
	slices.SortFunc(report.Findings, func(a, b analyzer.FileFinding) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), strings.Compare(a.Rule, b.Rule),
			strings.Compare(a.Analyzer, b.Analyzer), strings.Compare(a.Title, b.Title), strings.Compare(a.Detail, b.Detail))
	})
	slices.SortFunc(report.Diagnostics, func(a, b analyzer.FileDiagnostic) int {
		return cmp.Or(cmp.Compare(a.Layer, b.Layer), strings.Compare(a.Path, b.Path), strings.Compare(a.Analyzer, b.Analyzer),
			cmp.Compare(uint(a.Line-1), uint(b.Line-1)), // those without a line last
			strings.Compare(string(a.Code), string(b.Code)), strings.Compare(a.Message, b.Message))
	})
	report.Diagnostics = slices.Compact(report.Diagnostics)
}
