package interval_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/hullmark/hullmark/db/feed/internal/interval"
	"github.com/hullmark/hullmark/matcher/version"
)

// has says whether a version, one digit, is in an interval.
func has(i interval.Interval, v string) bool {
	return (i.Low == "" || v > i.Low || v == i.Low && !i.After) && (i.High == "" || v < i.High || v == i.High && i.Inclusive)
}

// TestSets compares intersections and what is outside with the same, version by version.
func TestSets(t *testing.T) {
	scheme, _ := version.For("deb")
	set := interval.Set{Scheme: scheme}
	digit := func() string { return fmt.Sprint(1 + rand.N(8)) }
	for range 20_000 {
		list := make([]interval.Interval, rand.N(5))
		for i := range list {
			if rand.N(4) > 0 {
				list[i].Low, list[i].After = digit(), rand.N(2) == 0
			}
			if rand.N(4) > 0 {
				list[i].High, list[i].Inclusive = digit(), rand.N(2) == 0
			}
		}
		all, err := set.Intersect(list...)
		if err != nil && !errors.Is(err, interval.ErrEmpty) {
			t.Fatal(err)
		}
		out, outErr := set.Outside(list)
		if outErr != nil {
			t.Fatal(outErr)
		}
		for v := range 10 {
			v := fmt.Sprint(v)
			in, any, outside := true, false, false
			for _, i := range list {
				in, any = in && has(i, v), any || has(i, v)
			}
			for _, i := range out {
				outside = outside || has(i, v)
			}
			if got := err == nil && has(all, v); got != in {
				t.Fatalf("%s in all of %+v: got %v, in %+v", v, list, got, all)
			}
			if outside == any {
				t.Fatalf("%s outside of %+v: got %v, in %+v", v, list, outside, out)
			}
		}
	}
}

func TestCompare(t *testing.T) {
	for op, want := range map[string]interval.Interval{
		"<": {High: "1"}, "<=": {High: "1", Inclusive: true}, ">": {Low: "1", After: true}, ">=": {Low: "1"}, "=": {Low: "1", High: "1", Inclusive: true},
	} {
		if got, err := interval.Compare(op, "1"); err != nil || got != want {
			t.Errorf("%s: %+v, %v", op, got, err)
		}
	}
	if _, err := interval.Compare("~", "1"); err == nil {
		t.Error("~ is accepted")
	}
	scheme, _ := version.For("deb")
	set := interval.Set{Scheme: scheme}
	if _, err := set.Intersect(interval.Interval{Low: ":"}); !errors.Is(err, version.ErrInvalid) {
		t.Error(err)
	}
}
