package scan

import (
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// A tree is the part of a merged file system that matters: the files that analyzers had something to say about, the
// symbolic links, and the directories above them. Layers are applied to it from the bottom up.
type tree struct {
	root   node
	byHash map[pathHash]*node // all nodes but the root
	gone   map[string]*file   // what the layer being applied has removed, by path
}

// A node knows its children as a list: most have one, and they are found by the hash of their path.
type node struct {
	parent     *node
	name       string
	hash       pathHash // of the path
	first      *node    // child
	prev, next *node    // siblings
	link       string   // target of a symbolic link
	file       *file    // results of a regular file
}

func newTree() *tree {
	return &tree{root: node{hash: rootHash}, byHash: make(map[pathHash]*node)}
}

// child returns the child of n with a name, or nil.
func (t *tree) child(n *node, name string) *node {
	if n.first == nil {
		return nil
	}
	if c := t.byHash[n.hash.join(name)]; c != nil && c.parent == n && c.name == name {
		return c
	}
	return nil
}

// children returns the children of n, in the order of their names.
func (n *node) children() []*node {
	var list []*node
	for c := n.first; c != nil; c = c.next {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *node) int { return strings.Compare(a.name, b.name) })
	return list
}

// A file is what is known of one visible file.
type file struct {
	path    string
	layer   int // the layer that holds this version of it
	results []answer
}

// An answer is what one analyzer said of a file.
type answer struct {
	analyzer int
	*fileResult
	since []int // parallel to Packages: the layer from which on each has been in this file

	joined    *analyzer.Joined // what a Joiner said of it
	factSince int              // the layer from which on the file has had this fact
}

// apply puts a layer on top of the tree. The results are those of the layer's wanted files.
func (t *tree) apply(d *delta, files []*file) (refused []analyzer.FileDiagnostic) {
	t.gone = make(map[string]*file)
	// A directory of the layer takes the place of a link before anything is deleted in it: that is not meant for what the
	// link leads to.
	for _, h := range d.Dirs {
		if n := t.byHash[pathHash(h)]; n != nil && (n.file != nil || n.link != "") {
			t.remove(n)
		}
	}
	for _, p := range d.Whiteouts {
		if parent, ok := t.resolve(dirOf(p)); ok {
			t.remove(t.find(join(parent, path.Base(p))))
		}
	}
	for _, p := range d.Opaques {
		if dir, ok := t.resolve(p); ok {
			if n := t.find(dir); n != nil {
				for n.first != nil {
					t.remove(n.first)
				}
			}
		}
	}
	// Whatever lies where the layer has a file or a link goes, and so do, above, files and links where it has a directory. Going
	// through what the layer has, rather than through the tree, makes the cost of all layers grow with their entries.
	for _, h := range d.Names {
		t.remove(t.byHash[pathHash(h)])
	}
	for _, p := range d.Implicit {
		// An entry below a directory that has none of its own may go through a link of a lower layer, and takes the place of
		// a file.
		dir, ok := t.resolve(p)
		if !ok {
			continue
		}
		t.clear(dir)
		if n := t.find(dir); n != nil && dir != p {
			t.replace(d, n, hashPath(p))
		}
	}
	for _, l := range d.Links {
		if at, ok := t.resolve(dirOf(l.Path)); ok {
			n := t.make(join(at, path.Base(l.Path)))
			n.link = l.Target
		}
	}
	for _, f := range files {
		at, ok := t.resolve(dirOf(f.path))
		if !ok {
			refused = append(refused, entryProblem(analyzer.Refused, f.path, "its directory is reached through a loop of symbolic links"))
			continue
		}
		if at != dirOf(f.path) {
			f.path = join(at, path.Base(f.path))
		}
		n := t.make(f.path)
		before := n.file
		if before == nil {
			before = t.gone[f.path]
		}
		f.inherit(before)
		n.file, n.link = f, ""
	}
	return refused
}

// replace does the same below directory n for a layer that reaches it through a link: there, what is in n has names whose
// hash extends h.
func (t *tree) replace(d *delta, n *node, h pathHash) {
	for child, next := n.first, (*node)(nil); child != nil; child = next {
		next = child.next
		hash := h.join(child.name)
		switch {
		case has(d.Names, hash), (child.file != nil || child.link != "") && has(d.Dirs, hash):
			t.remove(child)
		default:
			t.replace(d, child, hash)
		}
	}
}

