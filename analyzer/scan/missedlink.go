package scan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/pattern"
)

// missedLinks reports files that an analyzer wants by their full path, if the path leads through symbolic links to a file that
// the analyzer did not see.
func (r *run) missedLinks(t *tree, layers []*layerData) []analyzer.FileDiagnostic {
	var list []analyzer.FileDiagnostic
	for i := range r.analyzers {
		info := &r.analyzers[i].info
		for _, p := range info.Patterns {
			if strings.Contains(p, "*") {
				continue
			}
			to, ok := t.resolve(p)
			if !ok {
				list = append(list, diagnosticOf(info.Name, -1, analyzer.Refused, p, "a loop of symbolic links"))
				continue
			}
			if to == p {
				continue
			}
			var x pattern.Index
			for _, q := range info.Patterns {
				if x.Add(i, q) != nil {
					break
				}
			}
			if len(x.Find(to, nil)) > 0 {
				continue // the analyzer saw it there
			}
			n := t.find(to)
			if n != nil && n.file != nil && slices.ContainsFunc(n.file.results, func(a answer) bool { return a.analyzer == i }) {
				continue // a layer wrote it through the link, and the analyzer saw it under this name
			}
			for k := len(layers) - 1; k >= 0; k-- {
				if has(layers[k].Delta.Names, hashPath(to)) {
					list = append(list, diagnosticOf(info.Name, k, analyzer.Unsupported, p, fmt.Sprintf("a symbolic link leads to %s, which was not read", to)))
					break
				}
			}
		}
	}
	return list
}
