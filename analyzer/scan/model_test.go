package scan_test

import (
	"errors"
	"path"
	"slices"
	"strings"
)

// A model is a file system in memory to which layers are applied as containerd applies them (Apply in
// github.com/containerd/containerd/v2/pkg/archive): entry by entry, with the operations of an operating system. It shares nothing with the
// merge, which never has a file system.
type model struct {
	root     *modelNode
	unpacked map[string]bool // places of the entries of the current layer
	spared   []string        // content of files that a whiteout of their own layer removed
	own      map[*modelFile]bool

	mark, first int  // numbers of the current entry, and of the first of its layer
	unclear     bool // a whiteout has removed an entry of its own layer
}

type modelNode struct {
	target   string     // of a symbolic link
	file     *modelFile // shared by hard links
	mark     int        // 1 + the number of the last entry for the node
	children map[string]*modelNode
}

type modelFile struct {
	content string
	mark    int // of its entry, or of the last hard link, which sets the owner
}

var errModel = errors.New("cannot be unpacked")

func newModel() *model { return &model{root: &modelNode{children: map[string]*modelNode{}}} }

func (n *modelNode) clone(files map[*modelFile]*modelFile) *modelNode {
	c := &modelNode{target: n.target, file: n.file, mark: n.mark}
	if n.children != nil {
		c.children = make(map[string]*modelNode)
		for name, child := range n.children {
			c.children[name] = child.clone(files)
		}
	}
	return c
}

func (m *model) clone() *model {
	c := *m
	c.root = m.root.clone(nil)
	c.unpacked, c.own = make(map[string]bool), make(map[*modelFile]bool)
	for p := range m.unpacked {
		c.unpacked[p] = true
	}
	for f := range m.own {
		c.own[f] = true
	}
	c.spared = slices.Clone(m.spared)
	return &c
}

// lstat returns the node at a path like "/a/b" as the kernel does, or nil. The root is no root to the kernel: an absolute link in the
// middle leads to the host, which has nothing there.
func (m *model) lstat(p string) *modelNode {
	stack := []*modelNode{m.root}
	elements := strings.Split(strings.Trim(p, "/"), "/")
	if p == "/" {
		return m.root
	}
	for steps := 0; len(elements) > 0; {
		e := elements[0]
		elements = elements[1:]
		dir := stack[len(stack)-1]
		switch {
		case e == "" || e == ".":
			continue
		case e == "..":
			if len(stack) == 1 {
				return nil // the host
			}
			stack = stack[:len(stack)-1]
			continue
		case dir.children == nil:
			return nil
		}
		child := dir.children[e]
		if child == nil {
			return nil
		}
		if child.target != "" && len(elements) > 0 {
			if steps++; steps > 40 || strings.HasPrefix(child.target, "/") {
				return nil
			}
			elements = append(strings.Split(child.target, "/"), elements...)
			continue
		}
		stack = append(stack, child)
	}
	return stack[len(stack)-1]
}

// rootPath is the place of a name within the root: links are followed round by round, each to the joined text of its target.
func (m *model) rootPath(p string) (string, error) {
	for links := 0; ; {
		before := links
		next, err := m.round(p, &links)
		if err != nil {
			return "", err
		}
		if len(next) > 200 { // a loop that grows: it would fail slowly
			return "", errModel
		}
		if p = path.Join("/", next); links == before {
			return p, nil
		}
	}
}

func (m *model) round(p string, links *int) (string, error) {
	p = path.Join("/", p)
	if p == "/" {
		return p, nil
	}
	dir, err := m.round(path.Dir(p), links)
	if err != nil {
		return "", err
	}
	at := path.Join("/", dir, path.Base(p))
	n := m.lstat(at)
	if n == nil || n.target == "" {
		return at, nil
	}
	if *links++; *links > 255 {
		return "", errModel
	}
	if strings.HasPrefix(n.target, "/") {
		return n.target, nil
	}
	return path.Join(dir, n.target), nil
}

