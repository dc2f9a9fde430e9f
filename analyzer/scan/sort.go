package scan

import (
	"cmp"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/canonical"
	"github.com/hullmark/hullmark/internal/indirectsort"
)

// sortReport puts the report in canonical order, and removes duplicate diagnostics.
func sortReport(report *analyzer.Report) {
	indirectsort.Sort(report.Components, func(a, b *analyzer.Component) int {
		return canonical.Texts(a.Type, b.Type, a.Namespace, b.Namespace, a.Name, b.Name, a.Version, b.Version, a.Arch, b.Arch,
			a.Path, b.Path, a.ArchivePath, b.ArchivePath, a.ID, b.ID, a.Analyzer, b.Analyzer)
	})
	canonical.Findings(report.Findings)
	canonical.Records(report.Records)
	indirectsort.Sort(report.Diagnostics, func(a, b *analyzer.FileDiagnostic) int {
		return cmp.Or(cmp.Compare(a.Layer, b.Layer), canonical.Texts(a.Path, b.Path, a.Analyzer, b.Analyzer),
			cmp.Compare(uint(a.Line-1), uint(b.Line-1)), // those without a line last
			canonical.Texts(string(a.Code), string(b.Code), a.Message, b.Message))
	})
	report.Diagnostics = slices.Compact(report.Diagnostics)
}
