// Package canonical puts the parts of a report in order, so that equal reports are equal byte for byte.
package canonical

import (
	"cmp"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/indirectsort"
)

// Findings sorts findings by path, line and rule.
func Findings(list []analyzer.FileFinding) {
	indirectsort.Sort(list, func(a, b *analyzer.FileFinding) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line),
			Texts(a.Rule, b.Rule, a.Analyzer, b.Analyzer, a.Title, b.Title, a.Detail, b.Detail), cmp.Compare(a.Layer, b.Layer))
	})
}

// Records sorts records by kind, path, line and key.
func Records(list []analyzer.FileRecord) {
	indirectsort.Sort(list, func(a, b *analyzer.FileRecord) int {
		return cmp.Or(Texts(a.Kind, b.Kind, a.Path, b.Path), cmp.Compare(a.Line, b.Line),
			Texts(a.Key, b.Key, a.Analyzer, b.Analyzer), cmp.Compare(a.Layer, b.Layer))
	})
}

// Texts compares pairs of texts until two differ.
func Texts(pairs ...string) int {
	for i := 0; i < len(pairs); i += 2 {
		if c := strings.Compare(pairs[i], pairs[i+1]); c != 0 {
			return c
		}
	}
	return 0
}
