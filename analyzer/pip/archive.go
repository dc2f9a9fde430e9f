package pip

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/zipwalk"
)

// maxMetadata is the size in bytes of the largest metadata file in an archive.
const maxMetadata = 4 << 20

// maxArchived is the number of distributions that are read from an archive. A wheel or egg holds one.
const maxArchived = 64

// maxBundled is the number of distributions that are read from a zipped application.
const maxBundled = 4096

// analyzeWheel finds the distribution in an egg or a wheel.
func analyzeWheel(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	return analyzeArchive(ctx, f, maxArchived, func(name []byte) zipwalk.Kind {
		if isMetadata(name) && isAtTop(string(name)) {
			return zipwalk.Wanted
		}
		return zipwalk.Skip
	})
}

// analyzeApplication finds the distributions in a zipped application. Pex may keep them as wheels.
func analyzeApplication(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	return analyzeArchive(ctx, f, maxBundled, func(name []byte) zipwalk.Kind {
		switch {
		case isMetadata(name):
			return zipwalk.Wanted
		case bytes.HasSuffix(name, []byte(".whl")):
			return zipwalk.Nested
		}
		return zipwalk.Skip
	})
}

// analyzeArchive reads the metadata that kind selects in an archive, at most limit files.
func analyzeArchive(ctx context.Context, f *analyzer.File, limit int, kind func(name []byte) zipwalk.Kind) (*analyzer.Result, error) {
	r := new(analyzer.Result)
	m := membudget.New(ctx, f, maxPackages)
	var bad diagnostic.List
	limits := zipwalk.Limits{Wanted: limit, Hold: func(n int64) error { return f.Hold(ctx, n) }}
	err := zipwalk.Walk(ctx, f.Open(), f.Size(), limits, kind, func(a *zipwalk.Archive) {
		for _, file := range a.Files {
			name := strings.TrimPrefix(a.Inside+zipwalk.Separator+file.Name, zipwalk.Separator)
			text, err := file.Read(maxMetadata)
			if err != nil {
				bad.At(name, "%w", err)
			}
			if len(text) == 0 {
				continue
			}
			var within diagnostic.List
			if p, ok := parseMetadata(text, &within, m); ok {
				p.ArchivePath = name
				r.Packages, _ = m.Append(r.Packages, p) // m.Err has the error
			}
			bad.Within(name, &within)
		}
	}, bad.Add)
	r.Diagnostics = bad.Diagnostics()
	if err = cmp.Or(err, m.Err()); err != nil {
		return r, fmt.Errorf("pip: archive: %w", err)
	}
	return r, nil
}

// isMetadata reports whether a name is that of a distribution's metadata.
func isMetadata(name []byte) bool {
	if !bytes.HasSuffix(name, []byte("/METADATA")) && !bytes.HasSuffix(name, []byte("/PKG-INFO")) {
		return false
	}
	dir := strings.ToLower(path.Base(path.Dir(string(name))))
	return dir == "egg-info" || strings.HasSuffix(dir, ".egg-info") || strings.HasSuffix(dir, ".dist-info")
}

// isAtTop reports whether a name is that of the metadata at the top of an egg (EGG-INFO/PKG-INFO) or a wheel
// (NAME.dist-info/METADATA).
func isAtTop(name string) bool {
	dir, base := path.Split(name)
	dir = strings.ToLower(strings.TrimSuffix(dir, "/"))
	return base == "PKG-INFO" && dir == "egg-info" ||
		base == "METADATA" && strings.HasSuffix(dir, ".dist-info") && !strings.Contains(dir, "/")
}
