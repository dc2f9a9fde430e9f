package pip

import (
	"context"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/zipwalk"
)

// Executables returns the analyzer of zipped Python applications whose extension does not tell, such as those of pex, shiv and
// zipapp. It recognizes them by content: an archive, often behind the line "#!/usr/bin/env python3", with __main__.py at its
// top, which Python runs. It finds in them the distributions that [New] finds in a .pyz file.
func Executables() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name: "pip-executable", Version: 1,
		Patterns: []string{"**/*.", "**/*.par", "**/*.zip"},
		Magic:    []string{"PK\x03\x04", "#!"}, ContentOnly: true,
	}, analyzeExecutable)
}

func analyzeExecutable(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	hold := func(n int64) error { return f.Hold(ctx, n) }
	wanted := func(name []byte) bool { return string(name) == "__main__.py" || string(name) == "__main__.pyc" }
	if found, err := zipwalk.Contains(ctx, f.Open(), f.Size(), hold, wanted); err != nil || !found {
		return nil, err // nil: another kind of file
	}
	return analyzeApplication(ctx, f)
}
