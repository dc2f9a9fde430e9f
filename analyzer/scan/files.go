package scan

import (
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/attribute"
)

// files returns the list of all entries of the merged image, or nil if no analyzer asks for it.
func (m *replay) files(report *analyzer.Report) *analyzer.Files {
	if !m.listing {
		return nil
	}
	m.own(report)
	l := lister{components: report.Components, layerless: m.layerless}
	known := make(map[*layerData][]packedSet)
	for _, d := range m.layers {
		sets, ok := known[d]
		if !ok {
			sets = unpack(&d.Attributes)
			known[d] = sets
		}
		l.layers = append(l.layers, sets)
	}
	return analyzer.FilesOf(l.each(&m.tree.root))
}

// own sets the owners of the nodes.
func (m *replay) own(report *analyzer.Report) {
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

// A packedSet is where the attributes of an entry begin, and the time that theirs differs from. It is empty without attributes.
type packedSet struct {
	rest   string
	before int64
}

// unpack finds the attributes of the entries of a layer.
func unpack(a *attributes) []packedSet {
	var list []packedSet
	r := attributeReader{chunks: a.Chunks}
	var s attribute.Set
	for r.r.Rest != "" || len(r.chunks) > 0 {
		if r.r.Rest == "" {
			r.r.Rest, r.chunks, r.before = r.chunks[0], r.chunks[1:], 0
		}
		at := packedSet{r.r.Rest, r.before}
		if !r.next(&s) {
			at = packedSet{}
		}
		list = append(list, at)
	}
	return list
}

// A lister lists the nodes of a tree that have entries.
type lister struct {
	components []analyzer.Component
	layerless  bool
	layers     [][]packedSet
	set        attribute.Set
	file       analyzer.ListedFile
}

// each yields the entries at and below a node.
func (l *lister) each(root *node) iter.Seq[*analyzer.ListedFile] {
	return func(yield func(*analyzer.ListedFile) bool) { l.walk(root, ".", yield) }
}

func (l *lister) walk(n *node, path string, yield func(*analyzer.ListedFile) bool) bool {
	if n.at.number > 0 && l.describe(n, path) && !yield(&l.file) {
		return false
	}
	children := make([]*node, 0, n.children)
	for c := n.first; c != nil; c = c.next {
		children = append(children, c)
	}
	slices.SortFunc(children, func(a, b *node) int { return strings.Compare(a.name, b.name) })
	for _, c := range children {
		if !l.walk(c, join(path, c.name), yield) {
			return false
		}
	}
	return true
}

// describe sets l.file to the entry of a node. It returns false if the layer has no attributes for it.
func (l *lister) describe(n *node, path string) bool {
	at := n.at
	if n.file != nil && n.file.content != nil {
		at = entryRef{int32(n.file.content.layer), int32(n.file.content.entry + 1)}
	}
	sets := l.layers[at.layer]
	if int(at.number) > len(sets) || sets[at.number-1].rest == "" {
		return false
	}
	r := attributeReader{r: attribute.Reader{Rest: sets[at.number-1].rest}, before: sets[at.number-1].before}
	if !r.next(&l.set) {
		return false
	}
	s := &l.set
	l.file = analyzer.ListedFile{
		Entry: analyzer.Entry{
			Mode: s.Mode, UID: s.UID, GID: s.GID, Size: s.Size, ModTime: time.Unix(s.Time, 0).UTC(), Major: s.Major, Minor: s.Minor, Xattrs: s.Xattrs,
			Target: n.link,
		},
		Path: path, Layer: int(n.at.layer), Digests: l.file.Digests[:0],
	}
	if n.owner > 0 {
		l.file.Owner = l.components[n.owner-1].ID
	}
	if l.layerless {
		l.file.Layer = -1
	}
	if n.file != nil && n.file.content != nil {
		l.file.Link = n.file.content.path
	}
	for _, d := range s.Digests {
		l.file.Digests = append(l.file.Digests, analyzer.Digest(d))
	}
	return true
}
