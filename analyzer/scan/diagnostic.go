package scan

import (
	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

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

// diagnose adds a diagnostic of the engine about the file.
func (r *fileResult) diagnose(code analyzer.DiagnosticCode, message string) {
	r.Diagnostics = append(r.Diagnostics, analyzer.Diagnostic{Code: code, Message: message})
}

// checked returns at most diagnostic.Max+1 diagnostics of an analyzer. It replaces codes and lines that a report must not have,
// which may come from a plugin.
func checked(list []analyzer.Diagnostic) []analyzer.Diagnostic {
	list = diagnostic.Cap(list)
	for i := range list {
		d := &list[i]
		d.Line = max(d.Line, 0)
		if !diagnostic.IsCode(string(d.Code)) {
			d.Code = analyzer.Malformed
		}
	}
	return list
}
