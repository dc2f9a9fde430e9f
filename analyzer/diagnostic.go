package analyzer

import "fmt"

// A Diagnostic reports a problem inside a file.
type Diagnostic struct {
	Code    DiagnosticCode // "" means Malformed
	Line    int            // counted from 1; 0 if the problem has no line
	Message string         // names neither the file, nor the line, nor the analyzer
	Type    string         // PURL type of the packages that are not read
}

// String returns the message, after the line if there is one: "line 12: no colon".
func (d Diagnostic) String() string {
	if d.Line > 0 {
		return fmt.Sprintf("line %d: %s", d.Line, d.Message)
	}
	return d.Message
}

// A FileDiagnostic is a Diagnostic of a report. It names a file that the scan did not read, or did not fully understand.
type FileDiagnostic struct {
	Diagnostic
	Layer    int    // index of the layer, -1 if it is about the image as a whole
	Path     string // "" if it is about the layer as a whole
	Analyzer string // "" if the engine reports it
}

// A DiagnosticCode sorts diagnostics by the ways in which a program may react. An analyzer may use codes of its own, in
// kebab-case: lower-case letters and digits, with hyphens between words.
type DiagnosticCode string

// The codes that the engine uses.
const (
	Malformed   DiagnosticCode = "malformed"   // a file is damaged, or not of the form its name promises
	TooLarge    DiagnosticCode = "too-large"   // a file or an archive in it exceeds a limit and was not read
	Unsupported DiagnosticCode = "unsupported" // a form that cannot be read
	Unreadable  DiagnosticCode = "unreadable"  // a file of a file system could not be opened or read
	Refused     DiagnosticCode = "refused"     // an entry that no extractor should follow: a name with "..", a link out of the root
	Panicked    DiagnosticCode = "panic"       // an analyzer crashed
	Unavailable DiagnosticCode = "unavailable" // an analyzer could not work: files that it wanted were not analyzed

	// NotRead: an image has packages that no analyzer reads. A report has one such diagnostic for each message of an analyzer, at
	// the first file that no System package owns.
	NotRead DiagnosticCode = "not-read"

	MissingLayer DiagnosticCode = "missing-layer" // a layer is not stored with the image: its packages are missing
)
