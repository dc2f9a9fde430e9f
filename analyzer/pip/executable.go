package pip

import (
	"bytes"
	"context"
	"io"

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
	const end = 22 + 1<<16 // bytes of the end record with the longest comment
	tail := make([]byte, min(f.Size(), end))
	if _, err := f.Open().ReadAt(tail, f.Size()-int64(len(tail))); err != nil && err != io.EOF {
		return nil, err
	}
	if !bytes.Contains(tail, []byte("PK\x05\x06")) {
		return nil, nil
	}
	runs := false
	limits := zipwalk.Limits{Depth: 1, Hold: func(n int64) error { return f.Hold(ctx, n) }}
	kind := func(name []byte) zipwalk.Kind {
		runs = runs || string(name) == "__main__.py" || string(name) == "__main__.pyc"
		return zipwalk.Skip
	}
	err := zipwalk.Walk(ctx, f.Open(), f.Size(), limits, kind, func(*zipwalk.Archive) {}, func(error) {})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil || !runs:
		return nil, nil // another kind of file
	}
	return analyzeApplication(ctx, f)
}
