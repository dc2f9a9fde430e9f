package verify_test

import (
	"fmt"
	"io/fs"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/verify"
)

func ExampleCheck() {
	// What a scan with the analyzers of All has in its report.
	shell := analyzer.Component{ID: "dash", Package: analyzer.Package{
		Type: "deb", Name: "dash", Version: "0.5.12-2", System: true,
		Recorded: analyzer.RecordedOf(slices.Values([]analyzer.RecordedFile{
			{Path: "bin/dash", Attributes: analyzer.AttrType | analyzer.AttrContent, Algorithm: "md5", Digest: "sixteen bytes..."},
			{Path: "bin/sh"},
		})),
	}}
	image := verify.Image{Files: func(yield func(string, verify.File) bool) {
		yield("bin/dash", verify.File{
			Entry:  analyzer.Entry{Mode: fs.FileMode(0o755)},
			Layer:  3,
			Digest: func(string) string { return "sixteen others.." },
		})
	}}
	result := verify.Check([]analyzer.Component{shell}, image)
	fmt.Println(shell.Name, "is", result.Verdicts[0].State)
	for _, f := range result.Findings() {
		fmt.Println(f.Severity, f.Rule, f.Path, "in layer", f.Layer)
	}
	// Output:
	// dash is changed
	// medium verify:changed bin/dash in layer 3
	// low verify:missing bin/sh in layer -1
}
