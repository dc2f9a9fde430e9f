package npm

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"path"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/zipwalk"
)

// analyzeCache reads an archive of yarn's cache. Under Plug'n'Play, the default since yarn 2, programs load packages from these
// archives instead of node_modules. An archive holds the package at its path below node_modules.
func analyzeCache(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	r := new(analyzer.Result)
	m := membudget.New(ctx, f, maxPackages)
	var bad diagnostic.List
	limits := zipwalk.Limits{Wanted: 1024, Bytes: 64 << 20, Hold: func(n int64) error { return f.Hold(ctx, n) }}
	err := zipwalk.Walk(ctx, f.Open(), f.Size(), limits, kindOf, func(a *zipwalk.Archive) {
		for _, file := range a.Files {
			text, err := file.Read(maxManifest)
			if err == nil {
				var p analyzer.Package
				if p, err = parseManifest(bytes.TrimPrefix(text, []byte(byteOrderMark))); p.Name != "" {
					p.ArchivePath = file.Name
					if r.Packages, err = m.Append(r.Packages, p); err != nil {
						return // as m.Err
					}
				}
			}
			if err != nil {
				bad.At(file.Name, "%w", err)
			}
		}
	}, bad.Add)
	r.Diagnostics = bad.Diagnostics()
	if err = cmp.Or(err, m.Err()); err != nil {
		return r, fmt.Errorf("npm: archive: %w", err)
	}
	return r, nil
}

// kindOf selects the package.json of the package and of packages that are bundled with it.
func kindOf(name []byte) zipwalk.Kind {
	if s := string(name); path.Base(s) == "package.json" && placeOf(s) == installed {
		return zipwalk.Wanted
	}
	return zipwalk.Skip
}
