// Package content knows the analyzers that look at an image beyond its packages: accounts, set-uid programs, capabilities and devices, the
// image's history, secrets, files that differ from what package databases recorded, and hints of its builder. Package analyzer/all does not have
// them, because they read more and report more than most programs want.
//
// Package analyzer/retrieve is not among them: it needs the paths and expressions of its user.
package content

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/accounts"
	"github.com/hullmark/hullmark/analyzer/files"
	"github.com/hullmark/hullmark/analyzer/hints"
	"github.com/hullmark/hullmark/analyzer/history"
	"github.com/hullmark/hullmark/analyzer/secrets"
	"github.com/hullmark/hullmark/analyzer/verify"
)

// All returns the analyzers with their default settings.
func All() []analyzer.Analyzer {
	list, _ := Select(Names()...) // all names are known
	return list
}

// groups are the analyzers by the names that users know.
var groups = []struct {
	name string
	all  func() []analyzer.Analyzer
}{
	{"accounts", func() []analyzer.Analyzer { return []analyzer.Analyzer{accounts.New()} }},
	{"files", func() []analyzer.Analyzer { return []analyzer.Analyzer{files.New()} }},
	{"hints", func() []analyzer.Analyzer { return []analyzer.Analyzer{hints.New()} }},
	{"history", func() []analyzer.Analyzer { return []analyzer.Analyzer{history.New()} }},
	{"secrets", func() []analyzer.Analyzer { return []analyzer.Analyzer{secrets.New(secrets.Options{})} }},
	{"verify", verify.All},
}

// Names returns the names that Select knows, sorted.
func Names() []string {
	list := make([]string, len(groups))
	for i, g := range groups {
		list[i] = g.name
	}
	return list
}

// Select returns the analyzers with some names, in the order of Names. "all" stands for all names, and a hyphen before a name leaves its
// analyzers out. The error names an unknown name and the known ones.
func Select(names ...string) ([]analyzer.Analyzer, error) {
	for _, name := range names {
		if name != "all" && !slices.Contains(Names(), strings.TrimPrefix(name, "-")) {
			return nil, fmt.Errorf("content: no analyzer %q; known are %s", name, strings.Join(Names(), ", "))
		}
	}
	var list []analyzer.Analyzer
	for _, g := range groups {
		if (slices.Contains(names, g.name) || slices.Contains(names, "all")) && !slices.Contains(names, "-"+g.name) {
			list = append(list, g.all()...)
		}
	}
	return list, nil
}
