package scan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/attribute"
)

// A replay applies the journals of the layers to a tree, in the order in which a runtime unpacks the layers. It gives each file the answers
// that its layer has for it, and collects the needs: files whose content must be read for an analyzer that did not see it, because links
// give it a name that the analyzer wants.
type replay struct {
	*run
	ctx     context.Context
	layers  []*layerData
	aliases *aliases        // see findAliases; may be nil
	linked  map[string]bool // base names of files to which wanted files may be hard links

	tree     *tree
	needs    []need
	moved    int64 // bytes of the paths of files in directories that links lead to
	problems []analyzer.FileDiagnostic
	refused  entryProblems // refused entries of the current layer

	above   above           // the directory that was entered last
	layer   int             // the current one
	entries attributeReader // attributes of the current layer
	passed  int             // their number
	answers []answerOf
	set     attribute.Set // reused
	groups  int           // since the context was checked
	steps   int           // of the tree, then
	found   []int
	before  []int
	more    bool // some answers are that the analyzer needs more of the file
}

// An above is the directory above another one. It is valid as long as the tree has the same number of changes.
type above struct {
	path    []byte
	node    *node
	changes int
}

// A need is a file that an analyzer must see under a name, while its content has another name in a layer.
type need struct {
	layer    int    // that has the content
	entry    int    // index in the journal
	raw      string // name of the entry
	analyzer int
	name     string
	file     *file // gets the answer
}

// An answerOf is the answer of an analyzer for an entry of a layer.
type answerOf struct {
	entry    int
	analyzer int
	*fileResult
}

// play applies all layers.
func (r *replay) play() error {
	r.tree = newTree()
	for i, d := range r.layers {
		r.layer, r.tree.layer, r.tree.gone = i, i, make(map[string]*file)
		r.answers = r.run.answers(d)
		r.entries, r.passed = attributeReader{chunks: d.Attributes.Chunks, r: attribute.Reader{NoXattrs: true}}, 0
		r.more = r.more || slices.ContainsFunc(r.answers, func(a answerOf) bool { return a.More })
		for _, p := range d.Problems {
			p.Layer = i
			r.problems = append(r.problems, p)
		}
		j := d.Journal.reader()
		for g := (group{}); j.next(&g); {
			if r.groups++; r.groups >= 1024 || r.tree.steps-r.steps > 100_000 {
				r.groups, r.steps = 0, r.tree.steps
				if err := r.ctx.Err(); err != nil {
					return err
				}
			}
			if err := r.group(&g, d.Opaque); err != nil {
				return err
			}
		}
		for _, p := range r.refused.all() {
			p.Layer = i
			r.problems = append(r.problems, p)
		}
		r.refused = entryProblems{}
	}
	return cmp.Or(r.ctx.Err(), r.tree.linkLimitError())
}

// group applies a group of a journal. With nodes, every directory that has an entry gets a node.
func (r *replay) group(g *group, nodes bool) error {
	own, answers := r.cutAnswers(g)
	nodes = nodes || len(own) > 0 || r.listing
	d, ok, err := r.enter(g, nodes)
	if err != nil {
		return err
	}
	if g.self && ok && d.node != nil {
		d.node.about = r.directoryAnswers(string(g.dir), d.path, g.first-1, own)
		r.listed(d.node, g.first-1, true)
	}
	if g.count == 0 {
		return nil
	}
	if d.node == nil && d.blocked == nil && !d.moved && !g.mixed && len(answers) == 0 && r.linked == nil && r.aliases == nil && !r.listing {
		return nil // nothing in the directory matters
	}
	d.raw = string(g.dir)
	if !d.moved {
		d.path = d.raw
	}
	changes := r.tree.changes
	for i := range g.count {
		if i%4096 == 4095 {
			if err := r.ctx.Err(); err != nil {
				return err
			}
		}
		if d.moved && changes != r.tree.changes { // an entry may have replaced the link
			raw := d.raw
			changes = r.tree.changes
			g.self = false
			if d, ok, err = r.enter(g, nodes); err != nil {
				return err
			}
			if d.raw = raw; !d.moved {
				d.path = raw
			}
		}
		if !ok {
			return nil
		}
		kind, name, target := g.entry()
		n := 0
		for n < len(answers) && answers[n].entry == g.first+i {
			n++
		}
		if err := r.entry(&d, g.first+i, kind, name, target, answers[:n]); err != nil {
			return err
		}
		answers = answers[n:]
	}
	return nil
}

