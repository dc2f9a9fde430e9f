package scan_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/internal/testing/hostile"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

// TestBombsShareBudget runs 300 scans at once with one Budget of 128 MiB. Some images are small when sent and large when read. All scans
// together stay below 512 MiB, end, and find what is in the honest images.
func TestBombsShareBudget(t *testing.T) {
	corpus.Slow(t)
	leak.Check(t)
	names, deep, results := new(imagetest.Layer), new(imagetest.Layer), new(imagetest.Layer)
	for i := range 60_000 {
		names.File(fmt.Sprintf("%d/%s/.wh.x", i, strings.Repeat(strings.Repeat("n", 199)+"/", 10)), "")
	}
	for i := range 3000 {
		deep.File(fmt.Sprintf("%d/%s/a.list", i, strings.Repeat("d/", 250)), "p 1\n")
	}
	var list strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&list, "p%d 1\n", i)
	}
	results.File("a.list", list.String())
	var content bytes.Buffer
	w, err := zstd.NewWriter(&content, zstd.WithWindowSize(128<<20), zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	padded, err := new(imagetest.Layer).File("padding", strings.Repeat("\x00", 130<<20)).File("w.list", "window 1\n").Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(padded); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	image := func(stored, raw []byte) v1.Image {
		return imageOf(t, countedLayer{blob(t, stored, raw), stored, new(atomic.Int32)})
	}
	bombs := []v1.Image{image(content.Bytes(), padded)}
	for _, l := range []*imagetest.Layer{names, deep, results} {
		raw, err := l.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		bombs = append(bombs, image(gz(t, raw), raw))
	}
	padded, w, names, deep, results = nil, nil, nil, nil, nil
	list.Reset()
	honest, err := imagetest.Image(new(imagetest.Layer).File("a.list", "a 1\nb 2\n"), new(imagetest.Layer).File("c.list", "c 3\n"))
	if err != nil {
		t.Fatal(err)
	}
	debug.FreeOSMemory()
	counted := analyzer.Func(lists.Info(), func(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
		if err := f.Hold(ctx, 30*f.Size()); err != nil { // about what the packages of a list take
			return nil, err
		}
		return lists.Analyze(ctx, f)
	})
	budget := &scan.Budget{Memory: 128 << 20}
	var refused atomic.Int32
	peak := hostile.Peak(func() {
		var group sync.WaitGroup
		for i := range 300 {
			group.Go(func() {
				s := scan.Scanner{Analyzers: []analyzer.Analyzer{counted}, Budget: budget}
				if i%10 == 0 {
					_, err := s.Scan(t.Context(), bombs[i/10%len(bombs)])
					var limit *analyzer.LimitError
					if errors.As(err, &limit) {
						refused.Add(1)
					} else if err != nil {
						t.Errorf("bomb: %v", err)
					}
					return
				}
				r, err := s.Scan(t.Context(), honest)
				if err != nil || len(r.Components) != 3 {
					t.Errorf("honest image: %v, %v", r, err)
				}
			})
		}
		group.Wait()
	})
	t.Logf("%d MiB, %d scans refused", peak>>20, refused.Load())
	if peak > 512<<20 {
		t.Errorf("%d MiB of heap", peak>>20)
	}
}
