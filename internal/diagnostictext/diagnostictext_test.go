package diagnostictext

import (
	"slices"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

func TestLines(t *testing.T) {
	list := []analyzer.FileDiagnostic{
		{Diagnostic: analyzer.Diagnostic{Code: analyzer.Malformed, Message: "dpkg: line 1: no \x1bcolon"}, Layer: 3, Path: "a", Analyzer: "dpkg"},
		{Diagnostic: analyzer.Diagnostic{Code: analyzer.Unavailable, Message: "the plugin did not start"}, Layer: -1},
		{Diagnostic: analyzer.Diagnostic{Code: analyzer.Malformed, Message: "dpkg: line 1: no \x1bcolon"}, Layer: 4, Path: "b", Analyzer: "dpkg"},
		{Diagnostic: analyzer.Diagnostic{Code: analyzer.TooLarge, Message: "too large"}, Layer: 0},
		{Diagnostic: analyzer.Diagnostic{Code: analyzer.TooLarge, Message: "too large"}, Layer: -1, Path: "c"},
	}
	for n, want := range [][]string{
		{},
		{`layer 3: a: dpkg: line 1: no \x1bcolon (and 1 other file)`},
		{`layer 3: a: dpkg: line 1: no \x1bcolon (and 1 other file)`, "image: the plugin did not start"},
		{`layer 3: a: dpkg: line 1: no \x1bcolon (and 1 other file)`, "image: the plugin did not start", "layer 0: too large (and 1 other file)"},
	} {
		got, more := Lines(list, n)
		if left := []int{5, 3, 2, 0}[n]; !slices.Equal(got, want) || more != left {
			t.Errorf("%d: %q and %d more, want %q and %d", n, got, more, want, left)
		}
	}
	if got, more := Lines(list, 100); len(got) != 3 || more != 0 {
		t.Errorf("%q and %d more", got, more)
	}
}
