package scan_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/internal/testing/hostile"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// TestResults asks that the memory of results is limited by the stored bytes of an image, in time: files with equal packages compress to nothing.
func TestResults(t *testing.T) {
	corpus.Slow(t)
	var calls atomic.Int32
	counted := analyzer.Func(lists.Info(), func(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
		calls.Add(1)
		return lists.Analyze(ctx, f)
	})
	equal := strings.Repeat("p 1\n", 20_000)
	files := func(layer int) *imagetest.Layer {
		l := new(imagetest.Layer)
		for i := range 100 {
			l.File(fmt.Sprint(layer, "/", i, ".list"), equal)
		}
		return l
	}
	linked := new(imagetest.Layer).File("0.list", equal)
	for i := range 100 {
		linked.Hardlink(fmt.Sprint("links/", i, ".list"), "0.list")
	}
	var numbered strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&numbered, "p%d 1\n", i)
	}
	cache := scan.NewMemCache(0)
	for _, c := range []struct {
		name    string
		layers  []*imagetest.Layer
		refused bool
	}{
		{"equal packages in one layer", []*imagetest.Layer{files(0)}, true},
		{"equal packages in layers", []*imagetest.Layer{files(0), files(1), files(2)}, true},
		{"many names of a file", []*imagetest.Layer{linked}, true},
		{"200,000 different packages", []*imagetest.Layer{new(imagetest.Layer).File("a.list", numbered.String())}, false},
		{"the same from the cache", []*imagetest.Layer{new(imagetest.Layer).File("a.list", numbered.String())}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			calls.Store(0)
			img := bombImage(t, c.layers)
			peak := hostile.Peak(func() {
				found, err := scan.Scanner{Analyzers: []analyzer.Analyzer{counted}, Cache: cache}.Scan(t.Context(), img)
				var limit *analyzer.LimitError
				switch {
				case c.refused && (!errors.As(err, &limit) || !strings.Contains(limit.What, "results")):
					t.Errorf("not refused: %v", err)
				case !c.refused && (err != nil || len(found.Components) != 200_000):
					t.Error(err)
				}
			})
			t.Logf("%d MiB, %d files analyzed", peak>>20, calls.Load())
			if c.refused && (peak > 200<<20 || calls.Load() > 30) {
				t.Errorf("not refused until %d MiB of heap and %d files", peak>>20, calls.Load())
			}
		})
	}
}

// TestResultsFromCache asks that layers from a cache count as much as layers that are read.
func TestResultsFromCache(t *testing.T) {
	cache := scan.NewMemCache(0)
	var all []v1.Layer
	for k := range 4 {
		raw, err := new(imagetest.Layer).File(fmt.Sprint(k, ".list"), strings.Repeat("p 1\n", 30_000)).Bytes()
		if err != nil {
			t.Fatal(err)
		}
		stored := gz(t, raw)
		l := countedLayer{blob(t, stored, raw), stored, new(atomic.Int32)}
		if _, err := (scan.Scanner{Analyzers: []analyzer.Analyzer{lists}, Cache: cache}).Scan(t.Context(), imageOf(t, l)); err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	_, err := scan.Scanner{Analyzers: []analyzer.Analyzer{lists}, Cache: cache}.Scan(t.Context(), imageOf(t, all...))
	var limit *analyzer.LimitError
	if !errors.As(err, &limit) {
		t.Errorf("four layers of 8 MB of results each, from a cache: %v", err)
	}
}
