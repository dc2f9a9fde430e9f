package scan_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

// Of many scans that each need more than their share, in every way there is, none waits for ever, and each finds what it finds alone.
func TestLargeScansEnd(t *testing.T) {
	leak.Check(t)
	long := strings.Repeat("x", 5<<20) // shared by all results, so that it counts but takes no memory
	greedy := analyzer.Func(
		analyzer.Info{Name: "greedy", Version: 1, Patterns: []string{"**/*.blob"}, Siblings: []string{"beside"}},
		func(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) { return hoard(ctx, f, long) })
	alone := analyzer.Func(
		analyzer.Info{Name: "alone", Version: 1, Patterns: []string{"**/*.bin"}},
		func(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) { return hoard(ctx, f, long) })
	random := rand.New(rand.NewPCG(3, 4))
	var images []v1.Image
	for i := range 6 {
		var layers []*imagetest.Layer
		for range 3 {
			l := new(imagetest.Layer)
			for n := range 4 {
				dir := fmt.Sprintf("%d/%d", i, n)
				l.File(dir+"/a.bin", strings.Repeat("a", random.IntN(400<<10)))
				l.File(dir+"/a.blob", strings.Repeat("b", random.IntN(3<<20)))
				l.File(dir+"/beside", strings.Repeat("c", random.IntN(3<<20)))
			}
			layers = append(layers, l)
		}
		img, err := imagetest.Image(layers...)
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, img)
	}
	analyzers := []analyzer.Analyzer{greedy, alone}
	var want []string
	for _, img := range images {
		r, err := scan.Scanner{Analyzers: analyzers}.Scan(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, findings(r))
	}
	scans := 30
	if testing.Short() {
		scans = 12
	}
	for name, cache := range map[string]scan.Cache{"no cache": nil, "memory": scan.NewMemCache(0), "directory": scan.NewDirCache(t.TempDir(), 0)} {
		for _, parallel := range []int{1, 3} {
			t.Run(fmt.Sprint(name, " ", parallel), func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				budget := &scan.Budget{Memory: 1 << 20, Parallel: parallel}
				var group sync.WaitGroup
				for n := range scans {
					group.Go(func() {
						s := scan.Scanner{Analyzers: analyzers, Budget: budget, Cache: cache, Parallel: 3}
						r, err := s.Scan(ctx, images[n%len(images)])
						if err != nil {
							t.Error(err)
						} else if got := findings(r); got != want[n%len(images)] {
							t.Errorf("image %d: got\n%s\nwant\n%s", n%len(images), got, want[n%len(images)])
						}
					})
				}
				group.Wait()
			})
		}
	}
}

// hoard holds more than its share for large files, and has a large result for some.
func hoard(ctx context.Context, f *analyzer.File, long string) (*analyzer.Result, error) {
	if err := f.Hold(ctx, 4<<20); err != nil {
		return nil, err
	}
	if f.Size()%3 == 0 {
		if err := f.Hold(ctx, 5<<20); err != nil {
			return nil, err
		}
	}
	time.Sleep(time.Millisecond)
	detail := "small"
	if f.Size()%5 == 0 {
		detail = long
	}
	return &analyzer.Result{Findings: []analyzer.Finding{{Rule: "r", Title: fmt.Sprint(f.Path, f.Size()), Detail: detail}}}, nil
}

func findings(r *analyzer.Report) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintln(&b, f.Title, len(f.Detail), f.Layer)
	}
	return b.String()
}
