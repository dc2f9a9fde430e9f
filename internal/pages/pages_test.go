package pages

import (
	"errors"
	"fmt"
	"iter"
	"testing"
)

// count yields the numbers below n, and then an error if there is one.
func count(n int, err error) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
		if err != nil {
			yield(0, err)
		}
	}
}

func TestOf(t *testing.T) {
	failed := errors.New("failed")
	for _, test := range []struct {
		values iter.Seq2[int, error]
		stop   int // pages after which the reader stops
		want   string
	}{
		{count(0, nil), 9, ""},
		{count(2, nil), 9, "[0 1] <nil> "},
		{count(3, nil), 9, "[0 1 2] <nil> "},
		{count(7, nil), 9, "[0 1 2] <nil> [3 4 5] <nil> [6] <nil> "},
		{count(7, nil), 1, "[0 1 2] <nil> "},
		{count(7, nil), 3, "[0 1 2] <nil> [3 4 5] <nil> [6] <nil> "},
		{count(4, failed), 9, "[0 1 2] <nil> [] failed "},
		{count(0, failed), 9, "[] failed "},
	} {
		got, n := "", 0
		for page, err := range Of(test.values, 3) {
			got += fmt.Sprint(page, err, " ")
			if n++; n == test.stop {
				break
			}
		}
		if got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
