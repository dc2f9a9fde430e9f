package pip

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/hold"
	"github.com/hullmark/hullmark/internal/problem"
	"github.com/hullmark/hullmark/internal/zipwalk"
)

// maxMetadata is the size in bytes of the largest metadata file in an archive.
const maxMetadata = 4 << 20

// maxArchived is the number of distributions that are read from an archive. A wheel or egg holds one.
const maxArchived = 64

// analyzeArchive finds the metadata at the top of an egg (EGG-INFO/PKG-INFO) or a wheel (NAME.dist-info/METADATA).
func analyzeArchive(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	r := new(analyzer.Result)
	m := hold.New(ctx, f, maxPackages)
	var bad problem.List
	kind := func(name []byte) zipwalk.Kind {
		if (bytes.HasSuffix(name, []byte("/METADATA")) || bytes.HasSuffix(name, []byte("/PKG-INFO"))) && isArchivedMetadata(string(name)) {
			return zipwalk.Wanted
		}
		return zipwalk.Skip
	}
	limits := zipwalk.Limits{Wanted: maxArchived, Hold: func(n int64) error { return f.Hold(ctx, n) }}
	err := zipwalk.Walk(ctx, f.Open(), f.Size(), limits, kind, func(a *zipwalk.Archive) {
		for _, file := range a.Files {
			text, err := file.Read(maxMetadata)
			if err != nil {
				bad.At(file.Name, "%w", err)
			}
			if len(text) == 0 {
				continue
			}
			var within problem.List
			if p, ok := parseMetadata(text, &within, m); ok {
				p.ArchivePath = file.Name
				r.Packages, err = m.Append(r.Packages, p)
			}
			bad.Within(file.Name, &within)
		}
	}, bad.Add)
	r.Diagnostics = bad.Diagnostics()
	if err = cmp.Or(err, m.Err()); err != nil {
		return r, fmt.Errorf("pip: archive: %w", err)
	}
	return r, nil
}

func isArchivedMetadata(name string) bool {
	dir, base := path.Split(name)
	dir = strings.ToLower(strings.TrimSuffix(dir, "/"))
	return base == "PKG-INFO" && dir == "egg-info" ||
		base == "METADATA" && strings.HasSuffix(dir, ".dist-info") && !strings.Contains(dir, "/")
}
