package db

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/matcher"
)

// A Change is what is different of one advisory in two databases.
type Change struct {
	Kind ChangeKind
	Old  *matcher.Advisory // nil if it was added
	New  *matcher.Advisory // nil if it was withdrawn
}

// ChangeKind tells how an advisory differs between two databases.
type ChangeKind string

const (
	Added     ChangeKind = "added"     // only the new database has it
	Changed   ChangeKind = "changed"   // both have it, with different content
	Withdrawn ChangeKind = "withdrawn" // only the old database has it
)

// Diff yields what is different in d from what was in old, in the order of the files: advisories that are the same by feed,
// ID and key are compared. Blocks that both have are not read. An error ends it.
func (d *DB) Diff(ctx context.Context, old *DB) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		before, after := old.pieces(), d.pieces()
		was, stopWas := iter.Pull2(old.except(ctx, after))
		defer stopWas()
		is, stopIs := iter.Pull2(d.except(ctx, before))
		defer stopIs()
		o, errO, moreO := was()
		n, errN, moreN := is()
		for moreO || moreN {
			if err := cmp.Or(errO, errN); err != nil {
				yield(Change{}, err)
				return
			}
			c := -1
			switch {
			case !moreO:
				c = 1
			case moreN:
				c = compareIdentity(&o, &n)
			}
			change, report := Change{}, true
			switch {
			case c < 0:
				gone := o
				change = Change{Kind: Withdrawn, Old: &gone}
			case c > 0:
				added := n
				change = Change{Kind: Added, New: &added}
			default:
				was, is := o, n
				change, report = Change{Kind: Changed, Old: &was, New: &is}, compare(was, is) != 0
			}
			if report && !yield(change, nil) {
				return
			}
			if c <= 0 {
				o, errO, moreO = was()
			}
			if c >= 0 {
				n, errN, moreN = is()
			}
		}
	}
}

// except yields the advisories of all blocks but those with a hash in skip.
func (d *DB) except(ctx context.Context, skip pieceSet) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		for at, err := range d.places(func(run) error { return ctx.Err() }) {
			var b *block
			if err == nil {
				if _, ok := skip[at.entry().hash]; ok {
					continue
				}
				b, err = d.block(at)
			}
			if err != nil {
				yield(matcher.Advisory{}, fmt.Errorf("db: %w", err))
				return
			}
			for f := range b.all {
				if !yield(f.advisory(nil), nil) {
					return
				}
			}
		}
	}
}

// compareIdentity compares advisories by what orders them in the file.
func compareIdentity(a, b *matcher.Advisory) int {
	return cmp.Or(nameOf(a.Key).compare(nameOf(b.Key)), strings.Compare(a.ID, b.ID), strings.Compare(a.Feed, b.Feed),
		strings.Compare(a.Key.Release, b.Key.Release))
}

// Package yields the advisories of a package in all releases of its distribution that the database covers. The key's Release
// counts for nothing.
func (d *DB) Package(ctx context.Context, k matcher.Key) iter.Seq2[matcher.Advisory, error] {
	var keys []matcher.Key
	for _, c := range d.root.coverage {
		k.Release = c.Release
		if e := k.Ecosystem(); e.Type == c.Type && e.Namespace == c.Namespace {
			keys = append(keys, k)
		}
	}
	return d.Advisories(ctx, slices.Compact(keys))
}
