package db

import (
	"slices"
	"strings"

	"github.com/hullmark/hullmark/matcher"
)

// An assembler writes the blocks of advisories of a new file, and makes its pages. It gets sorted rows, and blocks of an older file that have
// not changed. It copies such a block if it would write the same rows as one block, and otherwise adds the rows. So the new file is the one that
// a builder makes of all rows, unless another version of this package has made the older file.
type assembler struct {
	*fileWriter
	blocks *blockWriter // has the rows of the open block
	keeper *keeper      // adds rows of old blocks; nil without old blocks
	held   *copied      // is copied if the next row begins a block in the old file, too
	open   []written    // blocks of the open page
	pages  []storedPage // in the order of the file

	last      name // package of the last row in blocks
	continues bool // the open block, or the next one if none is open, begins within the package that ends the block before
}

// A copied block is a block of an older file.
type copied struct {
	written
	block  *block // if it is decoded
	stored []byte
	next   *indexEntry // the block after it in the older file; nil at the end
}

// A written block is a block of the open page.
type written struct {
	indexEntry
	hashes []uint64    // hashes of its packages, without one that it continues; nil if they are not known
	from   *storedPage // page in the older file; nil if the block is new
	i      int         // index of the block in from
}

// A storedPage is a page with its stored form.
type storedPage struct {
	*page
	pageEntry
	stored []byte
}

// prepareFor prepares for a row of package n, or for a block that begins with it. It ends the open block if a new one should begin here.
func (a *assembler) prepareFor(n name) error {
	if h := a.held; h != nil {
		a.held = nil
		if h.next != nil && h.next.first == n {
			a.continues = h.next.continues
			return a.copy(h)
		}
		if err := a.addBlock(h); err != nil {
			return err
		}
	}
	if len(a.blocks.rows) == 0 {
		return nil
	}
	same := a.last == n
	if !a.blocks.wantsCut(n, same) {
		return nil
	}
	err := a.flush()
	a.continues = same
	return err
}

// add adds a row, after before.
func (a *assembler) add(r row) {
	a.last = a.blocks.t.name(r)
	a.blocks.add(r)
}

// hold adds a block of the older file that has not changed.
func (a *assembler) hold(c *copied) error {
	if err := a.prepareFor(c.first); err != nil {
		return err
	}
	if len(a.blocks.rows) > 0 {
		return a.addBlock(c)
	}
	c.continues = a.continues
	a.held = c
	return nil
}

// addBlock adds the rows of a block of the older file.
func (a *assembler) addBlock(c *copied) error {
	b, err := a.keeper.decode(c)
	if err != nil {
		return err
	}
	for f := range b.all {
		if err := a.addOld(f); err != nil {
			return err
		}
	}
	return nil
}

// addOld adds a row of a block of the older file.
func (a *assembler) addOld(f found) error {
	if err := a.prepareFor(nameOf(f.key)); err != nil {
		return err
	}
	r, err := a.keeper.row(f)
	if err != nil {
		return err
	}
	a.add(r)
	return nil
}

// addNew adds an advisory that is not in the tables of blocks.
func (a *assembler) addNew(m *matcher.Advisory) error {
	if err := a.prepareFor(nameOf(m.Key)); err != nil {
		return err
	}
	a.add(a.blocks.t.row(m))
	return nil
}

// copy writes a block of the older file.
func (a *assembler) copy(c *copied) error {
	if c.block != nil {
		c.hashes = c.block.hashes(c.continues)
	}
	if err := a.place(&c.written); err != nil {
		return err
	}
	a.open = append(a.open, c.written)
	_, err := a.out.Write(c.stored)
	return err
}

// flush writes the open block.
func (a *assembler) flush() error {
	w := written{
		indexEntry: indexEntry{
			first: a.blocks.t.name(a.blocks.rows[0]).clone(), continues: a.continues,
			advisories: len(a.blocks.rows), ranges: a.blocks.ranges,
		},
		hashes: a.blocks.hashes(a.continues),
	}
	if err := a.place(&w); err != nil {
		return err
	}
	var err error
	w.piece, err = a.put(a.blocks.encode())
	a.open = append(a.open, w)
	if a.keeper != nil {
		a.keeper.trim()
	}
	return err
}

// place closes the open page if a block belongs to the next one.
func (a *assembler) place(w *written) error {
	if n := len(a.open); n == 0 || w.continues || !wantsPage(n, w.first.hash()) {
		return nil
	}
	return a.closePage()
}

// finish writes the last block, and returns all pages.
func (a *assembler) finish() ([]storedPage, error) {
	if h := a.held; h != nil {
		a.held = nil
		if err := a.copy(h); err != nil {
			return nil, err
		}
	}
	if len(a.blocks.rows) > 0 {
		if err := a.flush(); err != nil {
			return nil, err
		}
	}
	if len(a.open) > 0 {
		if err := a.closePage(); err != nil {
			return nil, err
		}
	}
	return a.pages, nil
}

// closePage makes a page of the blocks of the open one. If they are the blocks of a page of the older file, it takes that page.
func (a *assembler) closePage() error {
	open := a.open
	a.open = open[:0]
	e := pageEntry{first: open[0].first, run: run{blocks: len(open)}}
	p := page{}
	for i := range open {
		b := &open[i].indexEntry
		e.bytes += int64(b.stored)
		e.advisories += b.advisories
		e.ranges += b.ranges
		p.blocks = append(p.blocks, *b)
	}
	if from := open[0].from; from != nil && isPage(open, from) {
		e.piece = from.piece
		a.pages = append(a.pages, storedPage{pageEntry: e, stored: from.stored})
		return nil
	}
	var hashes []uint64
	for i := range open {
		w := &open[i]
		if w.hashes == nil {
			b, err := a.keeper.reread(w)
			if err != nil {
				return err
			}
			w.hashes = b.hashes(w.continues)
		}
		hashes = append(hashes, w.hashes...)
	}
	p.filter = newFilter(hashes)
	piece, stored := a.encode(p.append(nil))
	e.piece = piece
	a.pages = append(a.pages, storedPage{pageEntry: e, stored: slices.Clone(stored)})
	return nil
}

// isPage reports whether blocks are those of a page of the older file.
func isPage(blocks []written, from *storedPage) bool {
	for i := range blocks {
		if w := &blocks[i]; w.from != from || w.continues != from.page.blocks[i].continues {
			return false
		}
	}
	return len(blocks) == len(from.page.blocks)
}

// hashes returns the hashes of the packages of the collected rows, or of those after the first.
func (w *blockWriter) hashes(withoutFirst bool) []uint64 {
	hashes := []uint64{}
	for i, r := range w.rows {
		if i == 0 && !withoutFirst || i > 0 && !samePackage(w.rows[i-1], r) {
			hashes = append(hashes, w.t.name(r).hash())
		}
	}
	return hashes
}

// hashes returns the hashes of the packages of a block, or of those after the first.
func (b *block) hashes(withoutFirst bool) []uint64 {
	hashes := make([]uint64, 0, len(b.packages.name))
	for i := range b.packages.name {
		if i > 0 || !withoutFirst {
			hashes = append(hashes, b.name(i).hash())
		}
	}
	return hashes
}

func (n name) clone() name {
	return name{strings.Clone(n.typ), strings.Clone(n.namespace), strings.Clone(n.name)}
}
