package analyzer_test

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// A complete analyzer: the files it wants, and what it finds in one of them.
func Example() {
	versions := analyzer.Func(
		analyzer.Info{Name: "versions", Version: 1, Patterns: []string{"**/*.versions"}},
		func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
			var r analyzer.Result
			lines := bufio.NewScanner(f.Open())
			for n := 1; lines.Scan(); n++ {
				name, version, ok := strings.Cut(lines.Text(), " ")
				if !ok {
					r.Diagnostics = append(r.Diagnostics, analyzer.Diagnostic{Line: n, Message: "no version"})
					continue
				}
				r.Packages = append(r.Packages, analyzer.Package{Type: "generic", Name: name, Version: version})
			}
			return &r, lines.Err()
		})

	f := analyzer.NewFile("opt/tools.versions", 0o644, []byte("hammer 1.1\nsaw 2.1\ndrill\n"))
	result, err := versions.Analyze(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range result.Packages {
		fmt.Println(p.Name, p.Version)
	}
	for _, d := range result.Diagnostics {
		fmt.Printf("line %d: %s\n", d.Line, d.Message)
	}
	// Output:
	// hammer 1.1
	// saw 2.1
	// line 3: no version
}
