// Versions is a plugin in Go that reports the packages in *.versions files. A line has a name and a version.
//
//	go build ./examples/plugins/versions
//	hullmark scan --plugin ./versions IMAGE
package main

import (
	"bufio"
	"context"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/plugin"
)

func main() {
	plugin.Serve(analyzer.Func(analyzer.Info{
		Name:     "versions",
		Version:  1, // raise it when the result for a file may change, because results are cached
		Patterns: []string{"**/*.versions"},
	}, analyze))
}

func analyze(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	r := new(analyzer.Result)
	lines := bufio.NewScanner(f.Open())
	for n := 1; lines.Scan(); n++ {
		name, version, ok := strings.Cut(lines.Text(), " ")
		if !ok || name == "" {
			r.Diagnostics = append(r.Diagnostics, analyzer.Diagnostic{Line: n, Message: "no name and version"})
			continue
		}
		r.Packages = append(r.Packages, analyzer.Package{Type: "generic", Name: name, Version: version})
	}
	return r, lines.Err()
}
