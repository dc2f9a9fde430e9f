package matcher

import (
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/distro"
)

// addUnread adds a row without a feed for each ecosystem whose packages the scan did not read, unless it has a row for packages that are
// more than statements of the image.
func addUnread(rows []Coverage, report *analyzer.Report) []Coverage {
	for i := range report.Diagnostics {
		d := &report.Diagnostics[i]
		if d.Code != analyzer.NotRead {
			continue
		}
		key := Key{Type: d.Type}
		if system := report.Distro; key.Type == "" && system != nil { // the distribution's own
			of, _ := distro.Lookup(system.ID)
			key = keyOf(&analyzer.Component{Package: analyzer.Package{Type: of.Type, Namespace: system.ID, System: true}}, system).Ecosystem()
		}
		row := Coverage{Type: key.Type, Namespace: key.Namespace, Release: key.Release}
		known := slices.ContainsFunc(rows, func(c Coverage) bool {
			return c.Type == row.Type && c.Namespace == row.Namespace && c.Release == row.Release
		})
		if known {
			known = slices.ContainsFunc(report.Components, func(c analyzer.Component) bool {
				return !c.Stated && EcosystemOf(&c, report.Distro) == key
			})
		}
		if row.Type != "" && !known {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, compareCoverage)
	return rows
}
