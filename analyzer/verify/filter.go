package verify

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// A filter is an option path-exclude or path-include of dpkg(1).
type filter struct {
	include bool
	pattern string // for path.Match, with NUL in place of slashes, which "*" matches, too
}

// maxFilters is the most filters that are tried. Images have about ten.
const maxFilters = 100

// filters returns the filters in dpkg's order: the files of dpkg.cfg.d by name, then dpkg.cfg.
func filters(records []analyzer.FileRecord) []filter {
	var list []*analyzer.FileRecord
	for i := range records {
		if r := &records[i]; r.Kind == kindPathFilter && !r.Hidden {
			list = append(list, r)
		}
	}
	slices.SortStableFunc(list, func(a, b *analyzer.FileRecord) int {
		return cmp.Or(
			-cmp.Compare(strings.Count(a.Path, "/"), strings.Count(b.Path, "/")),
			cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Line, b.Line))
	})
	var result []filter
	for _, r := range list[:min(len(list), maxFilters)] {
		pattern := strings.ReplaceAll(strings.ReplaceAll(r.Key, "/", "\x00"), "[!", "[^")
		result = append(result, filter{r.Fields["action"] == "include", pattern})
	}
	return result
}

// excluded reports whether dpkg does not unpack a path. The last filter that matches decides.
func excluded(list []filter, p string) bool {
	p = "\x00" + strings.ReplaceAll(p, "/", "\x00")
	for i := len(list) - 1; i >= 0; i-- {
		if ok, err := path.Match(list[i].pattern, p); ok && err == nil {
			return !list[i].include
		}
	}
	return false
}