// find returns the node at a path without following links, or nil.
func (t *tree) find(p string) *node {
	n := &t.root
	if p == "." {
		return n
	}
	for element := range strings.SplitSeq(p, "/") {
		if n = t.child(n, element); n == nil {
			return nil
		}
	}
	return n
}

// clear makes directories of the files at and above a path.
func (t *tree) clear(p string) {
	n := &t.root
	for element := range strings.SplitSeq(p, "/") {
		if n = t.child(n, element); n == nil {
			return
		}
		if n.file != nil {
			t.gone[n.file.path], n.file = n.file, nil
		}
	}
}

// make returns the node at a path, which has been resolved. It makes what is missing, and directories of files in between.
func (t *tree) make(p string) *node {
	n := &t.root
	if p == "." {
		return n
	}
	for element := range strings.SplitSeq(p, "/") {
		if n.file != nil {
			t.gone[n.file.path], n.file = n.file, nil
		}
		child := t.child(n, element)
		if child == nil {
			child = &node{parent: n, name: element, hash: n.hash.join(element), next: n.first}
			if n.first != nil {
				n.first.prev = child
			}
			n.first = child
			t.byHash[child.hash] = child
		}
		n = child
	}
	return n
}

// remove takes a node, which may be nil, and all below it out of the tree.
func (t *tree) remove(n *node) {
	if n == nil {
		return
	}
	n.each(func(f *file) { t.gone[f.path] = f })
	t.forget(n)
	if n.prev == nil {
		n.parent.first = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next != nil {
		n.next.prev = n.prev
	}
}

// forget takes n and all below it out of the index.
func (t *tree) forget(n *node) {
	delete(t.byHash, n.hash)
	for c := n.first; c != nil; c = c.next {
		t.forget(c)
	}
}

// each calls fn for every file at and below n, in the order of paths.
func (n *node) each(fn func(*file)) {
	if n.file != nil {
		fn(n.file)
	}
	if n.first != nil && n.first.next == nil {
		n.first.each(fn)
		return
	}
	for _, c := range n.children() {
		c.each(fn)
	}
}

// maxLinks is how many symbolic links a path may lead through, as in Linux.
const maxLinks = 40

// maxResolved bounds, in bytes, what links may make of a path.
const maxResolved = 4096

// resolve follows the symbolic links of a path within the root: absolute targets start at the root, ".." ends there. It
// reports false for a loop.
func (t *tree) resolve(p string) (string, bool) {
	if t.direct(p) {
		return p, true
	}
	links := 0
	n, at, rest := &t.root, ".", p
	for rest != "" {
		element, after, _ := strings.Cut(rest, "/")
		rest = after
		switch element {
		case "", ".":
			continue
		case "..":
			at = dirOf(at)
			n = t.find(at)
			continue
		}
		var child *node
		if n != nil {
			child = t.child(n, element)
		}
		if child == nil || child.link == "" {
			at, n = join(at, element), child
			continue
		}
		if links++; links > maxLinks {
			return "", false
		}
		rest = child.link + "/" + rest
		if len(rest) > maxResolved {
			return "", false
		}
		if strings.HasPrefix(child.link, "/") {
			at = "."
		}
		n = t.find(at)
	}
	return at, true
}

// direct reports whether a clean path leads through no symbolic link, as nearly all do.
func (t *tree) direct(p string) bool {
	n := &t.root
	if p == "." {
		return true
	}
	for element := range strings.SplitSeq(p, "/") {
		if n = t.child(n, element); n == nil {
			return true
		}
		if n.link != "" {
			return false
		}
	}
	return true
}

func join(dir, name string) string {
	if dir == "." {
		return name
	}
	return dir + "/" + name
}

// An identity tells the packages of one file apart.
type identity struct{ kind, namespace, name, version, arch, inside string }

func identityOf(p *analyzer.Package) identity {
	return identity{p.Type, p.Namespace, p.Name, p.Version, p.Arch, p.ArchivePath}
}

// inherit attributes the packages of f to layers: those that the former version of the file had, to the layer that brought
// them there, the others to that of f.
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
