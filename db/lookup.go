package db

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hullmark/hullmark/matcher"
)

// Advisories yields the advisories of keys, in the order of the file. It implements [matcher.Source].
//
// It reads each block that may hold one of the keys once, several at a time. What it yields shares no memory with blocks.
func (d *DB) Advisories(ctx context.Context, keys []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		var text copier
		wanted, err := d.plan(ctx, keys)
		if err != nil {
			yield(matcher.Advisory{}, err)
			return
		}
		l := &loader{DB: d, wanted: wanted, read: d.block}
		if len(wanted) > maxBatch { // more than the cache keeps
			l.read = d.scratchBlock
		}
		next := l.start(ctx)
		defer func() { next() }() // leave no goroutine behind
		for {
			requests, blocks, err := next()
			if err != nil {
				yield(matcher.Advisory{}, err)
				return
			}
			if len(requests) == 0 {
				return
			}
			next = l.start(ctx) // while the caller works on these
			for i, b := range blocks {
				for f := range b.find(requests[i].keys) {
					if !yield(f.advisory(&text), nil) {
						return
					}
				}
				d.release(b)
			}
		}
	}
}

// A loader loads blocks, the next ones while its caller works on the last.
type loader struct {
	*DB
	wanted    []request
	read      func(place) (*block, error)
	announced int // of wanted
}

// start begins to load the first of what is wanted, which it takes off, and returns how to wait for it.
func (l *loader) start(ctx context.Context) func() ([]request, []*block, error) {
	n := min(len(l.wanted), maxBatch)
	requests := l.wanted[:n]
	var announce []request
	if l.announced < n && l.remote() {
		announce = l.wanted[:min(len(l.wanted), maxAhead)]
		l.announced = len(announce)
	}
	l.wanted = l.wanted[n:]
	l.announced -= n
	if n == 0 {
		return func() ([]request, []*block, error) { return nil, nil, nil }
	}
	get := func() ([]*block, error) {
		if err := l.prefetch(ctx, spansOf(announce, func(r request) Span { return r.entry().span() })...); err != nil {
			return nil, err
		}
		return load(ctx, requests, func(r request) (*block, error) { return l.read(r.place) })
	}
	if n == 1 { // not worth a goroutine
		return func() ([]request, []*block, error) {
			blocks, err := get()
			return requests, blocks, err
		}
	}
	var blocks []*block
	var err error
	var wg sync.WaitGroup
	wg.Go(func() { blocks, err = get() })
	return func() ([]request, []*block, error) {
		wg.Wait()
		return requests, blocks, err
	}
}

// maxBatch is how many blocks a look-up loads at a time; it holds up to twice as many. maxAhead is how many it announces to a
// [Prefetcher].
const (
	maxBatch = 64
	maxAhead = 512
)

// A request is a block and the keys that it may hold, in order.
type request struct {
	place
	keys []matcher.Key
}

// plan returns what must be read for keys, in the order of the file.
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

// likely returns those keys that the filters of the index do not rule out.
func (d *DB) likely(ctx context.Context, all []matcher.Key) ([]matcher.Key, error) {
	pages := make([]int, len(all)) // of each key
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
		if err := d.prefetch(ctx, spansOf(missing, func(i int) Span { return d.root.pages[i].span() })...); err != nil {
			return nil, err
		}
	}
	if _, err := load(ctx, missing, d.page); err != nil {
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

// load returns the blocks of some requests, which read reads, several at a time.
func load[R, B any](ctx context.Context, wanted []R, read func(R) (B, error)) ([]B, error) {
	blocks := make([]B, len(wanted))
	errs := make([]error, len(wanted))
	var next atomic.Int64
	work := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(wanted) {
				return
			}
			if err := ctx.Err(); err != nil {
				errs[i] = fmt.Errorf("db: %w", err)
				return
			}
			if blocks[i], errs[i] = read(wanted[i]); errs[i] != nil {
				return
			}
		}
	}
	var wg sync.WaitGroup
	for range min(len(wanted), runtime.GOMAXPROCS(0)) - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return blocks, nil
}

// A found row is one that a look-up asked for.
type found struct {
	key matcher.Key
	b   *block
	e   *blockEntry
	r   blockRow
}

// find yields the rows of keys, which are in order.
func (b *block) find(keys []matcher.Key) iter.Seq[found] {
	return func(yield func(found) bool) {
		for from := 0; from < len(keys); {
			to := from + 1
			for to < len(keys) && nameOf(keys[to]) == nameOf(keys[from]) {
				to++
			}
			if p := b.lookup(nameOf(keys[from])); p != nil {
				for i := range b.entries[p.from:p.to] {
					e := &b.entries[int(p.from)+i]
					for _, r := range b.rows[e.from:e.to] {
						release := b.str(r.release)
						for _, k := range keys[from:to] {
							if k.Release == release && !yield(found{k, b, e, r}) {
								return
							}
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
