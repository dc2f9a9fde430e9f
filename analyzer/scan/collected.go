package scan

import (
	"maps"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
)

// data returns the results for the layer in canonical order.
func (c *collector) data(stats walk.Stats) *layerData {
	d := &layerData{
		Entries: stats.Entries, Bytes: stats.Bytes, Delta: c.rec.finish(),
		Problems: capEntryProblems(c.problems), Results: make(map[string][]fileResult),
	}
	for _, i := range c.asked {
		d.Results[c.analyzers[i].key] = nil
	}
	slots := slices.AppendSeq(c.again, maps.Values(c.slots))
	slots = slices.DeleteFunc(slots, c.replaced)
	many := make([]int, len(c.analyzers))
	for _, s := range slots {
		for k, i := range s.asked {
			if s.results[k] != nil {
				many[i]++
			}
		}
	}
	for _, i := range c.asked {
		if many[i] > 0 {
			d.Results[c.analyzers[i].key] = make([]fileResult, 0, many[i])
		}
	}
	paths := make(sharedPaths)
	for _, s := range slots {
		for k, i := range s.asked {
			if result := s.results[k]; result != nil {
				result.Path = s.path
				for n := range result.Fragments { // here, so that scans that find them in a cache need not
					f := &result.Fragments[n]
					f.Files = sortedFiles(f.Files)
					paths.share(f)
				}
				if result.missing {
					d.miss(c.analyzers[i].key)
				}
				key := c.analyzers[i].key
				d.Results[key] = append(d.Results[key], *result)
			}
		}
	}
	for _, list := range d.Results {
		slices.SortFunc(list, func(a, b fileResult) int { return strings.Compare(a.Path, b.Path) })
	}
	return d
}

// sharedPaths holds the longest list of files of each package.
type sharedPaths map[identity][]string

// share lets f share the memory of paths with other fragments of the same package. Several files often list the files of a
// package, and these lists take most of the memory of a scan of a distribution.
func (s sharedPaths) share(f *analyzer.Package) {
	if len(f.Files) == 0 {
		return
	}
	from, to, id := s[identityOf(f)], f.Files, identityOf(f)
	if len(from) < len(to) {
		s[id] = to
		from, to = to, from
	}
	i := 0
	for k, p := range to {
		for i < len(from) && from[i] < p {
			i++
		}
		if i < len(from) && from[i] == p {
			to[k] = from[i]
		}
	}
}
