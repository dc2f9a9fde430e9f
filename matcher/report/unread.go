package report

import (
	"fmt"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/pkgdbpath"
)

// unread returns the diagnostics about package databases that the scan did not read, or did not read completely, one a file, and about
// layers that it did not have. It leaves out language packages: one application with a damaged file does not hide another. Analyzers that
// could not work are those of notRun.
func (a *Assessment) unread() []*analyzer.FileDiagnostic {
	var list []*analyzer.FileDiagnostic
	type file struct {
		layer          int
		path, analyzer string
	}
	seen := make(map[file]bool)
	for i := range a.Report.Diagnostics {
		d := &a.Report.Diagnostics[i]
		at := file{path: d.Path, analyzer: d.Analyzer}
		if d.Code == analyzer.MissingLayer {
			at.layer = d.Layer
		}
		if seen[at] || !mayHidePackages(d) {
			continue
		}
		seen[at] = true
		list = append(list, d)
	}
	return list
}

// mayHidePackages reports whether packages of a package database may be missing because of a problem. Analyzers may use codes of
// their own for lesser problems.
func mayHidePackages(d *analyzer.FileDiagnostic) bool {
	switch d.Code {
	case analyzer.MissingLayer:
		return d.Analyzer == "" // any file may be in it
	case "", analyzer.Malformed, analyzer.TooLarge, analyzer.Unsupported, analyzer.Unreadable, analyzer.Refused, analyzer.Panicked:
	default:
		return false
	}
	switch {
	case pkgdbpath.Reads(d.Analyzer):
		return !pkgdbpath.Supplement(d.Path)
	case d.Analyzer != "":
		return false
	case d.Code == analyzer.Refused: // links may lead its name to any file, and no tool that makes layers writes such an entry
		return true
	case d.Path == "": // further entries of a layer; the scan names those near databases
		return false
	}
	return pkgdbpath.Near(path.Clean("/" + d.Path)[1:])
}

// unreadText names the first databases and counts the others.
func unreadText(list []*analyzer.FileDiagnostic) string {
	const most = 3
	var parts []string
	for _, d := range list[:min(most, len(list))] {
		place := d.Path
		if place == "" {
			place = d.Analyzer
		}
		parts = append(parts, strings.TrimPrefix(place+": "+d.String(), ": "))
	}
	text := strings.Join(parts, "; ")
	if n := len(list) - most; n > 0 {
		text += fmt.Sprintf(" (and %s)", english.Count(n, "other file"))
	}
	return text
}
