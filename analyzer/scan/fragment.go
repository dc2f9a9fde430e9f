package scan

import (
	"maps"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
)

// A fragment completes packages that the same analyzer found in other files.
type fragment struct {
	analyzer string
	dir      string // of the file that it comes from
	*analyzer.Package
}

// complete adds fragments, in the order of their paths, to the components that they complete.
func complete(components []analyzer.Component, fragments []fragment) {
	if len(fragments) == 0 {
		return
	}
	type key struct{ analyzer, kind, of string } // a name or a directory
	named, near := make(map[key][]int), make(map[key][]int)
	indexOf := func(f *fragment) (map[key][]int, key) {
		if f.Name == "" {
			return near, key{f.analyzer, f.Type, f.dir}
		}
		return named, key{f.analyzer, f.Type, f.Name}
	}
	for i := range fragments {
		index, k := indexOf(&fragments[i])
		index[k] = nil
	}
	enter := func(index map[key][]int, k key, i int) {
		if list, ok := index[k]; ok {
			index[k] = append(list, i)
		}
	}
	for i := range components {
		c := &components[i]
		enter(named, key{c.Analyzer, c.Type, c.Name}, i)
		if len(near) > 0 {
			enter(near, key{c.Analyzer, c.Type, dirOf(c.Path)}, i)
		}
	}
	ordered := make([]bool, len(components)) // the Files of each
	for n := range fragments {
		f := &fragments[n]
		index, k := indexOf(f)
		for _, i := range index[k] {
			p := &components[i].Package
			if f.Arch != "" && f.Arch != p.Arch || f.Version != "" && f.Version != p.Version {
				continue
			}
			if f.Name != "" && f.Namespace != p.Namespace && !p.System { // the namespace of a System package is its builder
				continue
			}
			if !ordered[i] && len(f.Files) > 0 {
				p.Files, ordered[i] = sortedFiles(p.Files), true
			}
			p.Files = union(p.Files, f.Files) // collector.data has sorted those of f
			addFacts(p, f.Package)
			p.Dev = p.Dev || f.Dev
		}
	}
}

// addPackage adds the data of f to p. Lists grow; p keeps its single values. If f has Files, those of p are in order afterwards.
func addPackage(p, f *analyzer.Package) {
	if len(f.Files) > 0 {
		p.Files = union(sortedFiles(p.Files), sortedFiles(f.Files))
	}
	addFacts(p, f)
}

// addFacts is like addPackage, but leaves Files alone.
func addFacts(p, f *analyzer.Package) {
	p.Licenses = appendNew(p.Licenses, f.Licenses)
	p.Depends = appendNew(p.Depends, f.Depends)
	p.Provides = appendNew(p.Provides, f.Provides)
	if p.Vendor == "" {
		p.Vendor = f.Vendor
	}
	if p.Signer == 0 {
		p.Signer = f.Signer
	}
	if p.SourcePackage == nil {
		p.SourcePackage = f.SourcePackage
	}
	p.Qualifiers = addMissing(p.Qualifiers, f.Qualifiers)
	p.Hashes = addMissing(p.Hashes, f.Hashes)
}

// sortedFiles returns the paths of a list in order, each once. It does not change the list.
func sortedFiles(list []string) []string {
	for i := 1; i < len(list); i++ {
		if list[i-1] >= list[i] {
			list = slices.Clone(list)
			slices.Sort(list)
			return slices.Clip(slices.Compact(list))
		}
	}
	return slices.Clip(list)
}

// union merges two ordered lists. It returns one of them if that contains the other, which is usual: several files often list the
// files of a package.
func union(a, b []string) []string {
	if len(a) < len(b) {
		a, b = b, a
	}
	var joined []string // nil while a contains b
	i := 0
	for k, s := range b {
		from := i
		for i < len(a) && a[i] < s {
			i++
		}
		if joined != nil {
			joined = append(joined, a[from:i]...)
		}
		if i < len(a) && a[i] == s {
			continue
		}
		if joined == nil {
			joined = append(make([]string, 0, len(a)+len(b)-k), a[:i]...)
		}
		joined = append(joined, s)
	}
	if joined == nil {
		return a
	}
	return append(joined, a[i:]...)
}

func appendNew(list, more []string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

func addMissing(m, more map[string]string) map[string]string {
	for k, v := range more {
		if _, ok := m[k]; !ok {
			if m == nil {
				m = make(map[string]string)
			}
			m[k] = v
		}
	}
	return m
}

// clonePackage returns a copy that complete can change without effect on a cache or another layer.
func clonePackage(p *analyzer.Package) analyzer.Package {
	c := *p
	c.Licenses, c.Files = slices.Clip(p.Licenses), slices.Clip(p.Files)
	c.Depends, c.Provides = slices.Clip(p.Depends), slices.Clip(p.Provides)
	c.Qualifiers, c.Hashes = maps.Clone(p.Qualifiers), maps.Clone(p.Hashes)
	return c
}
