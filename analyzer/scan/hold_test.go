package scan_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

// TestLargeFilesOneAtATime asks that of analyzers at work one at a time holds much, and that none waits for ever.
func TestLargeFilesOneAtATime(t *testing.T) {
	leak.Check(t)
	layer := new(imagetest.Layer)
	for i := range 40 {
		layer.File(fmt.Sprint(i, ".x"), "x")
	}
	img, err := imagetest.Image(layer)
	if err != nil {
		t.Fatal(err)
	}
	var now, most, small atomic.Int64
	a := analyzer.Func(analyzer.Info{Name: "holding", Version: 1, Patterns: []string{"**/*.x"}}, func(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
		if err := f.Hold(ctx, 4<<20); err != nil {
			return nil, err
		}
		if f.Path[0]%2 == 0 {
			small.Add(1)
			return nil, nil
		}
		if err := f.Hold(ctx, 16<<20); err != nil {
			return nil, err
		}
		most.Store(max(most.Load(), now.Add(1)))
		time.Sleep(time.Millisecond)
		now.Add(-1)
		return &analyzer.Result{Packages: []analyzer.Package{{Type: "generic", Name: f.Path, Version: "1"}}}, nil
	})
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{a}, Parallel: 8}.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	if most.Load() != 1 || small.Load() == 0 || len(report.Components)+int(small.Load()) != 40 || len(report.Diagnostics) > 0 {
		t.Errorf("%d at once, %d components, %d small, %v", most.Load(), len(report.Components), small.Load(), report.Diagnostics)
	}

	ctx, cancel := context.WithCancel(t.Context())
	stuck := analyzer.Func(a.Info(), func(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
		if err := f.Hold(ctx, 16<<20); err != nil {
			return nil, err
		}
		time.AfterFunc(10*time.Millisecond, cancel)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	if _, err := (scan.Scanner{Analyzers: []analyzer.Analyzer{stuck}, Parallel: 8}).Scan(ctx, img); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while waiting: %v", err)
	}
}
