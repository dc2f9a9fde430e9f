package db

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
)

// Since returns all that changed from old to d, for [watch.Compare]: the changes that Diff yields, the identifiers whose exploitation or severity
// changed in the enrichments of a feed, and the ecosystems that only one of the files covers. Changes reads the files when it is used; it can be
// used again. Since does not read blocks that both files have.
func (d *DB) Since(ctx context.Context, old *DB) (watch.Update, error) {
	u := watch.Update{Old: old, New: d, Changes: d.Diff(ctx, old), Ecosystems: d.coverageSince(old)}
	var err error
	u.CVEs, err = d.ratedSince(ctx, old)
	return u, err
}

// A rating has the facts of an enrichment by a feed that decide about a [watch.State].
type rating struct {
	exploited  bool
	ransomware bool   // decides which CVE of a match with several gives it the severity
	severities string // levels, and the versions of CVSS, which decide between the levels of several feeds
}

// rating returns the rating of a row.
func (b *enrichmentBlock) rating(i int) (r rating) {
	if b.says&saysExploited != 0 {
		r.exploited, r.ransomware = b.exploited[i] != noDay, b.ransom[i]
	}
	if b.says&saysSeverities == 0 {
		return r
	}
	for _, n := range b.severitiesOf.at(uint32(i)) {
		s := matcher.Severity{Level: matcher.Level(b.severities.level[n]), Vector: b.str(b.severities.vector[n])}
		version, _, _ := strings.Cut(s.Vector, "/")
		r.severities += fmt.Sprintf("%d %s\n", s.Rate().Level, version)
	}
	return r
}

// ratedSince returns the identifiers that a feed rates otherwise than in old, sorted.
func (d *DB) ratedSince(ctx context.Context, old *DB) ([]string, error) {
	type row struct {
		feed string
		cve  cve
	}
	rated := make(map[row]rating)
	changed := make(map[cve]bool)
	before, after := old.pieces(), d.pieces()
	for _, side := range []struct {
		d    *DB
		skip pieceSet
		add  func(row, rating)
	}{
		{old, after, func(at row, r rating) { rated[at] = r }},
		{d, before, func(at row, r rating) {
			if rated[at] != r {
				changed[at.cve] = true
			}
			delete(rated, at)
		}},
	} {
		for at, err := range side.d.enrichmentPlaces(func(run) error { return ctx.Err() }) {
			var b *enrichmentBlock
			if err == nil {
				if _, ok := side.skip[at.entry().hash]; ok {
					continue
				}
				b, err = side.d.enrichmentBlock(at)
			}
			if err != nil {
				return nil, fmt.Errorf("db: %w", err)
			}
			if b.says&(saysExploited|saysSeverities) == 0 {
				continue
			}
			for i, c := range b.cves {
				if r := b.rating(i); r != (rating{}) {
					side.add(row{at.feed, c}, r)
				}
			}
		}
	}
	for at := range rated {
		changed[at.cve] = true
	}
	var ids []string
	for _, c := range slices.Sorted(maps.Keys(changed)) {
		ids = append(ids, c.String())
	}
	return ids, nil
}

// coverageSince returns the ecosystems that only one of the files covers, sorted.
func (d *DB) coverageSince(old *DB) []matcher.Key {
	count := make(map[matcher.Key]int)
	for i, f := range []*DB{d, old} {
		for k := range f.root.coverage {
			count[ecosystemOf(&f.root.coverage[k])] |= 1 << i
		}
	}
	maps.DeleteFunc(count, func(_ matcher.Key, in int) bool { return in == 3 })
	return slices.SortedFunc(maps.Keys(count), matcher.CompareKeys)
}
