package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/hullmark/hullmark/analyzer"
)

// maxDiagnostics is how many lines of diagnostics are shown. All are in the JSON form.
const maxDiagnostics = 20

// diagnose tells on standard error what was not read or not understood, a line each. Files of which the same is said
// share a line.
func (a *app) diagnose(list []analyzer.Diagnostic) {
	type same struct {
		kind              analyzer.DiagnosticKind
		analyzer, message string
	}
	var first []*analyzer.Diagnostic
	more := make(map[same]int)
	for i := range list {
		d := &list[i]
		key := same{d.Kind, d.Analyzer, d.Message}
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
		n := more[same{d.Kind, d.Analyzer, d.Message}]
		shown += 1 + n
		line := place(d) + ": " + d.Message
		if n > 0 {
			line += fmt.Sprintf(" (and %s)", countOf(n, "other file"))
		}
		a.say("%s", plain(line))
	}
}

// place says where a diagnostic belongs: "layer 3: var/lib/dpkg/status".
func place(d *analyzer.Diagnostic) string {
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

// plain makes text of an image fit for a terminal: what could move the cursor, change colours or hide text is escaped.
func plain(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == unicode.ReplacementChar && s[i] != "\uFFFD"[0]:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return b.String()
}

// countOf is "1 package" or "2 packages".
func countOf(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "y") && !strings.HasSuffix(what, "ay"):
		return number(n) + " " + strings.TrimSuffix(what, "y") + "ies"
	}
	return number(n) + " " + what + "s"
}
