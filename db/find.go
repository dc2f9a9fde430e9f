package db

import (
	"context"
	"iter"
	"slices"

	"github.com/hullmark/hullmark/matcher"
)

// Find yields the advisories that have id as their ID, among their aliases or among their updates, in the order of the file. It implements
// [matcher.Finder].
//
// The file is sorted by package, so Find reads every block: a quarter of a second for 500,000 advisories.
func (d *DB) Find(ctx context.Context, id string) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		var text copier
		for at, err := range d.places(d.announce(ctx)) {
			var b *block
			if err == nil {
				b, err = d.scratchBlock(at)
			}
			if err != nil {
				yield(matcher.Advisory{}, err)
				return
			}
			for f := range b.about(id) {
				if !yield(f.advisory(&text), nil) {
					return
				}
			}
			d.release(b)
		}
	}
}

// about yields the rows that have an identifier. Their keys are copies.
func (b *block) about(id string) iter.Seq[found] {
	return func(yield func(found) bool) {
		at, ok := b.search(id)
		if !ok {
			return
		}
		var text copier
		for f := range b.all {
			if b.notes.id[f.note] != at && !slices.Contains(b.notes.aliases.at(f.note), at) && !slices.Contains(b.verdicts.updates.at(f.verdict), at) {
				continue
			}
			for _, s := range []*string{&f.key.Type, &f.key.Namespace, &f.key.Release, &f.key.Name} {
				*s = text.copy(*s)
			}
			if !yield(f) {
				return
			}
		}
	}
}

// FindEnrichments yields the enrichments of id, and those that have it among their exploits or aliases: a CVE, "EDB-16929", "BID-8732".
// They are in the order of the file.
//
// It reads every block of enrichments.
func (d *DB) FindEnrichments(ctx context.Context, id string) iter.Seq2[FeedEnrichment, error] {
	return func(yield func(FeedEnrichment, error) bool) {
		own, _ := parseCVE(id)
		for at, err := range d.enrichmentPlaces(d.announce(ctx)) {
			var b *enrichmentBlock
			if err == nil {
				b, err = d.enrichmentBlock(at)
			}
			if err != nil {
				yield(FeedEnrichment{}, err)
				return
			}
			name, known := b.search(id)
			for j, c := range b.cves {
				if c != own && (!known || !b.named(uint32(j), name)) {
					continue
				}
				if !yield(FeedEnrichment{at.feed, c.String(), b.enrichment(j, new(copier))}, nil) {
					return
				}
			}
		}
	}
}
