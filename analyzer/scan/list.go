package scan

import (
	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/attribute"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
)

// attributes are those of all entries of a layer, in the order of the journal, for Report.Files. Whiteouts have no attributes.
type attributes struct {
	Chunks []string
}

func (a *attributes) size() (n int64) {
	for _, c := range a.Chunks {
		n += int64(len(c))
	}
	return n
}

// An attributeWriter makes the attributes of a layer.
type attributeWriter struct {
	attributes
	size   int64
	chunk  []byte
	before int64
	set    attribute.Set
}

// add adds the attributes of the next entry of the journal.
func (w *attributeWriter) add(e *walk.Entry, digests []attribute.Digest) {
	about := e.Describe()
	w.set = attribute.Set{
		Mode: about.Mode, UID: about.UID, GID: about.GID, Size: about.Size, Time: about.ModTime.Unix(), Major: about.Major, Minor: about.Minor,
		Xattrs: about.Xattrs, Digests: digests,
	}
	was := len(w.chunk)
	w.chunk = append(w.chunk, 1)
	w.chunk = attribute.Append(w.chunk, &w.set, w.before)
	w.before = w.set.Time
	w.added(was)
}

// skip passes over an entry without attributes.
func (w *attributeWriter) skip() {
	was := len(w.chunk)
	w.chunk = append(w.chunk, 0)
	w.added(was)
}

func (w *attributeWriter) added(was int) {
	w.size += int64(len(w.chunk) - was)
	if len(w.chunk) >= journalChunk {
		w.close()
	}
}

func (w *attributeWriter) close() {
	if len(w.chunk) > 0 {
		w.Chunks = append(w.Chunks, string(w.chunk))
		w.chunk, w.before = w.chunk[:0], 0
	}
}

func (w *attributeWriter) finish() attributes {
	w.close()
	return w.attributes
}

// An attributeReader reads the attributes of a layer in order.
type attributeReader struct {
	chunks []string
	chunk  int32 // number of the current one, counted from 1
	r      attribute.Reader
	before int64
}

// An attributeRef is where the attributes of an entry begin, and the time that theirs differs from. The zero value stands for none.
type attributeRef struct {
	before               int64
	layer, chunk, offset int32
}

// at returns where the attributes of the next entry are.
func (a *attributeReader) at(layer int) attributeRef {
	a.open()
	if a.chunk == 0 {
		return attributeRef{}
	}
	return attributeRef{a.before, int32(layer), a.chunk, int32(len(a.chunks[a.chunk-1]) - len(a.r.Rest))}
}

// open goes to the next chunk at the end of one.
func (a *attributeReader) open() {
	if a.r.Rest == "" && int(a.chunk) < len(a.chunks) {
		a.r.Rest, a.before = a.chunks[a.chunk], 0
		a.chunk++
	}
}

// get reads the attributes at a place into s. It returns false if the place has no attributes.
func (a *attributes) get(at attributeRef, s *attribute.Set) bool {
	if at.chunk == 0 {
		return false
	}
	r := attributeReader{r: attribute.Reader{Rest: a.Chunks[at.chunk-1][at.offset:]}, before: at.before}
	return r.next(s)
}

// next reads the attributes of the next entry into s. It returns false for an entry without attributes.
func (a *attributeReader) next(s *attribute.Set) bool {
	a.open()
	if a.r.Uint() == 0 {
		return false
	}
	a.r.Set(s, a.before)
	a.before = s.Time
	return !a.r.Bad
}

// check returns an error if the attributes, which come from a cache, are not those of a number of entries.
func (a *attributes) check(entries int) error {
	r := attributeReader{chunks: a.Chunks, r: attribute.Reader{NoXattrs: true}}
	var s attribute.Set
	for range entries {
		r.next(&s)
	}
	if r.r.Bad || r.r.Rest != "" || int(r.chunk) < len(r.chunks) {
		return errJournal
	}
	return nil
}

// list keeps the attributes of an entry that is not a regular file.
func (c *collector) list(e *walk.Entry) {
	switch {
	case !c.listing:
	case e.Kind == walk.Whiteout || e.Kind == walk.Opaque:
		c.attributes.skip()
	default:
		c.observe(e.Path)
		c.attributes.add(e, nil)
	}
}

// observe notes that an entry shows for which analyzers digests matter.
func (c *collector) observe(path string) {
	if c.evidence == nil {
		return
	}
	c.found = c.evidence.Find(path, c.found[:0])
	for _, i := range c.found {
		if c.hashing.evident == nil {
			c.hashing.evident = make(map[int]bool)
		}
		c.hashing.evident[i] = true
	}
}

// listFile lets read handle the content of a file, and keeps the attributes of the file, with the digests that analyzers want. A lazy scan does
// not compute digests, because it reads few files.
func (c *collector) listFile(e *walk.Entry, read func(*walk.Entry) error) error {
	if !c.listing {
		return read(e)
	}
	digests := c.digested != nil && !c.lazily && len(c.algorithms(e.Path)) > 0
	if digests && e.Sparse && e.Size > c.limits.FileSize { // a hole may have any size
		c.problem(analyzer.TooLarge, e.Path, "the digests of a sparse file: "+tooLarge(e.Size, c.limits.FileSize))
		digests = false
	}
	if !digests {
		if err := read(e); err != nil {
			return err
		}
		c.attributes.add(e, nil)
		return nil
	}
	if err := c.hashing.begin(e); err != nil {
		return err
	}
	content := e.Reader
	if err := read(e); err != nil {
		return err
	}
	if h, ok := content.(*hashed); ok {
		if err := h.finish(); err != nil {
			return err
		}
	}
	c.countHashed(c.hashing.asked, e.Size)
	c.attributes.add(e, c.hashing.sums())
	return nil
}
