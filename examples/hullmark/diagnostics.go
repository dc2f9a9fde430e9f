package main

import (
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/plural"
	"github.com/hullmark/hullmark/internal/terminal"
)

// maxDiagnostics is how many lines of diagnostics are shown. All are in the JSON form.
const maxDiagnostics = 20

// diagnose tells on standard error what was not read or not understood, a line each. Files of which the same is said
// share a line.
func (a *app) diagnose(list []analyzer.FileDiagnostic) {
	type same struct {
		analyzer.Diagnostic
		analyzer string
	}
	var first []*analyzer.FileDiagnostic
	more := make(map[same]int)
	for i := range list {
		d := &list[i]
		key := same{d.Diagnostic, d.Analyzer}
		if n, ok := more[key]; ok {
			more[key] = n + 1
			continue
		}
		more[key] = 0
		first = append(first, d)
	}
	shown := 0
	for i, d := range first {
		if i == maxDiagnostics {
			a.say("%d more diagnostics; --format json has all of them", len(list)-shown)
			return
		}
		n := more[same{d.Diagnostic, d.Analyzer}]
		shown += 1 + n
		line := place(d) + ": " + d.String()
		if n > 0 {
			line += fmt.Sprintf(" (and %s)", plural.Count(n, "other file"))
		}
		a.say("%s", terminal.Escape(line))
	}
}

// place says where a diagnostic belongs: "layer 3: var/lib/dpkg/status".
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
