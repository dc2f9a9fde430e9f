package db

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hullmark/hullmark/matcher"
)

// Advisories returns the advisories of keys, in the order of the file. It implements [matcher.Source].
//
// It reads each block that may hold one of the keys once, several at a time.
func (d *DB) Advisories(ctx context.Context, keys []matcher.Key) ([]matcher.Advisory, error) {
	keys = slices.Clone(keys)
	slices.SortFunc(keys, compareKeys)
	keys = slices.Compact(keys)
	wanted := d.plan(keys)
	var out []matcher.Advisory
	for len(wanted) > 0 {
		n := min(len(wanted), maxBatch)
		blocks, err := d.load(ctx, wanted[:n])
		if err != nil {
			return nil, err
		}
		var rows []found
		for i, b := range blocks {
			rows = b.appendFound(rows, wanted[i].keys)
		}
		out = slices.Grow(out, len(rows))
		for _, f := range rows {
			out = append(out, f.b.advisory(f.p, f.e, f.r))
		}
		wanted = wanted[n:]
	}
	return out, nil
}

// maxBatch is how many blocks a look-up holds in memory at a time.
const maxBatch = 256

// A request is a block and the keys that it may hold, in order.
type request struct {
	block int
	keys  []matcher.Key
}

// plan returns what must be read for keys, in the order of the file.
func (d *DB) plan(keys []matcher.Key) []request {
	var wanted []request
	for from := 0; from < len(keys); {
		to := from + 1 // keys of one package
		for to < len(keys) && nameOf(keys[to]) == nameOf(keys[from]) {
			to++
		}
		first, end := d.index.find(nameOf(keys[from]))
		for i := first; i < end; i++ {
			if last := len(wanted) - 1; last >= 0 && wanted[last].block == i {
				wanted[last].keys = append(wanted[last].keys, keys[from:to]...)
			} else {
				wanted = append(wanted, request{i, slices.Clone(keys[from:to])})
			}
		}
		from = to
	}
	return wanted
}

// load returns the blocks of some requests.
func (d *DB) load(ctx context.Context, wanted []request) ([]*block, error) {
	blocks := make([]*block, len(wanted))
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
			if blocks[i], errs[i] = d.block(wanted[i].block); errs[i] != nil {
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

// found is a row that a look-up asked for.
type found struct {
	b *block
	p *blockPackage
	e *blockEntry
	r blockRow
}

// appendFound appends the rows of keys, which are in order.
func (b *block) appendFound(out []found, keys []matcher.Key) []found {
	for from := 0; from < len(keys); {
		to := from + 1
		for to < len(keys) && nameOf(keys[to]) == nameOf(keys[from]) {
			to++
		}
		if p := b.find(nameOf(keys[from])); p != nil {
			for i := range b.entries[p.from:p.to] {
				e := &b.entries[int(p.from)+i]
				for _, r := range b.rows[e.from:e.to] {
					if wants(keys[from:to], b.str(r.release)) {
						out = append(out, found{b, p, e, r})
					}
				}
			}
		}
		from = to
	}
	return out
}

func wants(keys []matcher.Key, release string) bool {
	return slices.ContainsFunc(keys, func(k matcher.Key) bool { return k.Release == release })
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
		for _, c := range d.index.coverage {
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
