package analyzer_test

import (
	"errors"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

func TestHold(t *testing.T) {
	f := analyzer.NewFile("a", 0o644, nil)
	for _, step := range []struct {
		n    int64
		fits bool
	}{{100 << 20, true}, {29 << 20, false}, {28 << 20, true}, {-128 << 20, true}, {-1, true}, {128 << 20, true}, {-128 << 20, true}, {1, true}} {
		if err := f.Hold(t.Context(), step.n); errors.Is(err, analyzer.ErrTooLarge) == step.fits || err != nil == step.fits {
			t.Errorf("%d: %v", step.n, err)
		}
	}
	for range 6 {
		f.Hold(t.Context(), 127<<20)
		f.Hold(t.Context(), -127<<20)
	}
	if err := f.Hold(t.Context(), 127<<20); !errors.Is(err, analyzer.ErrTooLarge) {
		t.Errorf("more than a gigabyte in all: %v", err)
	}
}
