package all_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/pkgdbpath"
)

func Example() {
	for _, a := range all.All() {
		fmt.Println(a.Info().Name)
	}
	// Output:
	// apk
	// binary
	// binary-note
	// binary-script
	// cargo
	// composer
	// composer-phar
	// cran
	// dpkg
	// gem
	// golang
	// maven
	// maven-executable
	// npm
	// nuget
	// nuget-bundle
	// osrelease
	// pip
	// pip-executable
	// rpm
	// runtimes
	// traces
}

// TestDatabases requires that package pkgdbpath knows the place of every package database. A new analyzer of files at fixed places is
// one of package pkgdbpath, or of something else that is listed here.
func TestDatabases(t *testing.T) {
	others := []string{"cargo", "golang", "osrelease", "runtimes"}
	for _, a := range all.All() {
		info := a.Info()
		if info.NamesOnly {
			continue
		}
		for _, p := range info.Patterns {
			fixed := !strings.HasPrefix(p, "**") && !pkgdbpath.Supplement(p)
			switch {
			case slices.Contains(others, info.Name) && pkgdbpath.Near(p):
				t.Errorf("%s: %s is in a database's directory", info.Name, p)
			case slices.Contains(others, info.Name):
			case fixed && (!pkgdbpath.Near(p) || !pkgdbpath.Reads(info.Name)):
				t.Errorf("%s: %s is not a known database", info.Name, p)
			}
		}
	}
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
