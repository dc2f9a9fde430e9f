package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"

	"github.com/hullmark/hullmark/matcher"
)

// Threats returns what all feeds know of some CVE identifiers. It implements [matcher.Enricher].
//
// It reads the blocks that may hold one of them, several at a time. What it returns shares no memory with blocks.
func (d *DB) Threats(ctx context.Context, cves []string) (map[string]matcher.Threat, error) {
	wanted := d.planThreats(cves)
	out := make(map[string]matcher.Threat)
	var text copier
	for len(wanted) > 0 {
		batch := wanted[:min(len(wanted), maxBatch)]
		wanted = wanted[len(batch):]
		blocks, err := load(ctx, batch, func(r threatRequest) (*threatBlock, error) { return d.threatBlock(r.block) })
		if err != nil {
			return nil, err
		}
		for i, b := range blocks {
			for _, c := range batch[i].cves {
				if row := b.find(c); row >= 0 {
					id := c.String()
					out[id] = mergeThreats(out[id], b.threat(row, &text))
				}
			}
		}
	}
	return out, nil
}

// A threatRequest is a block of threats and the identifiers that it may hold.
type threatRequest struct {
	block int
	cves  []cve
}

// planThreats returns what must be read for some identifiers, in the order of the file.
func (d *DB) planThreats(ids []string) []threatRequest {
	var cves []cve
	for _, id := range ids {
		if c, ok := parseCVE(id); ok {
			cves = append(cves, c)
		}
	}
	slices.Sort(cves)
	cves = slices.Compact(cves)
	var wanted []threatRequest
	all := d.index.threats
	for from := 0; from < len(all); {
		to := from + 1 // blocks of one feed
		for to < len(all) && all[to].feed == all[from].feed {
			to++
		}
		for i := 0; i < len(cves); {
			at := from + sort.Search(to-from, func(j int) bool { return all[from+j].first > cves[i] })
			n := 1 // identifiers that may be in the block before
			for i+n < len(cves) && (at == to || cves[i+n] < all[at].first) {
				n++
			}
			if at > from {
				wanted = append(wanted, threatRequest{at - 1, cves[i : i+n]})
			}
			i += n
		}
		from = to
	}
	return wanted
}

// AllThreats yields what every feed knows, in order of feeds and identifiers. An error ends it.
func (d *DB) AllThreats() iter.Seq2[FeedThreat, error] {
	return func(yield func(FeedThreat, error) bool) {
		for i := range d.index.threats {
			b, err := d.threatBlock(i)
			if err != nil {
				yield(FeedThreat{}, err)
				return
			}
			for j, c := range b.cves {
				if !yield(FeedThreat{d.index.threats[i].feed, c.String(), b.threat(j, nil)}, nil) {
					return
				}
			}
		}
	}
}

// A FeedThreat is what one feed knows of one vulnerability.
type FeedThreat struct {
	Feed string
	CVE  string
	matcher.Threat
}

// threatBlock returns block i of threats, from the cache if it is there, which else it enters.
func (d *DB) threatBlock(i int) (*threatBlock, error) {
	if b := d.threats.get(i); b != nil {
		return b, nil
	}
	e := &d.index.threats[i]
	b := new(threatBlock)
	err := d.raw(&e.piece, b.parse)
	if err == nil && !d.threatsBelong(b, i) {
		err = fmt.Errorf("%w: %w", ErrCorrupt, errMisplaced)
	}
	if err != nil {
		return nil, fmt.Errorf("db: block %d of threats: %w", i, err)
	}
	d.threats.put(i, b, e.raw)
	return b, nil
}

var errMisplaced = errors.New("not what the index says")

// threatsBelong reports whether the threats of b are those of which the index speaks.
func (d *DB) threatsBelong(b *threatBlock, i int) bool {
	e := &d.index.threats[i]
	if len(b.cves) != e.rows || e.rows == 0 || b.cves[0] != e.first {
		return false
	}
	return i+1 == len(d.index.threats) || d.index.threats[i+1].compare(e.feed, b.cves[e.rows-1]) > 0
}

func (e *threatEntry) compare(feed string, first cve) int {
	return cmp.Or(strings.Compare(e.feed, feed), cmp.Compare(e.first, first))
}