// cutAnswers returns the answers for the directory of a group, and for its other entries.
func (r *replay) cutAnswers(g *group) (own, others []answerOf) {
	n, k := 0, 0
	for n < len(r.answers) && r.answers[n].entry < g.first+g.count {
		if n++; r.answers[n-1].entry < g.first {
			k++
		}
	}
	own, others = r.answers[:k], r.answers[k:n]
	r.answers = r.answers[n:]
	return own, others
}

// directoryAnswers returns the answers about a directory, or nil. An empty path is that of the directory in its layer.
func (r *replay) directoryAnswers(raw, path string, entry int, answers []answerOf) *file {
	if len(answers) == 0 {
		return nil
	}
	f := &file{path: cmp.Or(path, raw), raw: raw, layer: r.layer, entry: entry, directory: true}
	f.add(answers)
	return f
}

// add adds answers to those of f.
func (f *file) add(answers []answerOf) {
	for _, a := range answers {
		f.results = append(f.results, answer{analyzer: a.analyzer, fileResult: a.fileResult})
	}
}

// A directory is where the entries of a group belong.
type directory struct {
	raw   string // its name in the layer
	path  string // its place
	moved bool   // a link leads from raw to path
	node  *node  // nil until something in it matters

	blocked *node // a file in the way, which a directory replaces
}

// enter finds the place of the directory of a group, after the entry that the directory may have. It sets path only of a directory that a
// link moves. With nodes, a directory that has an entry gets a node. enter returns false for a loop of links.
func (r *replay) enter(g *group, nodes bool) (d directory, ok bool, err error) {
	n := &r.tree.root
	if string(g.dir) == "." {
		return directory{node: n}, true, nil
	}
	rest := unsafe.String(unsafe.SliceData(g.dir), len(g.dir))
	if known := r.above.path; len(known) < len(rest) && r.above.changes == r.tree.changes && rest[len(known)] == '/' && rest[:len(known)] == string(known) {
		n, rest = r.above.node, rest[len(known)+1:]
	}
	for {
		element, after, more := strings.Cut(rest, "/")
		if !more && n != r.above.node {
			r.above.path = append(r.above.path[:0], g.dir[:max(len(g.dir)-len(rest)-1, 0)]...)
			r.above.node, r.above.changes = n, r.tree.changes
		}
		rest = after
		parent := n
		switch n = r.tree.child(parent, element); {
		case n == nil && g.self && nodes && !more && parent.file == nil:
			if n, err = r.tree.add(parent, strings.Clone(element)); err != nil {
				return d, false, err
			}
			n.entry = int32(r.layer + 1)
		case n == nil && g.self && nodes:
			return r.enterMoved(g)
		case n == nil:
			return d, true, nil
		case !more && g.self:
			r.tree.directory(n)
			n.entry = int32(r.layer + 1)
		case n.link != "":
			return r.enterMoved(g)
		case n.file != nil || n.leaf:
			return directory{blocked: n}, true, nil
		}
		if !more {
			return directory{node: n}, true, nil
		}
	}
}

// enterMoved is enter for a directory to which a link leads, or that needs a node.
func (r *replay) enterMoved(g *group) (d directory, ok bool, err error) {
	raw := string(g.dir)
	if !g.self {
		d.moved = true
		if d.path, ok = r.tree.unpacked(raw); ok {
			d.node = r.tree.find(d.path)
		} else {
			r.refuse(raw, "it is reached through a loop of symbolic links")
		}
		return d, ok, nil
	}
	parent, ok := r.tree.unpacked(dirOf(raw))
	if !ok {
		r.refuse(raw, "its directory is reached through a loop of symbolic links")
		return d, false, nil
	}
	d.path = join(parent, baseOf(raw))
	if d.node, err = r.tree.make(d.path); err != nil {
		return d, false, err
	}
	r.tree.directory(d.node)
	d.node.entry = int32(r.layer + 1)
	d.moved = d.path != raw
	return d, true, nil
}

