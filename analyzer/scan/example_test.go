package scan_test

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// A complete analyzer: which files it wants, and what it makes of one.
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

	img, err := imagetest.Image( // or source.Open(ctx, "debian:12", source.Options{})
		new(imagetest.Layer).File("opt/tools.versions", "hammer 1.0\nsaw 2.1\n"),
		new(imagetest.Layer).File("opt/tools.versions", "hammer 1.1\nsaw 2.1\ndrill\n"),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{versions}}.Scan(context.Background(), img)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range report.Components {
		fmt.Printf("%s since layer %d, in %s\n", c.PURL, c.Layer, c.Path)
	}
	for _, d := range report.Diagnostics {
		fmt.Printf("%s in %s, line %d: %s\n", d.Code, d.Path, d.Line, d.Message)
	}
	// Output:
	// pkg:generic/hammer@1.1 since layer 1, in opt/tools.versions
	// pkg:generic/saw@2.1 since layer 0, in opt/tools.versions
	// malformed in opt/tools.versions, line 3: no version
}
