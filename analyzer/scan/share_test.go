package scan_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

// A countedLayer counts how often it is opened.
type countedLayer struct {
	v1.Layer
	stored []byte
	opened *atomic.Int32
}

func (l countedLayer) Stored(context.Context) (io.ReadCloser, error) {
	l.opened.Add(1)
	return io.NopCloser(bytes.NewReader(l.stored)), nil
}
func (l countedLayer) StoredDigest() v1.Hash  { return v1.Hash{} }
func (l countedLayer) Extent() (int64, int64) { return 0, int64(len(l.stored)) }

// Images that are scanned at the same time, by one Scanner or several, read the layers they share once.
func TestScansShareLayers(t *testing.T) {
	for name, cache := range map[string]scan.Cache{
		"in memory":      scan.NewMemCache(0),
		"in a directory": scan.NewDirCache(t.TempDir(), 0),
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			base := rawLayer(t, "base.list", "base 1\n")
			shared := new(atomic.Int32)
			var group sync.WaitGroup
			for i := range 20 {
				own := rawLayer(t, "own.list", fmt.Sprintf("own %d\n", i))
				img := imageOf(t, countedLayer{blob(t, base, base), base, shared}, countedLayer{blob(t, own, own), own, new(atomic.Int32)})
				group.Go(func() {
					s := scan.Scanner{Analyzers: []analyzer.Analyzer{lists}, Cache: cache}
					report, err := s.Scan(t.Context(), img)
					if err != nil || len(report.Components) != 2 {
						t.Errorf("%v, %v", report, err)
					}
				})
			}
			group.Wait()
			if n := shared.Load(); n != 1 {
				t.Errorf("the shared layer was read %d times", n)
			}
		})
	}
}

// Who waits for a layer that another scan reads can be cancelled, and reads it itself if the other one fails.
func TestClaim(t *testing.T) {
	leak.Check(t)
	cache := scan.NewMemCache(0)
	release, err := cache.Claim(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := cache.Claim(ctx, "k"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if other, err := cache.Claim(ctx, "other"); err != nil {
		t.Errorf("a key that nobody holds: %v", err)
	} else {
		other()
	}
	got := make(chan func())
	go func() {
		again, err := cache.Claim(t.Context(), "k")
		if err != nil {
			t.Error(err)
		}
		got <- again
	}()
	release()
	(<-got)()
}
