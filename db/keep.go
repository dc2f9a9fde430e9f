package db

import (
	"context"
	"errors"

	"github.com/hullmark/hullmark/matcher"
)

// A Part is data of one feed in an older database, see [Builder.Keep].
type Part struct {
	Feed        string
	Ecosystem   func(matcher.Key) bool // selects advisories and coverage, see matcher.Key.Ecosystem; nil means all
	Input       func(FeedInfo) bool    // selects descriptions of inputs; nil means all
	Enrichments bool                   // the part includes the enrichments of the feed

	// Changed reports whether newer data may be about the advisories with an ID, and whether it replaces the enrichment of a CVE. If it is
	// nil, the whole part stays, with its coverage. Otherwise the caller adds the coverage, with a new date.
	Changed func(id string) bool

	// Stays decides about the advisories with an ID that Changed reports. It may change them. If it is nil, none of them stays.
	Stays func(*matcher.Advisory) bool

	// Done is called after the part has been read, with the number of different IDs of advisories and enrichments that do not stay. It may
	// call AddFeed and AddCoverage. It may be nil.
	Done func(gone int)
}

// Keep adds a part of an older database, with its dates. An updater keeps the data that has not changed or that it cannot read. WriteTo
// reads the older database, in the order of its file, until ctx is done. It copies the blocks of the older file that have not changed, without decoding
// those in which nothing can have changed. So old must stay open. All parts must be of the same database. An advisory belongs to the first part that
// includes it.
func (b *Builder) Keep(ctx context.Context, old *DB, p Part) error {
	switch {
	case p.Feed == "":
		return errors.New("db: keep: no feed")
	case b.old != nil && b.old != old:
		return errors.New("db: keep: parts of two databases")
	}
	b.old, b.reading = old, ctx
	b.parts = append(b.parts, p)
	for _, f := range old.root.feeds {
		if f.Name == p.Feed && (p.Input == nil || p.Input(f)) {
			b.AddFeed(f)
		}
	}
	for _, c := range old.root.coverage {
		if c.Feed == p.Feed && p.Changed == nil && p.has(ecosystemOf(&c)) {
			b.AddCoverage(c.Coverage)
		}
	}
	return nil
}

func (p *Part) has(ecosystem matcher.Key) bool { return p.Ecosystem == nil || p.Ecosystem(ecosystem) }

func ecosystemOf(c *CoverageInfo) matcher.Key {
	return matcher.Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release}
}
