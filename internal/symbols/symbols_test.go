package symbols

import (
	"fmt"
	"testing"
)

// TestSet packs sets of many sizes. Each name is in its set, and few others seem to be.
func TestSet(t *testing.T) {
	for _, n := range []int{1, 2, 100, 3_000} {
		var in, out []Hash
		for i := range n {
			in = append(in, In("net/http").Named(fmt.Sprintf("T%d.M%d", i%7, i)), In("net/http").Named("T.M")) // the second repeats
			out = append(out, In("net/http").Named(fmt.Sprintf("T%d.N%d", i%7, i)), In("").Named(fmt.Sprintf("T%d.M%d", i%7, i)), In("net").Named("T.M"))
		}
		set := Pack(append([]Hash(nil), in...))
		for _, h := range in {
			if !Has(set, []Hash{out[0], h}) {
				t.Fatalf("%d names: one is missing", n)
			}
		}
		found := 0
		for _, h := range out {
			if Has(set, []Hash{h}) {
				found++
			}
		}
		if found > 2+4*len(out)>>spareBits || len(set) > 5+3*(n+1) {
			t.Errorf("%d names: %d of %d others, %d bytes", n, found, len(out), len(set))
		}
	}
}

// FuzzHas asks that a damaged set never misses a name: it has all of them, or is the set of others.
func FuzzHas(f *testing.F) {
	whole := Pack([]Hash{In("a").Named("B"), In("a").Named("C.D"), In("e").Named("F")})
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add(whole + "x")
	f.Fuzz(func(t *testing.T, set string) {
		absent := !Has(set, []Hash{In("a").Named("B")})
		if absent && len(set) > 0 && len(set) < len(whole) && set == whole[:len(set)] {
			t.Errorf("%q, a part of a set, misses a name", set)
		}
	})
}