// entry applies an entry of a journal.
func (r *replay) entry(d *directory, number int, kind entryKind, name, target string, answers []answerOf) error {
	var old *node
	if d.node != nil {
		old = r.tree.child(d.node, name)
	}
	switch kind {
	case kindWhiteout:
		r.tree.hide(old)
		return nil
	case kindOpaque:
		if d.node != nil {
			r.tree.opaque(d.node)
		}
		return nil
	}
	if d.blocked != nil {
		r.tree.directory(d.blocked)
		d.blocked = nil
	}
	r.tree.remove(old)
	switch kind {
	case kindFile:
		if len(answers) == 0 && !d.moved && r.aliases == nil && !r.linked[name] { // as most files
			return r.listFile(d, name, number)
		}
		f := &file{layer: r.layer, entry: number, path: join(d.path, name)}
		if d.moved {
			f.raw = join(d.raw, name)
		}
		f.add(answers)
		if r.want(f, d.moved) || len(answers) > 0 || r.linked[name] {
			return r.place(d, name, f)
		}
		return r.listFile(d, name, number)
	case kindSymlink:
		n, err := r.node(d, name)
		if err != nil {
			return err
		}
		r.tree.link(n, target)
		n.about = r.special(d, name, number, answers)
		r.listed(n, number, false)
	case kindHardlink:
		return r.hardlink(d, name, target, number, answers)
	case kindOther:
		if len(answers) > 0 || r.listing {
			n, err := r.node(d, name)
			if err != nil {
				return err
			}
			n.about = r.special(d, name, number, answers)
			r.listed(n, number, false)
		}
	}
	return nil
}

// listFile adds a regular file that matters to the list of entries only.
func (r *replay) listFile(d *directory, name string, number int) error {
	if !r.listing {
		return nil
	}
	n, err := r.node(d, name)
	if err == nil {
		r.listed(n, number, false)
	}
	return err
}

// special returns the answers about a symbolic link or a device, or nil.
func (r *replay) special(d *directory, name string, entry int, answers []answerOf) *file {
	if len(answers) == 0 {
		return nil
	}
	f := &file{path: join(d.path, name), raw: join(d.raw, name), layer: r.layer, entry: entry}
	f.add(answers)
	return f
}

// node returns a new node in a directory.
func (r *replay) node(d *directory, name string) (n *node, err error) {
	if d.node == nil {
		if d.node, err = r.tree.make(d.path); err != nil {
			return nil, err
		}
	}
	r.tree.directory(d.node)
	if n, err = r.tree.add(d.node, name); err != nil {
		return nil, err
	}
	n.entry = int32(r.layer + 1)
	return n, nil
}

// place puts a file into a directory.
func (r *replay) place(d *directory, name string, f *file) error {
	n, err := r.node(d, name)
	if err != nil {
		return err
	}
	if f.raw != "" {
		if r.moved += int64(len(f.path)); r.moved > r.limits.Names {
			return &analyzer.LimitError{What: "bytes of names in directories that links lead to", Limit: r.limits.Names}
		}
	}
	n.file = f
	f.before = r.tree.gone[f.path]
	r.listed(n, f.entry, false)
	f.at = n.at
	return nil
}

// listed records the entry of a node, if the entries of the image are listed. The numbers of a layer's entries ascend.
func (r *replay) listed(n *node, number int, directory bool) {
	if !r.listing {
		return
	}
	for ; r.passed < number; r.passed++ {
		r.entries.next(&r.set)
	}
	n.at, n.leaf = r.entries.at(r.layer), !directory
}

// want collects the needs of a regular file that links have given a name other than its own, and reports whether there are any.
func (r *replay) want(f *file, moved bool) (wanted bool) {
	if moved && r.digested != nil { // see needDigests
		r.before = r.digested.Find(f.raw, r.before[:0])
		r.found = r.digested.Find(f.path, r.found[:0])
		wanted = slices.ContainsFunc(r.found, func(i int) bool { return !slices.Contains(r.before, i) })
	}
	if moved {
		r.before = r.wanted.Find(f.raw, r.before[:0])
		r.found = r.wanted.Find(f.path, r.found[:0])
		for _, i := range r.found {
			if !slices.Contains(r.before, i) {
				r.need(f, f, i, f.path)
				wanted = true
			}
		}
	}
	if r.aliases == nil {
		return wanted
	}
	r.before = r.wanted.Find(f.name(), r.before[:0])
	for _, a := range r.aliases.find(f.path) {
		if !slices.Contains(r.before, a.analyzer) {
			if !r.analyzers[a.analyzer].lists {
				r.need(f, f, a.analyzer, a.name(f.path))
			}
			wanted = true
		}
	}
	return wanted
}

// need records that an analyzer must see the content of a file under a name, for the sake of the file to.
func (r *replay) need(content, to *file, analyzer int, name string) {
	r.needs = append(r.needs, need{content.layer, content.entry, content.name(), analyzer, name, to})
}

