package scan

import (
	"slices"
	"strings"
)

// A delta is the effect of a layer on the layers below it. It has the paths that the layer deletes and links, and 8 bytes for
// every other entry, the hash of its path. The hash suffices to see whether the layer replaces a path of a lower layer.
type delta struct {
	Whiteouts []string // deleted paths
	Opaques   []string // directories whose former content is deleted
	Links     []link   // symbolic links, sorted by path
	Implicit  []string // directories with entries below them but none of their own: they may be links of a lower layer
	Names     []uint64 // sorted hashes of the paths of all entries that are not directories
	Dirs      []uint64 // sorted hashes of all directories that have an entry
}

type link struct{ Path, Target string }

// A pathHash is the 64-bit FNV-1a hash of a path. It can be extended element by element.
type pathHash uint64

const rootHash pathHash = 14695981039346656037

func hashPath(p string) pathHash {
	if p == "." {
		return rootHash
	}
	return rootHash.bytes(p)
}

func (h pathHash) bytes(s string) pathHash {
	for i := range len(s) {
		h = (h ^ pathHash(s[i])) * 1099511628211
	}
	return h
}

// join returns the hash of dir/name, h being that of dir.
func (h pathHash) join(name string) pathHash {
	if h != rootHash {
		h = (h ^ '/') * 1099511628211
	}
	return h.bytes(name)
}

func has(set []uint64, h pathHash) bool {
	_, ok := slices.BinarySearch(set, uint64(h))
	return ok
}

// A recorder builds the delta of a layer during the walk.
type recorder struct {
	delta
	links    map[string]string
	implicit map[string]struct{}
	lastDir  string           // directory of the last entry, known to be in implicit
	found    func(dir string) // called for the first entry below a directory
}

func newRecorder(found func(dir string)) *recorder {
	return &recorder{links: make(map[string]string), implicit: make(map[string]struct{}), found: found}
}

// name records an entry that is not a directory.
func (r *recorder) name(p string) {
	r.Names = append(r.Names, uint64(hashPath(p)))
	delete(r.links, p)
	r.parents(p)
}

func (r *recorder) dir(p string) {
	r.Dirs = append(r.Dirs, uint64(hashPath(p)))
	delete(r.links, p)
	r.parents(p)
}

func (r *recorder) link(p, to string) {
	r.name(p)
	r.links[p] = to
}

// parents records the directories above p. finish knows which of them have an entry of their own.
func (r *recorder) parents(p string) {
	for {
		p = dirOf(p)
		if p == "." || p == r.lastDir {
			return
		}
		if _, ok := r.implicit[p]; ok {
			r.lastDir = p
			return
		}
		r.implicit[strings.Clone(p)] = struct{}{}
		r.found(p)
	}
}

// finish returns the delta in canonical form.
func (r *recorder) finish() delta {
	d := r.delta
	for _, set := range []*[]uint64{&d.Names, &d.Dirs} {
		slices.Sort(*set)
		*set = slices.Clip(slices.Compact(*set))
	}
	for p, to := range r.links {
		d.Links = append(d.Links, link{p, to})
	}
	slices.SortFunc(d.Links, func(a, b link) int { return strings.Compare(a.Path, b.Path) })
	for p := range r.implicit {
		if !has(d.Dirs, hashPath(p)) {
			d.Implicit = append(d.Implicit, p)
		}
	}
	for _, list := range []*[]string{&d.Whiteouts, &d.Opaques, &d.Implicit} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return d
}

// dirOf returns the directory of a clean path, "." for the top level.
func dirOf(p string) string {
	if i := strings.LastIndexByte(p, '/'); i >= 0 {
		return p[:i]
	}
	return "."
}
