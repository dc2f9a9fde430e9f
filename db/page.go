package db

import (
	"crypto/sha256"
	"slices"
	"sort"
)

// A page is a part of the index. It describes the blocks of a run.
type page struct {
	blocks []indexEntry
	filter filter // filter of the packages in these blocks
	next   *name  // the first package after them; nil for the last page
}

// An indexEntry describes one block of advisories.
type indexEntry struct {
	piece
	first              name // package
	continues          bool // that package begins in the block before
	advisories, ranges int
}

// Sizes of pages, in blocks. Small pages make lookups of a few packages cheap, and large ones make the root small.
const (
	pageMin      = 16
	pageMax      = 64
	pageCutOneIn = 16 // one block in pageCutOneIn may begin a page
)

// wantsPage reports whether a page of n blocks should end before a block that begins with another package, which has the hash. Like the boundaries
// of blocks, those of pages depend on the data.
func wantsPage(n int, hash uint64) bool {
	return n >= pageMax || n >= pageMin && hash>>32%pageCutOneIn == 0
}

const flagContinues = 1

func (p *page) append(b []byte) []byte {
	b = appendUint(b, uint64(len(p.blocks)))
	b = appendPieces(b, p.blocks, func(e *indexEntry) *piece { return &e.piece })
	b = column(b, p.blocks, func(b []byte, e indexEntry) []byte { return appendUint(b, uint64(e.advisories)) })
	b = column(b, p.blocks, func(b []byte, e indexEntry) []byte { return appendUint(b, uint64(e.ranges)) })
	b = column(b, p.blocks, func(b []byte, e indexEntry) []byte { return append(b, flag(e.continues, flagContinues)) })
	b = appendFirsts(b, p.blocks, func(e *indexEntry) *name { return &e.first })
	b = appendUint(b, uint64(len(p.filter)))
	return append(b, p.filter...)
}

// parsePage parses a page, which must agree with its entry.
func parsePage(b []byte, e *pageEntry) (*page, error) {
	s := &scanner{b: b}
	p := &page{blocks: make([]indexEntry, s.count(11+sha256.Size))}
	readPieces(s, p.blocks, func(e *indexEntry) *piece { return &e.piece })
	for i := range p.blocks {
		p.blocks[i].advisories = s.size()
	}
	for i := range p.blocks {
		p.blocks[i].ranges = s.size()
	}
	for i := range p.blocks {
		p.blocks[i].continues = s.below(2) == flagContinues
	}
	readFirsts(s, p.blocks, func(e *indexEntry) (*name, bool) { return &e.first, e.continues })
	p.filter = slices.Clone(s.bytes(s.uint()))
	if err := s.end(); err != nil {
		return nil, err
	}
	got := pageEntry{piece: e.piece, run: run{start: e.start, blocks: len(p.blocks)}, first: e.first}
	for i := range p.blocks {
		b := &p.blocks[i]
		b.offset = e.start + got.bytes
		got.bytes += int64(b.stored)
		got.advisories += b.advisories
		got.ranges += b.ranges
	}
	if len(p.blocks) > 0 {
		got.first = p.blocks[0].first
	}
	if got != *e || len(p.blocks) == 0 {
		return nil, errMisplaced
	}
	return p, nil
}

// belongs reports whether the packages of b are sorted and belong into block i of the page.
func (p *page) belongs(b *block, i int) bool {
	e := &p.blocks[i]
	prev := e.first
	for j := range b.packages.name {
		this := b.name(j)
		if c := prev.compare(this); c > 0 || (c == 0) != (j == 0) || !p.filter.mayHold(this) {
			return false
		}
		prev = this
	}
	if i+1 < len(p.blocks) {
		next := &p.blocks[i+1]
		if c := next.first.compare(prev); c < 0 || (c == 0) != next.continues {
			return false
		}
	} else if p.next != nil && p.next.compare(prev) <= 0 {
		return false
	}
	return len(b.packages.name) > 0
}

// find returns the range of blocks that may hold a package: the first block and the one after the last.
func (p *page) find(want name) (first, end int) {
	end = sort.Search(len(p.blocks), func(i int) bool { return p.blocks[i].first.compare(want) > 0 })
	if end == 0 {
		return 0, 0
	}
	first = end - 1
	for p.blocks[first].continues && p.blocks[first].first == want {
		first-- // ends at the latest at the first block, which does not continue a package
	}
	return first, end
}

// An enrichmentPage is a part of the index. It describes the blocks of enrichments of a run.
type enrichmentPage struct {
	blocks []enrichmentEntry
	next   *enrichmentPageEntry // the page after it; nil for the last page
	feed   string
}

// An enrichmentEntry describes one block of enrichments.
type enrichmentEntry struct {
	piece
	first cve
	rows  int
}

func (p *enrichmentPage) append(b []byte) []byte {
	b = appendUint(b, uint64(len(p.blocks)))
	b = appendPieces(b, p.blocks, func(e *enrichmentEntry) *piece { return &e.piece })
	b = column(b, p.blocks, func(b []byte, e enrichmentEntry) []byte { return appendUint(b, uint64(e.rows)) })
	return appendCVEs(b, p.blocks, func(e *enrichmentEntry) cve { return e.first })
}

// parseEnrichmentPage parses a page of enrichments, which must agree with its entry.
func parseEnrichmentPage(b []byte, e *enrichmentPageEntry) (*enrichmentPage, error) {
	s := &scanner{b: b}
	p := &enrichmentPage{feed: e.feed, blocks: make([]enrichmentEntry, s.count(5+sha256.Size))}
	readPieces(s, p.blocks, func(e *enrichmentEntry) *piece { return &e.piece })
	for i := range p.blocks {
		p.blocks[i].rows = s.size()
	}
	readCVEs(s, p.blocks, func(e *enrichmentEntry) *cve { return &e.first })
	if err := s.end(); err != nil {
		return nil, err
	}
	got := enrichmentPageEntry{piece: e.piece, run: run{start: e.start, blocks: len(p.blocks)}, feed: e.feed, first: e.first}
	for i := range p.blocks {
		b := &p.blocks[i]
		b.offset = e.start + got.bytes
		got.bytes += int64(b.stored)
		got.rows += b.rows
		if i > 0 && b.first <= p.blocks[i-1].first {
			return nil, errValue
		}
	}
	if len(p.blocks) > 0 {
		got.first = p.blocks[0].first
	}
	if got != *e || len(p.blocks) == 0 {
		return nil, errMisplaced
	}
	return p, nil
}

// belongs reports whether the enrichments of b belong into block i of the page.
func (p *enrichmentPage) belongs(b *enrichmentBlock, i int) bool {
	e := &p.blocks[i]
	if len(b.cves) != e.rows || e.rows == 0 || b.cves[0] != e.first {
		return false
	}
	last := b.cves[e.rows-1]
	if i+1 < len(p.blocks) {
		return p.blocks[i+1].first > last
	}
	return p.next == nil || p.next.compare(p.feed, last) > 0
}

// find returns the block that may hold an identifier, or -1.
func (p *enrichmentPage) find(c cve) int {
	return sort.Search(len(p.blocks), func(i int) bool { return p.blocks[i].first > c }) - 1
}
