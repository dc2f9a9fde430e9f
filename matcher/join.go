package matcher

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"maps"
	"slices"
)

// Join returns a Source with the advisories of all sources, such as a database and the advisories of one organization. It is a [Finder],
// a [Namer], an [Enricher] and a [Describer] as far as the sources are. If several sources enrich a vulnerability, the first one counts.
//
// An ecosystem has the rows of coverage of all sources. So a source that has only some advisories of an ecosystem must say so, see
// Coverage.Sampled.
func Join(sources ...Source) Source { return joined(sources) }

type joined []Source

// each yields the advisories that ask gets from each source.
func (j joined) each(ask func(Source) iter.Seq2[Advisory, error]) iter.Seq2[Advisory, error] {
	return func(yield func(Advisory, error) bool) {
		for _, s := range j {
			for a, err := range ask(s) {
				if !yield(a, err) || err != nil {
					return
				}
			}
		}
	}
}

func (j joined) Advisories(ctx context.Context, keys []Key) iter.Seq2[Advisory, error] {
	return j.each(func(s Source) iter.Seq2[Advisory, error] { return s.Advisories(ctx, keys) })
}

func (j joined) Find(ctx context.Context, ids ...string) iter.Seq2[Advisory, error] {
	return j.each(func(s Source) iter.Seq2[Advisory, error] {
		if f, ok := s.(Finder); ok {
			return f.Find(ctx, ids...)
		}
		return func(func(Advisory, error) bool) {}
	})
}

// Coverage returns the rows of all sources, without those that say that one source has no advisories if another one has.
func (j joined) Coverage(ctx context.Context, keys []Key) ([]Coverage, error) {
	var rows []Coverage
	for _, s := range j {
		more, err := s.Coverage(ctx, keys)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	ecosystem := func(c Coverage) Key { return Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release} }
	known := make(map[Key]bool)
	for _, c := range rows {
		if c.Feed != "" {
			known[ecosystem(c)] = true
		}
	}
	return slices.DeleteFunc(rows, func(c Coverage) bool {
		if c.Feed != "" {
			return false
		}
		redundant := known[ecosystem(c)]
		known[ecosystem(c)] = true // one row reports the gap
		return redundant
	}), nil
}

func (j joined) Named(ctx context.Context, keys []Key) ([]Key, error) {
	var list []Key
	for _, s := range j {
		n, ok := s.(Namer)
		if !ok {
			continue
		}
		more, err := n.Named(ctx, keys)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	slices.SortFunc(list, CompareKeys)
	return slices.Compact(list), nil
}

func (j joined) Enrichments(ctx context.Context, cves []string) (map[string]Enrichment, error) {
	all := make(map[string]Enrichment)
	for _, s := range slices.Backward(j) {
		e, ok := s.(Enricher)
		if !ok {
			continue
		}
		more, err := e.Enrichments(ctx, cves)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, more)
	}
	return all, nil
}

// Describe returns a hash of the sources' hashes.
func (j joined) Describe() SourceInfo {
	var info SourceInfo
	sum := sha256.New()
	for _, s := range j {
		var one SourceInfo
		if d, ok := s.(Describer); ok {
			one = d.Describe()
		}
		info.Starter = info.Starter || one.Starter
		sum.Write([]byte(one.Hash + "\n"))
	}
	info.Hash = hex.EncodeToString(sum.Sum(nil))
	return info
}
