package scan

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// A file is a version of a file with the answers for it.
type file struct {
	path    string
	raw     string // name in its layer, if another
	layer   int
	entry   int          // index in the layer's journal
	content *file        // for a hard link: the file that it is another name for
	at      attributeRef // see node.at
	renamed *file        // the last hard link to this file, whose entry sets the owner, the mode and the time of both
	results []answer
	before  *file // the version that this one replaced
	settled bool  // inherit was called

	directory bool // the entry is that of a directory
}

// name returns the name of the file in its layer.
func (f *file) name() string { return cmp.Or(f.raw, f.path) }

// origin returns the file whose entry has the content.
func (f *file) origin() *file { return cmp.Or(f.content, f) }

// An answer is the answer of one analyzer for a file.
type answer struct {
	analyzer int
	*fileResult
	since []int // parallel to Packages: the layer from which on the file has had each

	joined    *analyzer.Joined // the answer of a Joiner, or nil
	factSince int              // the layer from which on the file has had this fact
}

// result returns the result of Join, or else of Analyze.
func (a *answer) result() *analyzer.Result {
	if a.joined != nil && a.joined.Result != nil {
		return a.joined.Result
	}
	return &a.Result
}

// layerOf returns the layer of package n of the result.
func (a *answer) layerOf(n int) int {
	if a.joined != nil && a.joined.Result != nil {
		return a.factSince
	}
	return a.since[n]
}

// diagnostics returns the diagnostics of the engine, Analyze and Join.
func (a *answer) diagnostics() []analyzer.Diagnostic {
	list := a.Diagnostics[:len(a.Diagnostics):len(a.Diagnostics)]
	if a.joined == nil {
		return list
	}
	joined := a.joined.Diagnostics
	if a.joined.Result != nil {
		joined = slices.Concat(a.joined.Result.Diagnostics, joined)
	}
	list = append(list, checked(joined)...)
	if a.joined.Err != nil {
		list = append(list, diagnostic.Of(a.joined.Err))
	}
	return list
}

// An identity distinguishes the packages of one file.
type identity struct{ kind, namespace, name, version, arch, inside string }

func identityOf(p *analyzer.Package) identity {
	return identity{p.Type, p.Namespace, p.Name, p.Version, p.Arch, p.ArchivePath}
}

// attributePackages attributes the packages of f, and of the versions before it, to layers.
func (f *file) attributePackages() {
	var list []*file
	for v := f; v != nil && !v.settled; v = v.before {
		list = append(list, v)
	}
	for _, v := range slices.Backward(list) {
		v.inherit(v.before)
		v.settled = true
	}
}

// inherit attributes the packages of f to layers. A package of the former version of the file keeps its layer; the others get the
// layer of f.
func (f *file) inherit(before *file) {
	for i := range f.results {
		a := &f.results[i]
		a.since, a.factSince = slices.Repeat([]int{f.layer}, len(a.Packages)), f.layer
		if before == nil {
			continue
		}
		k := slices.IndexFunc(before.results, func(b answer) bool { return b.analyzer == a.analyzer })
		if k < 0 {
			continue
		}
		old := &before.results[k]
		a.inheritFact(old)
		since := make(map[identity]int, len(old.Packages))
		for j := range old.Packages {
			id := identityOf(&old.Packages[j])
			if layer, ok := since[id]; !ok || old.since[j] < layer {
				since[id] = old.since[j]
			}
		}
		for j := range a.Packages {
			if layer, ok := since[identityOf(&a.Packages[j])]; ok {
				a.since[j] = layer
			}
		}
	}
}

// inheritFact attributes the answer of Join to the layer from which on the file has had the same fact.
func (a *answer) inheritFact(old *answer) {
	if len(a.Fact) > 0 && bytes.Equal(a.Fact, old.Fact) {
		a.factSince = old.factSince
	}
}
