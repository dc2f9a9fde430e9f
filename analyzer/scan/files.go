package scan

import (
	"cmp"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/attribute"
)

// maxPaths is the most bytes of the paths of all entries in a list. Each pass over the list makes them, while the list shares what two paths in a
// row have in common. Real images have 100 MB for a million files.
const maxPaths = 1 << 30

// files returns the list of all entries of the merged image, or nil if no analyzer asks for it.
func (m *replay) files(report *analyzer.Report) (*analyzer.Files, error) {
	if !m.listing {
		return nil, nil
	}
	m.setOwners(report)
	l := lister{replay: m, components: report.Components}
	list := analyzer.FilesOf(l.each(&m.tree.root))
	return list, l.err
}

// setOwners sets the owners of the nodes.
func (m *replay) setOwners(report *analyzer.Report) {
	dir, at := "", (*node)(nil)
	eachOwned(report.Components, m.tree, func(string) bool { return true }, func(path string, i int) {
		if d := dirOf(path); d != dir || at == nil {
			dir, at = d, m.tree.find(d)
		}
		if at == nil {
			return
		}
		n := m.tree.child(at, baseOf(path))
		if n != nil && (n.owner == 0 || report.Components[i].ID < report.Components[n.owner-1].ID) {
			n.owner = int32(i + 1)
		}
	})
}

// A lister lists the nodes of a tree that have entries.
type lister struct {
	*replay
	components []analyzer.Component
	set, last  attribute.Set
	file       analyzer.ListedFile
	path       []byte    // path of the current node
	texts      [2][]byte // the paths that file had last, in turn: FilesOf keeps one
	entries    int
	paths      int64 // bytes of them
	copied     int64 // bytes that hard links copy from their files
	err        error
}

// each yields the entries at and below a node. The path of one is valid until the next but one.
func (l *lister) each(root *node) iter.Seq[*analyzer.ListedFile] {
	return func(yield func(*analyzer.ListedFile) bool) { l.walk(root, yield) }
}

func (l *lister) walk(n *node, yield func(*analyzer.ListedFile) bool) bool {
	if n.at.chunk > 0 {
		text := &l.texts[l.entries%2]
		if *text = append((*text)[:0], l.path...); len(*text) == 0 {
			*text = append(*text, '.')
		}
		if l.describe(n, unsafe.String(unsafe.SliceData(*text), len(*text))) && !(l.count() && yield(&l.file)) {
			return false
		}
	}
	children := make([]*node, 0, n.children)
	for c := n.first; c != nil; c = c.next {
		children = append(children, c)
	}
	slices.SortFunc(children, func(a, b *node) int { return strings.Compare(a.name, b.name) })
	size := len(l.path)
	for _, c := range children {
		if l.path = l.path[:size]; size > 0 {
			l.path = append(l.path, '/')
		}
		l.path = append(l.path, c.name...)
		if !l.walk(c, yield) {
			return false
		}
	}
	return true
}

// count adds the sizes of the entry, and returns false if a limit is exceeded.
func (l *lister) count() bool {
	l.entries++
	l.paths += int64(len(l.file.Path) + len(l.file.Link))
	if l.file.Link != "" {
		l.copied += int64(len(l.file.Link))
		for name, value := range l.file.Xattrs {
			l.copied += int64(len(name) + len(value))
		}
	}
	switch {
	case l.paths > maxPaths:
		l.err = &analyzer.LimitError{What: "bytes of paths in the list of files", Limit: maxPaths}
	case l.copied > l.limits.Names:
		l.err = &analyzer.LimitError{What: "bytes of names and attributes of hard links", Limit: l.limits.Names}
	case l.entries%4096 == 0:
		l.err = l.ctx.Err()
	}
	return l.err == nil
}

// describe sets l.file to the entry of a node. It returns false if the layer has no attributes for it.
func (l *lister) describe(n *node, path string) bool {
	at, link := n.at, ""
	f := cmp.Or(n.file, n.about)
	if f != nil && f.content != nil {
		f, at, link = f.content, f.content.at, f.content.path
	}
	if !l.get(at, &l.set) {
		return false
	}
	s := &l.set
	if f != nil && f.renamed != nil && l.get(f.renamed.at, &l.last) {
		rename(s, &l.last)
	}
	l.file = analyzer.ListedFile{
		Entry: analyzer.Entry{
			Mode: s.Mode, UID: s.UID, GID: s.GID, Size: s.Size, ModTime: time.Unix(s.Time, 0).UTC(), Major: s.Major, Minor: s.Minor, Xattrs: s.Xattrs,
			Target: n.link, Link: link,
		},
		Path: path, Layer: int(n.at.layer), Digests: l.file.Digests[:0],
	}
	if n.owner > 0 {
		l.file.Owner = l.components[n.owner-1].ID
	}
	if l.layerless {
		l.file.Layer = -1
	}
	for _, d := range s.Digests {
		l.file.Digests = append(l.file.Digests, analyzer.Digest(d))
	}
	l.addLate(n.file)
	return true
}

// get reads attributes into s.
func (l *lister) get(at attributeRef, s *attribute.Set) bool {
	return at.chunk > 0 && l.layers[at.layer].Attributes.get(at, s)
}

// rename applies the entry of a hard link to the attributes of its file. A runtime links, and then sets owner, attributes, mode and time as for
// any entry. A new owner removes the capabilities of a file.
func rename(s, link *attribute.Set) {
	s.Mode = s.Mode.Type() | link.Mode&^fs.ModeType
	s.UID, s.GID, s.Time = link.UID, link.GID, link.Time
	delete(s.Xattrs, "security.capability")
	if s.Xattrs == nil {
		s.Xattrs = link.Xattrs
		return
	}
	maps.Copy(s.Xattrs, link.Xattrs)
}
