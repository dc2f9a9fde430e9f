package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/report"
)

// TestUnreadForms requires that every format names a package database that could not be read.
func TestUnreadForms(t *testing.T) {
	found, result := scanned()
	found.Diagnostics = append(found.Diagnostics, analyzer.FileDiagnostic{
		Diagnostic: analyzer.Diagnostic{Code: analyzer.Malformed, Line: 5, Message: "no Package"}, Path: "var/lib/dpkg/status", Analyzer: "dpkg",
	})
	want := "Packages may be missing. Package data could not be read: var/lib/dpkg/status: line 5: no Package"
	for name, text := range forms(t, report.New(found, result, report.Options{})) {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s does not say %q", name, want)
		}
	}
}

// TestUnreadMany names three of many databases, each once.
func TestUnreadMany(t *testing.T) {
	found, result := scanned()
	found.Diagnostics = nil
	for i := range 100 {
		d := analyzer.FileDiagnostic{Diagnostic: analyzer.Diagnostic{Message: "no Package"}, Path: fmt.Sprintf("var/lib/dpkg/status.d/%d", i), Analyzer: "dpkg"}
		found.Diagnostics = append(found.Diagnostics, d, d)
	}
	a := report.New(found, result, report.Options{})
	want := "status.d/0: no Package; var/lib/dpkg/status.d/1: no Package; var/lib/dpkg/status.d/2: no Package (and 97 other files)"
	if a.Notes[0].Code != report.NoteUnread || !strings.HasSuffix(a.Notes[0].Text, want) {
		t.Errorf("notes %v", a.Notes)
	}
}

// TestLazyForms requires that every format names the layers that were read by their tables of contents.
func TestLazyForms(t *testing.T) {
	found, result := scanned()
	found.Layers[1].Lazy = true
	want := "Read by the table of contents only, which may hide files: layer 1 of 2."
	for name, text := range forms(t, report.New(found, result, report.Options{})) {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s does not say %q", name, want)
		}
	}
}
