package scan

import (
	"cmp"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
	"github.com/hullmark/hullmark/internal/indirectsort"
)

// data returns the results for the layer in canonical order.
func (c *collector) data(stats walk.Stats) *layerData {
	d := &layerData{
		Entries: stats.Entries, Bytes: stats.Bytes, Journal: c.journal.finish(), Attributes: c.attributes.finish(), Opaque: c.opaque,
		Problems: c.problems.all(), Results: make(map[string][]fileResult),
	}
	if c.listing {
		d.Listed = c.listed
	}
	for _, i := range c.asked {
		d.Results[c.analyzers[i].key] = nil
	}
	c.addTo(d)
	return d
}

// addTo adds the results to those of a layer.
func (c *collector) addTo(d *layerData) {
	paths := make(sharedPaths)
	for i, list := range c.results {
		key := c.analyzers[i].key
		indirectsort.Sort(list, func(a, b *fileResult) int {
			return cmp.Or(cmp.Compare(a.Entry, b.Entry), strings.Compare(a.Name, b.Name))
		})
		for k := range list {
			for n := range list[k].Fragments { // here, and not in scans that find them in a cache
				f := &list[k].Fragments[n]
				f.Files = sortedFiles(f.Files)
				paths.share(f)
			}
			if list[k].missing {
				d.miss(key)
			}
		}
		d.Results[key] = append(d.Results[key], list...)
	}
	d.named = nil
	d.size += c.size.Load()
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
