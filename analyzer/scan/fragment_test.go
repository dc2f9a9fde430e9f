package scan

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The union of ordered lists is what sorting both together gives, and costs no memory where one has all of the other.
func TestUnion(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	random := func() []string {
		var list []string
		for range rng.IntN(8) {
			list = append(list, string(rune('a'+rng.IntN(10))))
		}
		return list
	}
	for range 10_000 {
		a, b := random(), random()
		want := slices.Concat(a, b)
		slices.Sort(want)
		want = slices.Compact(want)
		keep := strings.Join(a, "") + strings.Join(b, "")
		if got := union(sortedFiles(a), sortedFiles(b)); !slices.Equal(got, want) {
			t.Fatalf("%q and %q: %q, want %q", a, b, got, want)
		}
		if strings.Join(a, "")+strings.Join(b, "") != keep {
			t.Fatalf("%q and %q were changed", a, b)
		}
	}
	all, some := []string{"a", "b", "c"}, []string{"a", "c"}
	if n := testing.AllocsPerRun(10, func() { union(all, some); union(some, all) }); n != 0 {
		t.Errorf("%v allocations where nothing is new", n)
	}
}
