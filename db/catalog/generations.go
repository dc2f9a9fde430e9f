package catalog

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
)

// digestsAtOnce is the number of digests that Generations.Current gets at most.
const digestsAtOnce = 500

// errStopped ends an iteration whose caller stopped it.
var errStopped = errors.New("stopped")

// Generations are several indexes of one fleet, newest first: each new one has the images since the one before, until they are merged with
// [IndexBuilder.AddIndex]. Package versions are numbered through all of them.
type Generations struct {
	Indexes []*Index

	// Current returns those of digests that count in a generation: neither deleted nor in a newer generation. If it is nil, an image that
	// was analyzed again is found in each of its generations.
	Current func(ctx context.Context, generation int, digests []string) ([]string, error)
}

// Subjects yields the package versions that have one of keys, those of each generation. It implements [watch.Index].
func (g *Generations) Subjects(ctx context.Context, keys []matcher.Key) iter.Seq2[watch.Found, error] {
	return func(yield func(watch.Found, error) bool) {
		first := 0
		for _, x := range g.Indexes {
			for found, err := range x.Subjects(ctx, keys) {
				found.Number += first
				if !yield(found, err) || err != nil {
					return
				}
			}
			first += x.subjects()
		}
	}
}

// subjects returns the number of package versions.
func (x *Index) subjects() int { return x.root.sections[sectionSubjects].records }

// IDs returns the identifiers of the package versions with numbers, which are sorted and distinct, each once.
func (g *Generations) IDs(ctx context.Context, numbers []int) ([]SubjectID, error) {
	var list []SubjectID
	err := g.each(numbers, func(_ int, x *Index, numbers []int) error {
		ids, err := x.IDs(ctx, numbers)
		list = append(list, ids...)
		return err
	})
	slices.SortFunc(list, func(a, b SubjectID) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(list), err
}

// Lookup returns the numbers of the package versions that have one of keys, in the form of [matcher.Key.Forms], and one of the identifiers.
func (g *Generations) Lookup(ctx context.Context, keys []matcher.Key, ids []SubjectID) ([]int, error) {
	var list []int
	first := 0
	for _, x := range g.Indexes {
		numbers, err := x.Lookup(ctx, keys, ids)
		if err != nil {
			return nil, err
		}
		for _, n := range numbers {
			list = append(list, first+n)
		}
		first += x.subjects()
	}
	return list, nil
}

// Digests yields the digests of the images that have one of the package versions with numbers, which are sorted.
func (g *Generations) Digests(ctx context.Context, numbers []int) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		err := g.each(numbers, func(generation int, x *Index, numbers []int) error {
			page := make([]string, 0, digestsAtOnce)
			flush := func() error {
				list, err := page, error(nil)
				if g.Current != nil && len(page) > 0 {
					list, err = g.Current(ctx, generation, page)
				}
				if err != nil {
					return err
				}
				for _, d := range list {
					if !yield(d, nil) {
						return errStopped
					}
				}
				page = page[:0]
				return nil
			}
			for d, err := range x.Digests(ctx, numbers) {
				if err != nil {
					return err
				}
				if page = append(page, d); len(page) < digestsAtOnce {
					continue
				}
				if err := flush(); err != nil {
					return err
				}
			}
			return flush()
		})
		if err != nil && err != errStopped {
			yield("", err)
		}
	}
}

// each calls f with the numbers of each generation that has some of them, until it returns an error.
func (g *Generations) each(numbers []int, f func(generation int, x *Index, numbers []int) error) error {
	first := 0
	for i, x := range g.Indexes {
		end := first + x.subjects()
		n, _ := slices.BinarySearch(numbers, end)
		if n > 0 {
			own := slices.Clone(numbers[:n])
			for k := range own {
				own[k] -= first
			}
			if err := f(i, x, own); err != nil {
				return err
			}
		}
		numbers, first = numbers[n:], end
	}
	return nil
}
