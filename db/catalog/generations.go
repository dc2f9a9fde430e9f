package catalog

import (
	"context"
	"iter"
	"slices"

	"github.com/hullmark/hullmark/internal/pages"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
)

// digestsAtOnce is the number of digests that Generations.Current gets at most.
const digestsAtOnce = 500

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
	for generation, own := range g.split(numbers) {
		ids, err := g.Indexes[generation].IDs(ctx, own)
		if err != nil {
			return nil, err
		}
		list = append(list, ids...)
	}
	slices.SortFunc(list, func(a, b SubjectID) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(list), nil
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
		for generation, own := range g.split(numbers) {
			for digests, err := range pages.Of(g.Indexes[generation].Digests(ctx, own), digestsAtOnce) {
				if err == nil && g.Current != nil {
					digests, err = g.Current(ctx, generation, digests)
				}
				if err != nil {
					yield("", err)
					return
				}
				for _, d := range digests {
					if !yield(d, nil) {
						return
					}
				}
			}
		}
	}
}

// split yields each generation that has some of the numbers, which are sorted, with its own numbers of the same package versions.
func (g *Generations) split(numbers []int) iter.Seq2[int, []int] {
	return func(yield func(int, []int) bool) {
		first := 0
		for generation, x := range g.Indexes {
			end := first + x.subjects()
			n, _ := slices.BinarySearch(numbers, end)
			own := slices.Clone(numbers[:n])
			for i := range own {
				own[i] -= first
			}
			if n > 0 && !yield(generation, own) {
				return
			}
			numbers, first = numbers[n:], end
		}
	}
}
