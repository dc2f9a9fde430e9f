// Package diagnostictext writes the diagnostics of a report as lines for a terminal.
package diagnostictext

import (
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/terminal"
)

// Lines returns at most n lines that list diagnostics, and the number of diagnostics that they leave out. Files with the
// same message share a line: "layer 3: var/lib/dpkg/status: dpkg: line 12: no colon (and 2 other files)".
func Lines(list []analyzer.FileDiagnostic, n int) (lines []string, more int) {
	type message struct {
		analyzer.Diagnostic
		analyzer string
	}
	var first []*analyzer.FileDiagnostic
	count := make(map[message]int)
	for i := range list {
		d := &list[i]
		m := message{d.Diagnostic, d.Analyzer}
		if count[m]++; count[m] == 1 {
			first = append(first, d)
		}
	}
	more = len(list)
	for _, d := range first[:min(n, len(first))] {
		line := place(d) + ": " + d.String()
		same := count[message{d.Diagnostic, d.Analyzer}]
		if same > 1 {
			line += fmt.Sprintf(" (and %s)", english.Count(same-1, "other file"))
		}
		lines = append(lines, terminal.Escape(line))
		more -= same
	}
	return lines, more
}

// place returns the place of a diagnostic: "layer 3: var/lib/dpkg/status".
func place(d *analyzer.FileDiagnostic) string {
	var parts []string
	if d.Layer >= 0 {
		parts = append(parts, fmt.Sprintf("layer %d", d.Layer))
	}
	if d.Path != "" {
		parts = append(parts, d.Path)
	}
	if len(parts) == 0 {
		return "image"
	}
	return strings.Join(parts, ": ")
}
