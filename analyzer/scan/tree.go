package scan

import (
	"path"
	"slices"
	"strings"
	"unsafe"

	"github.com/hullmark/hullmark/analyzer"
)

// A tree is the part of a merged file system that matters: files that analyzers want or that such files are hard links to, the
// symbolic links, and the directories above them. Layers are applied to it from the bottom up.
type tree struct {
	root  node
	count int              // nodes
	wide  nodeTable        // children of nodes that have many
	gone  map[string]*file // files that the current layer removed, by path
	layer int              // the current one
	free  []node           // to be used for new nodes
	steps int              // see maxSteps

	changes int // counts nodes that were removed, and new links
}

// A node is a file, a symbolic link or a directory. It has its children in a list, since most nodes have one child.
type node struct {
	parent     *node
	name       string
	first      *node // child
	prev, next *node // siblings
	link       string
	file       *file
	about      *file        // answers about an entry that is not a regular file: a directory, link or device
	children   int32        // their number
	entry      int32        // 1 + the last layer that has an entry for the node
	at         attributeRef // attributes of the entry; only if the entries of the image are listed
	owner      int32        // 1 + the index of the component that owns the path
	leaf       bool         // it is a listed entry that is not a directory
}

const (
	// maxTree bounds the bytes of a tree: 1.5 million nodes, which take 16 bytes of wide besides. 200,000 npm packages need 600,000 nodes.
	maxTree  = 200 << 20
	maxNodes = maxTree / (int(unsafe.Sizeof(node{})) + 16)

	// manyChildren is the number of children from which on tree.wide has them.
	manyChildren = 32
)

func newTree() *tree { return &tree{wide: newNodeTable()} }

// child returns the child of n with a name, or nil.
func (t *tree) child(n *node, name string) *node {
	if n.children >= manyChildren {
		return t.wide.find(n, name)
	}
	for c := n.first; c != nil; c = c.next {
		if c.name == name {
			return c
		}
	}
	return nil
}

// add adds a child to n.
func (t *tree) add(n *node, name string) (*node, error) {
	if t.count >= maxNodes {
		return nil, &analyzer.LimitError{What: "files, links and directories to merge", Limit: int64(maxNodes)}
	}
	t.count++
	if len(t.free) == 0 {
		t.free = make([]node, min(max(t.count, 64), 4096))
	}
	c := &t.free[0]
	t.free = t.free[1:]
	*c = node{parent: n, name: name, next: n.first}
	if n.first != nil {
		n.first.prev = c
	}
	n.first = c
	switch n.children++; {
	case n.children == manyChildren:
		for c := n.first; c != nil; c = c.next {
			t.wide.add(c)
		}
	case n.children > manyChildren:
		t.wide.add(c)
	}
	return c, nil
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

// make returns the node at a path without following links. It adds missing nodes, and turns files and links above it into directories.
func (t *tree) make(p string) (*node, error) {
	n := &t.root
	if p == "." {
		return n, nil
	}
	for element := range strings.SplitSeq(p, "/") {
		t.directory(n)
		child := t.child(n, element)
		if child == nil {
			var err error
			if child, err = t.add(n, element); err != nil {
				return nil, err
			}
		}
		n = child
	}
	return n, nil
}

// directory turns a file, link or device into an empty directory.
func (t *tree) directory(n *node) {
	if n.file != nil {
		t.gone[n.file.path] = n.file
	}
	if n.about != nil && !n.about.directory {
		n.about = nil
	}
	if n.leaf {
		n.at, n.leaf = attributeRef{}, false
	}
	n.file, n.link = nil, ""
}

// link makes a new node a symbolic link.
func (t *tree) link(n *node, target string) {
	n.link = target
	t.changes++
}

// remove removes a node, which may be nil, and all nodes below it.
func (t *tree) remove(n *node) {
	if n == nil {
		return
	}
	t.forget(n)
	t.unlink(n)
}

// forget records the files at n and below it as gone.
func (t *tree) forget(n *node) {
	if n.file != nil {
		t.gone[n.file.path] = n.file
	}
	for c := n.first; c != nil; c = c.next {
		t.forget(c)
		if n.children >= manyChildren {
			t.wide.remove(c)
		}
		t.count--
	}
	n.first, n.children = nil, 0
}

// unlink removes a node without children from its parent.
func (t *tree) unlink(n *node) {
	t.changes++
	parent := n.parent
	if parent.children >= manyChildren {
		t.wide.remove(n)
	}
	t.count--
	if parent.children--; parent.children == manyChildren-1 {
		for c := parent.first; c != nil; c = c.next {
			t.wide.remove(c)
		}
	}
	if n.prev == nil {
		parent.first = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next != nil {
		n.next.prev = n.prev
	}
}

// hide removes what lower layers have at n, which may be nil, and below it. The current layer's own files stay: runtimes differ on
// whether a whiteout removes a file of its own layer. Its links go, as they do in containerd.
func (t *tree) hide(n *node) {
	if n == nil {
		return
	}
	for c, next := n.first, (*node)(nil); c != nil; c = next {
		next = c.next
		t.hide(c)
	}
	if n.file != nil && n.file.layer == t.layer || n.leaf && n.link == "" && int(n.at.layer) == t.layer {
		return
	}
	t.directory(n)
	if n.about != nil || n.at.chunk > 0 {
		if n.about != nil && n.about.layer == t.layer || n.at.chunk > 0 && int(n.at.layer) == t.layer {
			return
		}
		n.about, n.at = nil, attributeRef{}
	}
	if n.first == nil {
		t.unlink(n)
	}
}

// opaque hides the content of a directory that has no entry in the current layer.
func (t *tree) opaque(dir *node) {
	for c, next := dir.first, (*node)(nil); c != nil; c = next {
		next = c.next
		if int(c.entry) == t.layer+1 {
			t.opaque(c)
			continue
		}
		t.hide(c)
	}
}

// each calls fn for every file at and below n, and for other entries with answers, in the order of paths.
func (n *node) each(fn func(*file)) {
	if n.file != nil {
		fn(n.file)
	}
	if n.about != nil {
		fn(n.about)
	}
	if n.first != nil && n.first.next == nil {
		n.first.each(fn)
		return
	}
	list := make([]*node, 0, n.children)
	for c := n.first; c != nil; c = c.next {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *node) int { return strings.Compare(a.name, b.name) })
	for _, c := range list {
		c.each(fn)
	}
}

// dirOf returns the directory of a clean path, "." for the top level.
func dirOf(p string) string {
	if i := strings.LastIndexByte(p, '/'); i >= 0 {
		return p[:i]
	}
	return "."
}

// baseOf returns the last element of a clean path.
func baseOf(p string) string { return p[strings.LastIndexByte(p, '/')+1:] }

func join(dir, name string) string {
	if dir == "." {
		return name
	}
	return dir + "/" + name
}

// clean returns the path of a name, whose ".." end at the root. It does not follow links.
func clean(name string) string {
	if p := path.Clean("/" + name)[1:]; p != "" {
		return p
	}
	return "."
}
