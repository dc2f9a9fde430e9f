// Package content knows the analyzers that look at an image beyond its packages: set-uid programs, capabilities and devices, and hints of its
// builder. Package analyzer/all does not have them, because they read more and report more than most programs want.
//
// Package analyzer/retrieve is not among them: it needs the paths and expressions of its user.
package content

import (
	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/files"
	"github.com/hullmark/hullmark/analyzer/hints"
)

// All returns the analyzers, in the order of their names, with their default settings.
func All() []analyzer.Analyzer {
	return []analyzer.Analyzer{
		files.New(),
		hints.New(),
	}
}
