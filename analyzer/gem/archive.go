package gem

import (
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

// maxArchived is the number of specifications that are read from an archive. JRuby's has a hundred.
const maxArchived = 4096

// analyzeArchive finds the gems in an archive of Java. JRuby keeps its standard gems in its own archives, below
// META-INF/jruby.home, and loads gems from every archive on the class path. Warbler packs an application with its gems as a war.
func analyzeArchive(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	r := new(analyzer.Result)
	m := membudget.New(ctx, f, maxPackages)
	var bad diagnostic.List
	limits := zipwalk.Limits{Wanted: maxArchived, Hold: func(n int64) error { return f.Hold(ctx, n) }}
	err := zipwalk.Walk(ctx, f.Open(), f.Size(), limits, kindOf, func(a *zipwalk.Archive) {
		for _, file := range a.Files {
			name := strings.TrimPrefix(a.Inside+zipwalk.Separator+file.Name, zipwalk.Separator)
			text, err := file.Read(maxSpecification)
			if err != nil {
				bad.At(name, "%w", err)
				continue
			}
			p, err := parseSpecification(string(text), true)
			if err != nil {
				bad.At(name, "%w", err)
			}
			if p.Name == "" {
				continue
			}
			p.ArchivePath = name
			if r.Packages, err = m.Append(r.Packages, p); err != nil {
				return // as m.Err
			}
		}
	}, bad.Add)
	r.Diagnostics = bad.Diagnostics()
	if err = cmp.Or(err, m.Err()); err != nil {
		return r, fmt.Errorf("gem: archive: %w", err)
	}
	return r, nil
}

// kindOf selects the specifications of installed gems, and archives of JRuby.
func kindOf(name []byte) zipwalk.Kind {
	switch s := string(name); {
	case strings.HasSuffix(s, ".gemspec") && placeOf(s) == specifications:
		return zipwalk.Wanted
	case strings.HasSuffix(s, ".jar") && strings.Contains(path.Base(s), "jruby"):
		return zipwalk.Nested
	}
	return zipwalk.Skip
}
