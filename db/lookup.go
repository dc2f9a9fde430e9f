package db

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/db/internal/prefetch"
	"github.com/hullmark/hullmark/matcher"
)

// Advisories yields the advisories of keys in the order of the file. It implements [matcher.Source].
//
// It reads each block that may hold one of the keys once, several at a time. The advisories share no memory with blocks.
func (d *DB) Advisories(ctx context.Context, keys []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		wanted, err := d.plan(ctx, keys)
		if err != nil {
			yield(matcher.Advisory{}, err)
			return
		}
		read := d.block
		if len(wanted) > maxKept {
			read = d.scratchBlock
		}
		var text copier
		for r, got := range ahead(ctx, d, wanted, func(r request) (*block, error) { return read(r.place) }) {
			if got.err != nil {
				yield(matcher.Advisory{}, got.err)
				return
			}
			for f := range got.block.find(r.keys) {
				if !yield(f.advisory(&text), nil) {
					return
				}
			}
			d.release(got.block)
		}
	}
}

// maxKept is the number of blocks that a lookup may add to the cache. A lookup of more blocks would only evict the blocks of others.
const maxKept = 64

// A request is a block and the sorted keys that it may hold.
type request struct {
	place
	keys []matcher.Key
}

func (r request) span() prefetch.Span { return r.entry().span() }

// plan returns the blocks to read for keys, in the order of the file.
func (d *DB) plan(ctx context.Context, all []matcher.Key) ([]request, error) {
	keys, err := d.likely(ctx, all)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(keys, compareKeys)
	keys = slices.Compact(keys)
	var wanted []request
	for from := 0; from < len(keys); {
		to := from + 1 // keys of one package
		for to < len(keys) && nameOf(keys[to]) == nameOf(keys[from]) {
			to++
		}
		p, err := d.page(d.root.page(nameOf(keys[from])))
		if err != nil {
			return nil, err
		}
		first, end := p.find(nameOf(keys[from]))
		for i := first; i < end; i++ {
			if last := len(wanted) - 1; last >= 0 && wanted[last].place == (place{p, i}) {
				wanted[last].keys = append(wanted[last].keys, keys[from:to]...)
			} else {
				wanted = append(wanted, request{place{p, i}, slices.Clone(keys[from:to])})
			}
		}
		from = to
	}
	return wanted, nil
}

// likely returns the keys that the filters of the index do not exclude.
func (d *DB) likely(ctx context.Context, all []matcher.Key) ([]matcher.Key, error) {
	pages := make([]int, len(all)) // by index of the key
	var missing []int
	for i, k := range all {
		at := d.root.page(nameOf(k))
		if pages[i] = at; at >= 0 && d.pages[at].Load() == nil {
			missing = append(missing, at)
		}
	}
	slices.Sort(missing)
	missing = slices.Compact(missing)
	if d.remote() {
		if err := d.prefetch(ctx, spansOf(missing, func(i int) prefetch.Span { return d.root.pages[i].span() })...); err != nil {
			return nil, err
		}
	}
	if _, err := readAll(ctx, missing, d.page); err != nil {
		return nil, err
	}
	var keys []matcher.Key
	for i, k := range all {
		if at := pages[i]; at >= 0 && d.pages[at].Load().filter.mayHold(nameOf(k)) {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// find yields the rows of sorted keys.
func (b *block) find(keys []matcher.Key) iter.Seq[found] {
	return func(yield func(found) bool) {
		for from := 0; from < len(keys); {
			to := from + 1
			for to < len(keys) && nameOf(keys[to]) == nameOf(keys[from]) {
				to++
			}
			if p := b.lookup(nameOf(keys[from])); p >= 0 {
				for release, f := range b.of(p) {
					for _, f.key = range keys[from:to] {
						if f.key.Release == release && !yield(f) {
							return
						}
					}
				}
			}
			from = to
		}
	}
}

func nameOf(k matcher.Key) name { return name{k.Type, k.Namespace, k.Name} }

func compareKeys(a, b matcher.Key) int {
	return cmp.Or(nameOf(a).compare(nameOf(b)), strings.Compare(a.Release, b.Release))
}

// Coverage implements [matcher.Source].
func (d *DB) Coverage(_ context.Context, keys []matcher.Key) ([]matcher.Coverage, error) {
	seen := make(map[matcher.Key]bool)
	var out []matcher.Coverage
	for _, k := range keys {
		e := k.Ecosystem()
		if seen[e] {
			continue
		}
		seen[e] = true
		n := len(out)
		for _, c := range d.root.coverage {
			if c.Type == e.Type && c.Namespace == e.Namespace && c.Release == e.Release {
				out = append(out, c.Coverage)
			}
		}
		if len(out) == n {
			out = append(out, matcher.Coverage{Type: e.Type, Namespace: e.Namespace, Release: e.Release})
		}
	}
	return out, nil
}

// Covers reports whether the database has advisories for the ecosystem of a key, in any release for a key without a release.
func (d *DB) Covers(k matcher.Key) bool {
	e := k.Ecosystem()
	return slices.ContainsFunc(d.root.coverage, func(c CoverageInfo) bool {
		return c.Type == e.Type && c.Namespace == e.Namespace && (e.Release == "" || c.Release == e.Release)
	})
}