// hardlink applies an entry that is another name for a file.
func (r *replay) hardlink(d *directory, name, target string, entry int, answers []answerOf) error {
	n := r.target(target)
	if n != nil && n.link != "" {
		n, err := r.symlink(d, name, n.link)
		if err == nil {
			n.about = r.special(d, name, entry, answers)
			r.listed(n, entry, false)
		}
		return err
	}
	p, raw := join(d.path, name), join(d.raw, name)
	if n != nil && n.file == nil && (n.leaf || n.about != nil && !n.about.directory) { // a device, FIFO or socket
		return r.linkSpecial(d, name, p, target, n, entry, answers)
	}
	r.found = r.wanted.Find(raw, r.found[:0])
	asked := len(r.found)
	if d.moved {
		r.found = r.wanted.Find(p, r.found)
	}
	if n == nil || n.file == nil {
		if r.listing || slices.ContainsFunc(r.found, func(i int) bool { return !r.analyzers[i].anyName }) {
			r.refuse(raw, fmt.Sprintf("a hard link to %s, which is not a file of the image", target))
		}
		if len(answers) == 0 { // no runtime unpacks the layer
			return nil
		}
		f := &file{layer: r.layer, entry: entry, path: p, raw: raw}
		f.add(answers)
		return r.place(d, name, f)
	}
	f := &file{layer: r.layer, entry: entry, path: p, raw: raw, content: n.file.origin()}
	f.add(answers)
	for k, i := range r.found {
		as := p
		if k < asked {
			as = raw
		}
		r.answerFor(f, i, as)
	}
	if r.aliases != nil {
		for _, a := range r.aliases.find(p) {
			if !slices.Contains(r.found, a.analyzer) && !r.analyzers[a.analyzer].lists {
				r.answerFor(f, a.analyzer, a.name(p))
			}
		}
	}
	f.content.renamed = f
	return r.place(d, name, f)
}

// linkSpecial applies a hard link to a device, FIFO or socket.
func (r *replay) linkSpecial(d *directory, name, path, target string, of *node, entry int, answers []answerOf) error {
	content := &file{path: target, at: of.at}
	if of.about != nil && of.about.content != nil {
		content = of.about.content
	}
	n, err := r.node(d, name)
	if err != nil {
		return err
	}
	r.listed(n, entry, false)
	n.about = &file{layer: r.layer, entry: entry, path: path, raw: join(d.raw, name), content: content, at: n.at}
	n.about.add(answers)
	content.renamed = n.about
	return nil
}

// answerFor gives a hard link the answer of an analyzer for the content, if the analyzer looks at content only and has seen it, or records
// the need.
func (r *replay) answerFor(f *file, i int, name string) {
	s := r.analyzers[i].streams
	if s != nil && !s.Wants(name) {
		return
	}
	r.before = r.wanted.Find(f.content.name(), r.before[:0])
	if !r.analyzers[i].info.ContentOnly || !slices.Contains(r.before, i) || s != nil && !s.Wants(f.content.name()) {
		r.need(f.content, f, i, name)
		return
	}
	for _, a := range f.content.results {
		if a.analyzer == i {
			f.results = append(f.results, answer{analyzer: i, fileResult: a.fileResult})
		}
	}
}

func (r *replay) symlink(d *directory, name, target string) (*node, error) {
	n, err := r.node(d, name)
	if err == nil {
		r.tree.link(n, target)
	}
	return n, err
}

// target returns the node of the target of a hard link, or nil.
func (r *replay) target(p string) *node {
	dir, ok := r.tree.unpacked(dirOf(p))
	if !ok {
		return nil
	}
	return r.tree.find(join(dir, baseOf(p)))
}

// keepWanted drops the answers for a file that a link has moved to where the analyzer does not want it.
func (r *replay) keepWanted(f *file) {
	if f.raw == "" || f.raw == f.path {
		return
	}
	r.found = r.wanted.Find(f.path, r.found[:0])
	if r.aliases != nil {
		for _, a := range r.aliases.find(f.path) {
			r.found = append(r.found, a.analyzer)
		}
	}
	f.results = slices.DeleteFunc(f.results, func(a answer) bool {
		of := &r.analyzers[a.analyzer]
		return !of.info.Entries && !of.lists && !slices.Contains(r.found, a.analyzer)
	})
}

func (r *replay) refuse(p, reason string) {
	r.refused.add(analyzer.Refused, p, reason)
}

// needMore records the needs of visible files that the scan must read again, because it did not keep the parts that analyzers want.
func (r *replay) needMore() {
	if !r.more {
		return
	}
	r.tree.root.each(func(f *file) {
		f.results = slices.DeleteFunc(f.results, func(a answer) bool {
			if a.More {
				r.need(f.origin(), f, a.analyzer, f.origin().name())
			}
			return a.More
		})
	})
}
