package scan

import (
	"maps"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// A fragment completes packages that an analyzer found in other files.
type fragment struct {
	analyzer string // that found the packages
	dir      string // directory of the file that it comes from
	*analyzer.Package
}

// complete adds fragments, in the order of their paths, to the components that they complete.
func complete(components []analyzer.Component, fragments []fragment) {
	if len(fragments) == 0 {
		return
	}
	var index completed
	fragments = index.request(fragments)
	for i := range components {
		index.enter(&components[i], i)
	}
	ordered := make([]bool, len(components)) // the Files of each
	for n := range fragments {
		f := &fragments[n]
		for _, i := range index.variant(f).components {
			p := &components[i].Package
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

// A completed finds the components that fragments complete, in a time that does not grow with the number of versions of a name.
type completed struct {
	named, near map[whole]map[version]*variant // by name, by directory; of requested ones only
}

type whole struct{ analyzer, kind, of string } // of: a name or a directory

type version struct{ version, arch string } // "" is any

// A variant has the data that fragments of a name with a version and an architecture share.
type variant struct {
	components []int
	first      map[string]int // index of the fragment of each namespace
}

// request makes room for the components of fragments, and joins fragments for the same components. It returns the rest.
func (x *completed) request(fragments []fragment) []fragment {
	x.named, x.near = make(map[whole]map[version]*variant), make(map[whole]map[version]*variant)
	kept := make([]fragment, 0, len(fragments))
	for i := range fragments {
		f := &fragments[i]
		index, key := x.of(f)
		if index[key] == nil {
			index[key] = make(map[version]*variant, 1)
		}
		v := index[key][version{f.Version, f.Arch}]
		if v == nil {
			v = new(variant)
			index[key][version{f.Version, f.Arch}] = v
		} else if n, ok := v.first[f.Namespace]; ok && f.Name != "" {
			p := clonePackage(kept[n].Package)
			addPackage(&p, f.Package)
			p.Dev = p.Dev || f.Dev
			kept[n].Package = &p
			continue
		}
		if v.first == nil {
			v.first = make(map[string]int, 1)
		}
		v.first[f.Namespace] = len(kept)
		kept = append(kept, *f)
	}
	return kept
}

func (x *completed) of(f *fragment) (map[whole]map[version]*variant, whole) {
	if f.Name == "" {
		return x.near, whole{f.analyzer, f.Type, f.dir}
	}
	return x.named, whole{f.analyzer, f.Type, f.Name}
}

func (x *completed) variant(f *fragment) *variant {
	index, key := x.of(f)
	return index[key][version{f.Version, f.Arch}]
}

// enter enters component i for the fragments that complete it.
func (x *completed) enter(c *analyzer.Component, i int) {
	enter(x.named[whole{c.Analyzer, c.Type, c.Name}], c, i)
	if len(x.near) > 0 {
		enter(x.near[whole{c.Analyzer, c.Type, dirOf(c.Path)}], c, i)
	}
}

func enter(variants map[version]*variant, c *analyzer.Component, i int) {
	if variants == nil {
		return
	}
	versions, arches := []string{"", c.Version}, []string{"", c.Arch}
	if _, plain, ok := strings.Cut(c.Version, ":"); ok {
		versions = append(versions, plain) // fragments may lack the epoch
	}
	for _, number := range slices.Compact(versions) {
		for _, arch := range slices.Compact(arches) {
			if v := variants[version{number, arch}]; v != nil {
				v.components = append(v.components, i)
			}
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
	p.Recorded = p.Recorded.Join(f.Recorded)
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
