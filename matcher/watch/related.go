package watch

import (
	"context"
	"iter"

	"github.com/hullmark/hullmark/internal/rhel"
	"github.com/hullmark/hullmark/matcher"
)

// A related is a source that yields only the advisories that are connected with some vulnerabilities: by an identifier, also through other
// advisories. The matcher groups and decides by identifiers, so the matches of these vulnerabilities are those of the whole source. A
// kernel has ten thousand other advisories.
type related struct {
	matcher.Source
	seeds map[string]bool
}

// relatedTo restricts a source. The result is a Namer and an Enricher if the source is.
func relatedTo(s matcher.Source, seeds map[string]bool) matcher.Source {
	r := related{s, seeds}
	n, named := s.(matcher.Namer)
	e, enriched := s.(matcher.Enricher)
	switch {
	case named && enriched:
		return struct {
			related
			matcher.Namer
			matcher.Enricher
		}{r, n, e}
	case named:
		return struct {
			related
			matcher.Namer
		}{r, n}
	case enriched:
		return struct {
			related
			matcher.Enricher
		}{r, e}
	}
	return r
}

func (r related) Advisories(ctx context.Context, keys []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		var held []matcher.Advisory
		waiting := make(map[string][]int) // advisories by their identifiers
		for a, err := range r.Source.Advisories(ctx, keys) {
			if err != nil {
				yield(a, err)
				return
			}
			for _, id := range identifiers(&a) {
				waiting[id] = append(waiting[id], len(held))
			}
			held = append(held, a)
		}
		kept := make([]bool, len(held))
		var open []string
		for id := range waiting {
			if r.seeds[id] {
				open = append(open, id)
			}
		}
		for len(open) > 0 {
			id := open[len(open)-1]
			open = open[:len(open)-1]
			list := waiting[id]
			delete(waiting, id)
			for _, i := range list {
				if !kept[i] {
					kept[i] = true
					open = append(open, identifiers(&held[i])...)
				}
			}
		}
		for i := range held {
			if (kept[i] || held[i].Key.Release == rhel.Repositories) && !yield(held[i], nil) {
				return
			}
		}
	}
}

func identifiers(a *matcher.Advisory) []string { return append([]string{a.ID}, a.Aliases...) }
