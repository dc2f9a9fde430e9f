package db

import (
	"context"
	"fmt"
	"slices"

	"github.com/hullmark/hullmark/matcher"
)

// An enrichmentAssembler writes the blocks of enrichments of a new file, and makes its pages. It works like an assembler.
type enrichmentAssembler struct {
	*fileWriter
	blocks *enrichmentWriter // has the rows of the open block
	keeper *keeper           // adds rows of old blocks; nil without old blocks
	held   *copiedEnrichments
	pages  []enrichmentPage // in the order of the file; the last one is open
}

// A copiedEnrichments is a block of an older file.
type copiedEnrichments struct {
	at     enrichmentPlace
	stored []byte
	block  *enrichmentBlock // if it is decoded
	next   cve              // first identifier of the next block of the feed; 0 at the end
}

// prepareFor prepares for a row, or for a block that begins with it. It ends the open block if a new one should begin here.
func (a *enrichmentAssembler) prepareFor(feed string, c cve) error {
	if h := a.held; h != nil {
		a.held = nil
		if feed != h.at.feed || c == h.next {
			return a.place(h.at.feed, *h.at.entry(), h.stored)
		}
		if err := a.addBlock(h); err != nil {
			return err
		}
	}
	if a.blocks.wantsCut(feed, c) {
		return a.flush()
	}
	return nil
}

// hold adds a block of the older file that has not changed.
func (a *enrichmentAssembler) hold(c *copiedEnrichments) error {
	if err := a.prepareFor(c.at.feed, c.at.entry().first); err != nil {
		return err
	}
	if len(a.blocks.rows) > 0 {
		return a.addBlock(c)
	}
	a.held = c
	return nil
}

// addBlock adds the rows of a block of the older file.
func (a *enrichmentAssembler) addBlock(c *copiedEnrichments) error {
	if err := a.keeper.decodeEnrichments(c); err != nil {
		return err
	}
	for i, id := range c.block.cves {
		if err := a.addNew(c.at.feed, id, c.block.enrichment(i, nil)); err != nil {
			return err
		}
	}
	return nil
}

// addNew adds an enrichment that is not in the tables of blocks.
func (a *enrichmentAssembler) addNew(feed string, id cve, e matcher.Enrichment) error {
	if err := a.prepareFor(feed, id); err != nil {
		return err
	}
	if a.keeper.Facts {
		e.Title = ""
	}
	r := a.blocks.t.enrichment(feed, id, e)
	a.blocks.add(&r)
	return nil
}

// flush writes the open block.
func (a *enrichmentAssembler) flush() error {
	first := a.blocks.rows[0]
	feed := a.blocks.t.strings.items[first.feed]
	e := enrichmentEntry{first: first.cve, rows: len(a.blocks.rows)}
	var stored []byte
	e.piece, stored = a.encode(a.blocks.encode())
	if a.keeper != nil {
		a.keeper.trim()
	}
	return a.place(feed, e, stored)
}

// place writes a block and adds it to the open page, or to a new one.
func (a *enrichmentAssembler) place(feed string, e enrichmentEntry, stored []byte) error {
	if n := len(a.pages) - 1; n < 0 || a.pages[n].feed != feed || wantsPage(len(a.pages[n].blocks), uint64(e.first)*0x9e3779b97f4a7c15) {
		a.pages = append(a.pages, enrichmentPage{feed: feed})
	}
	p := &a.pages[len(a.pages)-1]
	p.blocks = append(p.blocks, e)
	_, err := a.out.Write(stored)
	return err
}

// finish writes the last block, and returns all pages.
func (a *enrichmentAssembler) finish() ([]enrichmentPage, error) {
	if h := a.held; h != nil {
		a.held = nil
		if err := a.place(h.at.feed, *h.at.entry(), h.stored); err != nil {
			return nil, err
		}
	}
	if len(a.blocks.rows) > 0 {
		if err := a.flush(); err != nil {
			return nil, err
		}
	}
	return a.pages, nil
}

// enrichments passes the enrichments of the older database that stay, and the new ones, to a.
func (k *keeper) enrichments(ctx context.Context, a *enrichmentAssembler) error {
	announce := k.old.announce(ctx)
	fresh := &freshEnrichments{k.Builder.t.strings.items, k.Builder.enrichments}
	for i := range k.old.root.enrichments {
		e := &k.old.root.enrichments[i]
		var parts []*keptPart
		for _, p := range k.parts {
			if p.Feed == e.feed && p.Enrichments {
				parts = append(parts, p)
			}
		}
		if len(parts) == 0 {
			continue
		}
		p, err := k.old.enrichmentPage(i)
		if err == nil {
			err = announce(e.run)
		}
		if err != nil {
			return err
		}
		parts = slices.DeleteFunc(parts, func(p *keptPart) bool { return p.Changed == nil })
		for j := range p.blocks {
			if err := k.enrichmentBlock(a, fresh, enrichmentPlace{p, j}, parts); err != nil {
				return err
			}
		}
	}
	return k.addEnrichments(a, fresh, func(string, cve) bool { return true })
}

