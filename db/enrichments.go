package db

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"

	"github.com/hullmark/hullmark/db/internal/prefetch"
	"github.com/hullmark/hullmark/matcher"
)

// Enrichments returns the joined enrichments of all feeds for CVE identifiers. It implements [matcher.Enricher].
//
// It reads the blocks that may hold one of the identifiers, several at a time. The results share no memory with blocks.
func (d *DB) Enrichments(ctx context.Context, cves []string) (map[string]matcher.Enrichment, error) {
	wanted, err := d.planEnrichments(ctx, cves)
	if err != nil {
		return nil, err
	}
	out := make(map[string]matcher.Enrichment)
	var text copier
	for r, got := range ahead(ctx, d, wanted, func(r enrichmentRequest) (*enrichmentBlock, error) { return d.enrichmentBlock(r.enrichmentPlace) }) {
		if got.err != nil {
			return nil, got.err
		}
		for _, c := range r.cves {
			if row := got.block.find(c); row >= 0 {
				id := c.String()
				out[id] = mergeEnrichments(out[id], got.block.enrichment(row, &text))
			}
		}
	}
	return out, nil
}

// An enrichmentRequest is a block of enrichments and the identifiers that it may hold.
type enrichmentRequest struct {
	enrichmentPlace
	cves []cve
}

func (r enrichmentRequest) span() prefetch.Span { return r.entry().span() }

// planEnrichments returns the blocks to read for some identifiers, in the order of the file.
func (d *DB) planEnrichments(ctx context.Context, ids []string) ([]enrichmentRequest, error) {
	cves := make([]cve, 0, len(ids))
	for _, id := range ids {
		if c, ok := parseCVE(id); ok {
			cves = append(cves, c)
		}
	}
	slices.Sort(cves)
	cves = slices.Compact(cves)
	type part struct {
		page int
		cves []cve
	}
	var parts []part
	for from, to := range d.root.feedsOfEnrichments() {
		split(cves, to-from, func(i int) cve { return d.root.enrichments[from+i].first }, func(i int, cves []cve) {
			parts = append(parts, part{from + i, cves})
		})
	}
	if d.remote() {
		if err := d.prefetch(ctx, spansOf(parts, func(p part) prefetch.Span { return d.root.enrichments[p.page].span() })...); err != nil {
			return nil, err
		}
	}
	pages, err := readAll(ctx, parts, func(p part) (*enrichmentPage, error) { return d.enrichmentPage(p.page) })
	if err != nil {
		return nil, err
	}
	var wanted []enrichmentRequest
	for i, p := range pages {
		split(parts[i].cves, len(p.blocks), func(i int) cve { return p.blocks[i].first }, func(i int, cves []cve) {
			wanted = append(wanted, enrichmentRequest{enrichmentPlace{p, i}, cves})
		})
	}
	return wanted, nil
}

// split divides sorted identifiers among n pages or blocks. It calls each with the index of a page or block and the identifiers that it may hold.
// first returns the first identifier of a page or block.
func split(cves []cve, n int, first func(int) cve, each func(i int, cves []cve)) {
	for len(cves) > 0 {
		next := sort.Search(n, func(i int) bool { return first(i) > cves[0] })
		end := len(cves)
		if next < n {
			end, _ = slices.BinarySearch(cves, first(next))
		}
		if next > 0 {
			each(next-1, cves[:end])
		}
		cves = cves[end:]
	}
}

// feedsOfEnrichments yields the range of pages of each feed: the first page and the one after the last.
func (r *root) feedsOfEnrichments() iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		for from := 0; from < len(r.enrichments); {
			to := from + 1
			for to < len(r.enrichments) && r.enrichments[to].feed == r.enrichments[from].feed {
				to++
			}
			if !yield(from, to) {
				return
			}
			from = to
		}
	}
}

// An enrichmentPlace is a block of enrichments: its page and its index there.
type enrichmentPlace struct {
	*enrichmentPage
	i int
}

func (at enrichmentPlace) entry() *enrichmentEntry { return &at.enrichmentPage.blocks[at.i] }

// enrichmentPlaces yields the blocks of enrichments of all feeds. It works like places.
func (d *DB) enrichmentPlaces(before func(run) error) iter.Seq2[enrichmentPlace, error] {
	return func(yield func(enrichmentPlace, error) bool) {
		for i, e := range d.root.enrichments {
			p, err := d.enrichmentPage(i)
			if err == nil {
				err = before(e.run)
			}
			if err != nil {
				if !yield(enrichmentPlace{}, err) {
					return
				}
				continue
			}
			for j := range p.blocks {
				if !yield(enrichmentPlace{p, j}, nil) {
					return
				}
			}
		}
	}
}

// AllEnrichments yields the enrichments of every feed, sorted by feed and identifier. An error ends it.
func (d *DB) AllEnrichments() iter.Seq2[FeedEnrichment, error] {
	return func(yield func(FeedEnrichment, error) bool) {
		for at, err := range d.enrichmentPlaces(func(run) error { return nil }) {
			var b *enrichmentBlock
			if err == nil {
				b, err = d.enrichmentBlock(at)
			}
			if err != nil {
				yield(FeedEnrichment{}, err)
				return
			}
			for j, c := range b.cves {
				if !yield(FeedEnrichment{at.feed, c.String(), b.enrichment(j, nil)}, nil) {
					return
				}
			}
		}
	}
}

// A FeedEnrichment is the enrichment of one vulnerability by one feed.
type FeedEnrichment struct {
	Feed string
	CVE  string // or the identifier of an exploit without a CVE: "EDB-16929"
	matcher.Enrichment
}

// enrichmentBlock returns a block of enrichments from the cache, or reads it and adds it to the cache.
func (d *DB) enrichmentBlock(at enrichmentPlace) (*enrichmentBlock, error) {
	e := at.entry()
	if b := d.enrichments.get(e.offset); b != nil {
		return b, nil
	}
	b := new(enrichmentBlock)
	err := d.raw(&e.piece, b.parse)
	if err == nil && !at.belongs(b, at.i) {
		err = fmt.Errorf("%w: %w", ErrCorrupt, errMisplaced)
	}
	if err != nil {
		return nil, fmt.Errorf("db: block of enrichments at %d: %w", e.offset, err)
	}
	d.enrichments.put(e.offset, b, e.raw)
	return b, nil
}

func (e *enrichmentPageEntry) compare(feed string, first cve) int {
	return cmp.Or(strings.Compare(e.feed, feed), cmp.Compare(e.first, first))
}
