package scan

import (
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/problem"
)

// maxEntryProblems is how many problems with entries of a layer a report lists. Package problem bounds those of a file.
const maxEntryProblems = 100

// entryProblem returns a diagnostic about an entry, or about the layer if path is empty.
func entryProblem(code analyzer.DiagnosticCode, path, message string) analyzer.FileDiagnostic {
	return analyzer.FileDiagnostic{Diagnostic: analyzer.Diagnostic{Code: code, Message: message}, Path: path}
}

// diagnosticOf returns a diagnostic of the merge, about an analyzer and perhaps a path.
func diagnosticOf(name string, layer int, code analyzer.DiagnosticCode, path, message string) analyzer.FileDiagnostic {
	d := entryProblem(code, path, message)
	d.Layer, d.Analyzer = layer, name
	return d
}

// capEntryProblems returns at most maxEntryProblems of a list, and how many of all there are besides.
func capEntryProblems(list []analyzer.FileDiagnostic, all int) []analyzer.FileDiagnostic {
	if all <= maxEntryProblems {
		return list
	}
	more := entryProblem(list[0].Code, "", fmt.Sprintf("%d more", all-maxEntryProblems))
	return append(list[:maxEntryProblems:maxEntryProblems], more)
}

// diagnose adds a diagnostic of the engine about the file.
func (r *fileResult) diagnose(code analyzer.DiagnosticCode, message string) {
	r.Diagnostics = append(r.Diagnostics, analyzer.Diagnostic{Code: code, Message: message})
}

// checked returns at most problem.Max+1 diagnostics of an analyzer. It replaces codes and lines that a report must not have,
// which may come from a plugin.
func checked(list []analyzer.Diagnostic) []analyzer.Diagnostic {
	list = problem.Cap(list)
	for i := range list {
		d := &list[i]
		d.Line = max(d.Line, 0)
		if !problem.IsCode(string(d.Code)) {
			d.Code = analyzer.Malformed
		}
	}
	return list
}
