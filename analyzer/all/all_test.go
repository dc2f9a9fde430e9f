package all_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
)

func Example() {
	for _, a := range all.All() {
		fmt.Println(a.Info().Name)
	}
	// Output:
	// apk
	// cargo
	// composer
	// dpkg
	// gem
	// golang
	// maven
	// npm
	// nuget
	// osrelease
	// pip
	// rpm
}

// A Scanner accepts all analyzers together: their names differ and their patterns are well formed.
func TestAll(t *testing.T) {
	list := all.All()
	if !slices.IsSortedFunc(list, func(a, b analyzer.Analyzer) int {
		if a.Info().Name < b.Info().Name {
			return -1
		}
		return 1
	}) {
		t.Error("not in the order of their names")
	}
	if _, err := (scan.Scanner{Analyzers: list}).ScanFS(t.Context(), fstest.MapFS{}); err != nil {
		t.Error(err)
	}
}