// remove removes the node at a place whose directory has no links.
func (m *model) remove(p string) {
	if dir := m.lstat(path.Dir(p)); dir != nil && dir.children != nil {
		if n := dir.children[path.Base(p)]; n != nil {
			m.spare(n)
		}
		delete(dir.children, path.Base(p))
	}
}

func (m *model) spare(n *modelNode) {
	if n.file != nil && m.own[n.file] {
		m.spared = append(m.spared, n.file.content)
	}
	for _, c := range n.children {
		m.spare(c)
	}
}

// directories makes a directory and those above it.
func (m *model) directories(p string) (*modelNode, error) {
	n := m.root
	for e := range strings.SplitSeq(strings.Trim(p, "/"), "/") {
		if e == "" {
			continue
		}
		if n.children == nil {
			return nil, errModel
		}
		child := n.children[e]
		if child == nil {
			child = &modelNode{children: map[string]*modelNode{}}
			n.children[e] = child
		}
		n = child
	}
	if n.children == nil {
		return nil, errModel
	}
	return n, nil
}

// apply applies one entry, or returns an error after which m must not be used.
func (m *model) apply(e oracleEntry) error {
	name := e.path
	if e.kind == "opaque" {
		name += "/"
	}
	parent, err := m.rootPath("/" + name[:strings.LastIndexByte(name, '/')+1])
	if err != nil {
		return err
	}
	dir, err := m.directories(parent)
	if err != nil {
		return err
	}
	base := path.Base(e.path)
	at := path.Join(parent, base)
	switch e.kind {
	case "whiteout":
		m.unclear = m.unclear || m.marked(dir.children[base])
		m.remove(at)
		return nil
	case "opaque":
		m.hide(parent, dir)
		return nil
	}
	if old := dir.children[base]; old != nil && (old.children == nil || e.kind != "dir") {
		m.remove(at)
		old = nil
	}
	n := new(modelNode)
	switch e.kind {
	case "dir":
		if n = dir.children[base]; n == nil {
			n = &modelNode{children: map[string]*modelNode{}}
		}
	case "symlink":
		n.target = e.content
	case "file":
		n.file = &modelFile{e.content, m.mark}
		m.own[n.file] = true
	case "hardlink":
		targetDir, err := m.rootPath("/" + e.content[:strings.LastIndexByte(e.content, '/')+1])
		if err != nil {
			return err
		}
		target := m.lstat(path.Join(targetDir, path.Base(e.content)))
		if target == nil || target.children != nil {
			return errModel
		}
		n.file, n.target = target.file, target.target
		if n.file != nil {
			n.file.mark = m.mark
		}
	}
	n.mark = m.mark
	dir.children[base] = n
	m.unpacked[at] = true
	return nil
}

// hide removes everything in a directory that no entry of the layer has put there.
func (m *model) hide(at string, dir *modelNode) {
	for name, c := range dir.children {
		p := path.Join(at, name)
		if !m.unpacked[p] {
			m.unclear = m.unclear || m.marked(c)
			m.spare(c)
			delete(dir.children, name)
		} else if c.children != nil {
			m.hide(p, c)
		}
	}
}

// marked reports whether a node, or one below it, has an entry of the current layer.
func (m *model) marked(n *modelNode) bool {
	if n == nil || n.mark >= m.first {
		return n != nil
	}
	for _, c := range n.children {
		if m.marked(c) {
			return true
		}
	}
	return false
}

// marks calls each for every node below a node that has an entry.
func (n *modelNode) marks(at string, each func(p string, n *modelNode)) {
	for name, c := range n.children {
		p := path.Join(at, name)
		if c.mark > 0 {
			each(p, c)
		}
		c.marks(p, each)
	}
}

func (m *model) begin() {
	m.first = m.mark + 1
	m.unpacked, m.own = make(map[string]bool), make(map[*modelFile]bool)
}

// files calls each for every file below a node.
func (n *modelNode) files(at string, each func(p, content string)) {
	for name, c := range n.children {
		p := path.Join(at, name)
		if c.file != nil {
			each(p, c.file.content)
		}
		c.files(p, each)
	}
}
