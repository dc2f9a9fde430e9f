package scan

import (
	"cmp"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/pkgdbpath"
)

// oneUnreadNote returns a list with one of the diagnostics of an analyzer that say the same of packages that are not read: at the first file by
// name that no System component owns. The packages of such a component are read.
func oneUnreadNote(list []analyzer.FileDiagnostic, owned map[string]bool) []analyzer.FileDiagnostic {
	type trace struct {
		analyzer string
		analyzer.Diagnostic
	}
	first := make(map[trace]*analyzer.FileDiagnostic)
	for i := range list {
		d := &list[i]
		t := trace{d.Analyzer, d.Diagnostic}
		if d.Type != "" && !owned[d.Path] && (first[t] == nil || d.Path < first[t].Path) {
			first[t] = d
		}
	}
	kept := list[:0:0]
	for i := range list {
		d := &list[i]
		if d.Type == "" || first[trace{d.Analyzer, d.Diagnostic}] == d {
			kept = append(kept, *d)
		}
	}
	return kept
}

// noDatabase returns a diagnostic if an image names a distribution, has no packages of one, and the scan had an analyzer for them. Packages of a hints
// file show no database.
func (r *run) noDatabase(report *analyzer.Report) *analyzer.FileDiagnostic {
	d := report.Distro
	if d == nil || slices.ContainsFunc(report.Components, func(c analyzer.Component) bool { return c.System && !c.Stated }) ||
		!slices.ContainsFunc(r.analyzers, func(a bound) bool { return pkgdbpath.Reads(a.info.Name) }) {
		return nil
	}
	name := cmp.Or(d.Name, d.ID, "the distribution")
	found := diagnosticOf("", -1, analyzer.NotRead, "", "no package of "+name+" was found: it has no package database that an analyzer reads")
	return &found
}
