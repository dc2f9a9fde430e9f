package rpm

import (
	"context"
	"path"

	"github.com/hullmark/hullmark/analyzer"
)

// backends are the files of rpm's databases, the oldest format first. rpm opens one of them only, and leaves the file of an older format
// behind when it converts a database. So the newest one counts that has packages.
var backends = []string{"Packages", "Packages.db", "rpmdb.sqlite"}

// A databases is the analyzer. Its facts are those of databases with packages.
type databases struct{ analyzer.Analyzer }

// Join omits the packages of databases beside one of a newer format.
func (databases) Join(_ context.Context, facts []analyzer.Fact) []analyzer.Joined {
	have := make(map[string]bool)
	for _, f := range facts {
		have[f.Path] = true
	}
	joined := make([]analyzer.Joined, len(facts))
	for i, f := range facts {
		dir, base := path.Split(f.Path)
		for k := len(backends) - 1; k >= 0 && backends[k] != base; k-- {
			if have[dir+backends[k]] {
				joined[i] = analyzer.Joined{Result: new(analyzer.Result), Diagnostics: []analyzer.Diagnostic{{
					Code: "stale", Message: "left behind by an older rpm: " + backends[k] + " beside it has the packages",
				}}}
				break
			}
		}
	}
	return joined
}
