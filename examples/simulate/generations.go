package main

import (
	"context"
	"iter"
	"slices"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
)

// generations are indexes of different images, which are asked as one. The number of a package version has the number of its generation above
// the lower 32 bits.
type generations []*catalog.Index

var _ watch.Index = generations(nil)

// Subjects implements watch.Index. A package version that several generations have comes several times.
func (g generations) Subjects(ctx context.Context, keys []matcher.Key) iter.Seq2[watch.Found, error] {
	return func(yield func(watch.Found, error) bool) {
		for i, x := range g {
			for f, err := range x.Subjects(ctx, keys) {
				f.Number |= i << 32
				if !yield(f, err) || err != nil {
					return
				}
			}
		}
	}
}

// images yields the digests of the images that have one of the package versions.
func (g generations) images(ctx context.Context, numbers []int) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for i, x := range g {
			var own []int
			for _, n := range numbers {
				if n>>32 == i {
					own = append(own, n&(1<<32-1))
				}
			}
			set, err := x.Images(ctx, own)
			if err != nil {
				yield("", err)
				return
			}
			for d, err := range set.Digests(ctx) {
				if !yield(d, err) || err != nil {
					return
				}
			}
		}
	}
}

// merge returns an index of the live images of generations, and its file.
func (g generations) merge(ctx context.Context, gone func(digest string) bool) (*catalog.Index, []byte, error) {
	var b catalog.IndexBuilder
	for _, x := range slices.Backward(g) {
		if err := b.AddIndex(ctx, x, gone); err != nil {
			return nil, nil, err
		}
	}
	return built(&b)
}
