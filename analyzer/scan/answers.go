package scan

import (
	"cmp"

	"github.com/hullmark/hullmark/internal/indirectsort"
)

// answers returns the answers of this run's analyzers for the entries of a layer under their own names, in the order of the entries.
func (r *run) answers(d *layerData) []answerOf {
	most := 0
	for i := range r.analyzers {
		most += len(d.Results[r.analyzers[i].key])
	}
	list := make([]answerOf, 0, most)
	for i := range r.analyzers {
		results := d.Results[r.analyzers[i].key]
		for k := range results {
			if results[k].Name == "" {
				list = append(list, answerOf{results[k].Entry, i, &results[k]})
			}
		}
	}
	indirectsort.Sort(list, func(a, b *answerOf) int { return cmp.Compare(a.entry, b.entry) })
	return list
}

// A namedKey identifies the answer of an analyzer for an entry under a name other than its own.
type namedKey struct {
	entry     int
	key, name string
}

// answer returns the answer of the analyzer with a key for an entry under a name other than its own.
func (d *layerData) answer(entry int, key, name string) (*fileResult, bool) {
	if d.named == nil {
		d.named = make(map[namedKey]*fileResult)
		for key, list := range d.Results {
			for k := range list {
				if list[k].Name != "" {
					d.named[namedKey{list[k].Entry, key, list[k].Name}] = &list[k]
				}
			}
		}
	}
	result, ok := d.named[namedKey{entry, key, name}]
	return result, ok
}
