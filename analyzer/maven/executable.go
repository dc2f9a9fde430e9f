package maven

import (
	"bytes"
	"context"
	"io"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/zipwalk"
)

// Executables returns the analyzer of Java programs whose file name has no extension: archives, and archives behind a shell script,
// which Spring Boot and sbt write. It recognizes them by content: their first bytes, and a manifest at its place in the archive.
// It finds in them what [New] finds in other archives.
func Executables() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name: "maven-executable", Version: 1, Patterns: []string{"**/*."}, Magic: []string{"PK\x03\x04", "#!"},
		ContentOnly: true, // but for the name of an archive that tells nothing else: a hard link has that of the first name
	}, analyzeExecutable)
}

func analyzeExecutable(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	const end = 22 + 1<<16 // bytes of the end record with the longest comment
	tail := make([]byte, min(f.Size(), end))
	if _, err := f.Open().ReadAt(tail, f.Size()-int64(len(tail))); err != nil && err != io.EOF {
		return nil, err
	}
	if !bytes.Contains(tail, []byte("PK\x05\x06")) {
		return new(analyzer.Result), nil
	}
	java := false
	limits := zipwalk.Limits{Depth: 1, Hold: func(n int64) error { return f.Hold(ctx, n) }}
	kind := func(name []byte) zipwalk.Kind {
		java = java || bytes.EqualFold(name, []byte("META-INF/MANIFEST.MF"))
		return zipwalk.Skip
	}
	err := zipwalk.Walk(ctx, f.Open(), f.Size(), limits, kind, func(*zipwalk.Archive) {}, func(error) {})
	if err != nil && ctx.Err() == nil || !java {
		return new(analyzer.Result), nil // another kind of file
	}
	return analyzeArchive(ctx, f)
}
