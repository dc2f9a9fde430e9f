package db

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
)

// Diff yields the changes from old to d, in the order of the files. It compares advisories that have the same feed, ID and key. It does not read
// blocks that both files have. An error ends it.
func (d *DB) Diff(ctx context.Context, old *DB) iter.Seq2[watch.Change, error] {
	return func(yield func(watch.Change, error) bool) {
		before, after := old.pieces(), d.pieces()
		was, stopWas := iter.Pull2(old.except(ctx, after))
		defer stopWas()
		is, stopIs := iter.Pull2(d.except(ctx, before))
		defer stopIs()
		o, errO, moreO := was()
		n, errN, moreN := is()
		for moreO || moreN {
			if err := cmp.Or(errO, errN); err != nil {
				yield(watch.Change{}, err)
				return
			}
			c := -1
			switch {
			case !moreO:
				c = 1
			case moreN:
				c = compareIdentity(&o, &n)
			}
			change, report := watch.Change{}, true
			switch {
			case c < 0:
				gone := o
				change = watch.Change{Old: &gone}
			case c > 0:
				added := n
				change = watch.Change{New: &added}
			default:
				was, is := o, n
				change, report = watch.Change{Old: &was, New: &is}, compare(was, is) != 0
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

// except yields the advisories of all blocks whose hash is not in skip.
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

// compareIdentity compares advisories in the order of the file.
func compareIdentity(a, b *matcher.Advisory) int {
	return cmp.Or(nameOf(a.Key).compare(nameOf(b.Key)), strings.Compare(a.ID, b.ID), strings.Compare(a.Feed, b.Feed),
		strings.Compare(a.Key.Release, b.Key.Release))
}

// Package yields the advisories of a package in all covered releases of its distribution. It ignores the Release of the key.
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
