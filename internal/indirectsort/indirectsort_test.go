package indirectsort_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hullmark/hullmark/internal/indirectsort"
)

func TestSort(t *testing.T) {
	type element struct{ key, place int }
	for n := range 50 {
		list := make([]element, n)
		for i := range list {
			list[i] = element{rand.IntN(10), i}
		}
		want := slices.Clone(list)
		slices.SortStableFunc(want, func(a, b element) int { return cmp.Compare(a.key, b.key) })
		indirectsort.Sort(list, func(a, b *element) int { return cmp.Compare(a.key, b.key) })
		if !slices.Equal(list, want) {
			t.Fatalf("got %v, want %v", list, want)
		}
	}
}
