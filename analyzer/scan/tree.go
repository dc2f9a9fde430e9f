package scan

import (
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// A tree is the part of a merged file system that matters: the files with answers, the symbolic links, and the directories above
// them. Layers are applied to it from the bottom up.
type tree struct {
	root   node
	byHash map[pathHash]*node // all nodes but the root
	gone   map[string]*file   // files that the current layer removed, by path
}

// A node has its children in a list, since most nodes have one child. tree.byHash finds them by the hash of their path.
type node struct {
	parent     *node
	name       string
	hash       pathHash // of the path
	first      *node    // child
	prev, next *node    // siblings
	link       string   // target of a symbolic link
	file       *file    // answers for a regular file
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

// apply puts a layer on top of the tree. The results are those of the layer's wanted files.
func (t *tree) apply(d *delta, files []*file) (refused []analyzer.FileDiagnostic) {
	t.gone = make(map[string]*file)
	// A directory of the layer replaces a link before the layer's whiteouts apply: they are not meant for the link's target.
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
	// A file or link of the layer replaces any entry at its path; above, a directory replaced files and links. The loops go
	// through the layer rather than the tree, so that the cost of all layers grows with their entries.
	for _, h := range d.Names {
		t.remove(t.byHash[pathHash(h)])
	}
	for _, p := range d.Implicit {
		// A directory without an entry of its own may be a link in a lower layer, and replaces a file.
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

// replace removes the nodes below directory n that a layer replaces, if the layer reaches n through a link. h is the hash of the
// path of n in the layer.
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

// clear turns files at and above a path into directories.
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

// make returns the node at a resolved path. It adds missing nodes, and turns files above it into directories.
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

// remove removes a node, which may be nil, and all nodes below it.
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

// forget removes n and all nodes below it from the index.
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

func join(dir, name string) string {
	if dir == "." {
		return name
	}
	return dir + "/" + name
}
