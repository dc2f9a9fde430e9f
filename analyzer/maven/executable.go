package maven

import (
	"bytes"
	"context"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/zipwalk"
)

// Executables returns the analyzer of Java programs whose file name has no extension: archives, and archives behind a shell script,
// which Spring Boot and sbt write. It recognizes them by content: their first bytes, and a manifest at its place in the archive.
// It finds in them what [New] finds in other archives.
func Executables() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name: "maven-executable", Version: 2, Patterns: []string{"**/*."}, Magic: []string{"PK\x03\x04", "#!"},
		ContentOnly: true, // but for the name of an archive that tells nothing else: a hard link has that of the first name
	}, analyzeExecutable)
}

func analyzeExecutable(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	hold := func(n int64) error { return f.Hold(ctx, n) }
	wanted := func(name []byte) bool { return bytes.EqualFold(name, []byte("META-INF/MANIFEST.MF")) }
	if found, err := zipwalk.Contains(ctx, f.Open(), f.Size(), hold, wanted); err != nil || !found {
		return nil, err // nil: another kind of file
	}
	return analyzeArchive(ctx, f)
}
