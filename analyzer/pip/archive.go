package pip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/zipwalk"
)

// maxMetadata is the size in bytes of the largest metadata file in an archive.
const maxMetadata = 4 << 20

// maxArchived is the number of distributions that are read from an archive. A wheel or egg holds one.
const maxArchived = 64

// analyzeArchive finds the metadata at the top of an egg (EGG-INFO/PKG-INFO) or a wheel (NAME.dist-info/METADATA).
func analyzeArchive(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	r := new(analyzer.Result)
	var errs []error
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
			var p analyzer.Package
			if len(text) > 0 {
				var parseErr error
				p, parseErr = parseMetadata(text)
				err = errors.Join(err, parseErr)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("pip: archive: %s: %w", file.Name, err))
			}
			if p.Name != "" {
				p.ArchivePath = file.Name
				r.Packages = append(r.Packages, p)
			}
		}
	})
	if err != nil {
		errs = append(errs, fmt.Errorf("pip: archive: %w", err))
	}
	return r, errors.Join(errs...)
}

func isArchivedMetadata(name string) bool {
	dir, base := path.Split(name)
	dir = strings.ToLower(strings.TrimSuffix(dir, "/"))
	return base == "PKG-INFO" && dir == "egg-info" ||
		base == "METADATA" && strings.HasSuffix(dir, ".dist-info") && !strings.Contains(dir, "/")
}
