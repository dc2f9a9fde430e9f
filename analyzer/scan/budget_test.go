package scan_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

// keeping notes the bytes of file contents that analyzers have at a time, and how many work.
func keeping(bytes, most, workers, mostWorkers *atomic.Int64) analyzer.Analyzer {
	grow := func(now, most *atomic.Int64, n int64) {
		v := now.Add(n)
		for m := most.Load(); v > m && !most.CompareAndSwap(m, v); m = most.Load() {
		}
	}
	return analyzer.Func(analyzer.Info{Name: "keeping", Version: 1, Patterns: []string{"**/*.blob"}}, func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
		grow(bytes, most, f.Size())
		grow(workers, mostWorkers, 1)
		defer bytes.Add(-f.Size())
		defer workers.Add(-1)
		time.Sleep(100 * time.Microsecond)
		return &analyzer.Result{Packages: []analyzer.Package{{Type: "generic", Name: f.Path, Version: fmt.Sprint(f.Size())}}}, nil
	})
}

// TestBudget runs 200 scans at once in one process, of Scanners of their own, which share a Budget: memory stays within what
// it says, and every report is the one that a scan alone makes.
func TestBudget(t *testing.T) {
	leak.Check(t)
	random := rand.New(rand.NewPCG(1, 2))
	var images []v1.Image
	for i := range 4 {
		var layers []*imagetest.Layer
		for k := range 3 {
			l := new(imagetest.Layer)
			for n := range 6 {
				content := make([]byte, 256<<10+random.IntN(256<<10))
				l.File(fmt.Sprintf("opt/%d-%d-%d.blob", i, k, n), string(content))
			}
			layers = append(layers, l)
		}
		img, err := imagetest.Image(layers...)
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, img)
	}
	const memory, parallel, scans = 2 << 20, 2, 200
	var now, most, workers, mostWorkers atomic.Int64
	describe := func(r *analyzer.Report) string {
		var list []string
		for _, c := range r.Components {
			list = append(list, fmt.Sprint(c.PURL, c.Layer))
		}
		return strings.Join(list, "\n")
	}
	var want []string
	for _, img := range images {
		r, err := scan.Scanner{Analyzers: []analyzer.Analyzer{keeping(&now, &most, &workers, &mostWorkers)}}.Scan(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, describe(r))
	}
	most.Store(0)
	mostWorkers.Store(0)

	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	before, peak := stats.HeapAlloc, uint64(0)
	budget := &scan.Budget{Memory: memory, Parallel: parallel}
	done := make(chan struct{})
	var sampling, scanning sync.WaitGroup
	sampling.Go(func() {
		for {
			runtime.ReadMemStats(&stats)
			peak = max(peak, stats.HeapAlloc)
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	for i := range scans {
		scanning.Go(func() {
			s := scan.Scanner{Analyzers: []analyzer.Analyzer{keeping(&now, &most, &workers, &mostWorkers)}, Budget: budget, Parallel: 4}
			r, err := s.Scan(t.Context(), images[i%len(images)])
			if err != nil {
				t.Error(err)
			} else if describe(r) != want[i%len(images)] {
				t.Errorf("scan %d reports something else than alone", i)
			}
		})
	}
	scanning.Wait()
	close(done)
	sampling.Wait()
	// Contents; for each layer that is read 4 MiB of its buffers; 100 KiB a scan; and as much again, uncollected.
	bound := uint64(2 * (memory + parallel*(4<<20) + scans*(100<<10)))
	t.Logf("%d MiB of contents at once, %d analyzers, %d MiB of heap, bound %d MiB", most.Load()>>20, mostWorkers.Load(), (peak-min(before, peak))>>20, bound>>20)
	if most.Load() > memory {
		t.Errorf("%d bytes of contents at once, more than %d", most.Load(), int64(memory))
	}
	if mostWorkers.Load() > parallel {
		t.Errorf("%d analyzers at once", mostWorkers.Load())
	}
	if peak > before+bound {
		t.Errorf("%d bytes of heap, more than %d", peak-before, bound)
	}
}

// Scans that wait for others' share of a Budget end when they are cancelled.
func TestBudgetCancel(t *testing.T) {
	leak.Check(t)
	img, err := imagetest.Image(new(imagetest.Layer).File("a.blob", "a"))
	if err != nil {
		t.Fatal(err)
	}
	budget := &scan.Budget{Parallel: 1}
	started, stop := make(chan struct{}), make(chan struct{})
	holds := analyzer.Func(analyzer.Info{Name: "holds", Version: 1, Patterns: []string{"**/*.blob"}}, func(context.Context, *analyzer.File) (*analyzer.Result, error) {
		close(started)
		<-stop
		return nil, nil
	})
	var first sync.WaitGroup
	first.Go(func() {
		if _, err := (scan.Scanner{Analyzers: []analyzer.Analyzer{holds}, Budget: budget}).Scan(t.Context(), img); err != nil {
			t.Error(err)
		}
	})
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	var waiting sync.WaitGroup
	errs := make([]error, 50)
	for i := range errs {
		waiting.Go(func() {
			_, errs[i] = scan.Scanner{Analyzers: []analyzer.Analyzer{holds}, Budget: budget}.Scan(ctx, img)
		})
	}
	waiting.Wait()
	close(stop)
	first.Wait()
	if i := slices.IndexFunc(errs, func(err error) bool { return !errors.Is(err, context.Canceled) }); i >= 0 {
		t.Errorf("error %v", errs[i])
	}
}