// enrichmentBlock passes the rows of a block, and the new rows before the last of them, to a. The parts are those with changes.
func (k *keeper) enrichmentBlock(a *enrichmentAssembler, fresh *freshEnrichments, at enrichmentPlace, parts []*keptPart) error {
	e := at.entry()
	c := &copiedEnrichments{at: at, stored: make([]byte, e.stored)}
	if err := k.old.readStored(&e.piece, c.stored); err != nil {
		return fmt.Errorf("db: block of enrichments at %d: %w", e.offset, err)
	}
	if at.i+1 < len(at.blocks) {
		c.next = at.blocks[at.i+1].first
	} else if at.next != nil && at.next.feed == at.feed {
		c.next = at.next.first
	}
	before := func(id cve) error {
		return k.addEnrichments(a, fresh, func(feed string, c cve) bool { return feed < at.feed || feed == at.feed && c < id })
	}
	if err := before(e.first); err != nil {
		return err
	}
	if within := fresh.next(at.feed); len(parts) == 0 && !k.Facts && (within == 0 || c.next != 0 && within >= c.next) {
		return a.hold(c)
	}
	if err := k.decodeEnrichments(c); err != nil {
		return err
	}
	ids := c.block.cves
	gone := k.goneEnrichments(c.block, parts)
	changes := slices.Contains(gone, true) || k.Facts && slices.ContainsFunc(c.block.titles, func(s uint32) bool { return c.block.str(s) != "" })
	if within := fresh.next(at.feed); !changes && (within == 0 || within > ids[len(ids)-1]) {
		return a.hold(c)
	}
	for i, id := range ids {
		if err := before(id); err != nil {
			return err
		}
		if gone[i] {
			continue
		}
		old := c.block.enrichment(i, nil)
		if fresh.next(at.feed) == id {
			old = mergeEnrichments(old, k.Builder.t.enrichmentOf(&fresh.rows[0]))
			fresh.rows = fresh.rows[1:]
		}
		if err := a.addNew(at.feed, id, old); err != nil {
			return err
		}
	}
	return nil
}

// goneEnrichments returns which rows of a block do not stay.
func (k *keeper) goneEnrichments(b *enrichmentBlock, parts []*keptPart) []bool {
	gone := make([]bool, len(b.cves))
	for _, p := range parts {
		for i, c := range b.cves {
			if id := c.String(); p.Changed(id) {
				gone[i] = true
				p.gone[id] = true
			}
		}
	}
	return gone
}

// addEnrichments passes the next new rows for which before returns true to a.
func (k *keeper) addEnrichments(a *enrichmentAssembler, fresh *freshEnrichments, before func(feed string, c cve) bool) error {
	for len(fresh.rows) > 0 {
		r := &fresh.rows[0]
		feed := fresh.strings[r.feed]
		if !before(feed, r.cve) {
			break
		}
		if err := a.addNew(feed, r.cve, k.Builder.t.enrichmentOf(r)); err != nil {
			return err
		}
		fresh.rows = fresh.rows[1:]
	}
	return nil
}

// A freshEnrichments is the sorted enrichments of a builder that have not been written.
type freshEnrichments struct {
	strings []string
	rows    []enrichmentRow
}

// next returns the identifier of the next row, or 0 if that is of another feed or does not exist.
func (r *freshEnrichments) next(feed string) cve {
	if len(r.rows) == 0 || r.strings[r.rows[0].feed] != feed {
		return 0
	}
	return r.rows[0].cve
}

// decodeEnrichments decodes a block, if it is not decoded.
func (k *keeper) decodeEnrichments(c *copiedEnrichments) error {
	if c.block != nil {
		return nil
	}
	b := new(enrichmentBlock)
	e := c.at.entry()
	err := k.old.rawOf(&e.piece, c.stored, b.parse)
	if err == nil && !c.at.belongs(b, c.at.i) {
		err = fmt.Errorf("%w: %w", ErrCorrupt, errMisplaced)
	}
	if err != nil {
		return fmt.Errorf("db: block of enrichments at %d: %w", e.offset, err)
	}
	c.block = b
	return nil
}
