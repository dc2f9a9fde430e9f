package scan

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/hullmark/hullmark/analyzer"
)

// freeKept is the number of bytes of names and results that each scan of a Budget may keep.
const freeKept = 8 << 20

// A keeper counts the names and results that a scan keeps until it reports, and lets one scan of a Budget at a time keep more than freeKept.
// That scan waits for nothing that another scan holds while that one waits: it needs no place for its layers.
type keeper struct {
	budget         *Budget
	names, results atomic.Int64

	mu    sync.Mutex
	large chan struct{} // closed when the scan has the place in Budget.large
	has   bool
}

// enter waits until the Budget admits the scan. leave gives back what the scan has of the Budget.
func (k *keeper) enter(ctx context.Context) error {
	select {
	case k.budget.scans <- struct{}{}:
		k.large = make(chan struct{})
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (k *keeper) leave() {
	if k.has {
		<-k.budget.large
	}
	<-k.budget.scans
}

// keep counts bytes. It may wait, and returns an error if the scan has more of either kind than its limits.
func (k *keeper) keep(ctx context.Context, limits *Limits, names, results int64) error {
	n, r := k.names.Add(names), k.results.Add(results)
	switch {
	case n > limits.Names:
		return &analyzer.LimitError{What: "bytes of names in all layers", Limit: limits.Names}
	case r > limits.Results:
		return &analyzer.LimitError{What: "bytes of results of all layers", Limit: limits.Results}
	case n+r <= freeKept:
		return nil
	}
	return k.grow(ctx)
}

// grow waits until the scan has the place in Budget.large.
func (k *keeper) grow(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.has {
		return nil
	}
	select {
	case k.budget.large <- struct{}{}:
		k.has = true
		close(k.large)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// place waits for a place to read a layer, or to put a report together, and returns a function that gives it back. A caller that has a
// place must not wait for another.
func (k *keeper) place(ctx context.Context) (release func(), err error) {
	select {
	case k.budget.layers <- struct{}{}:
		return func() { <-k.budget.layers }, nil
	case <-k.large:
		return func() {}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// sizeOf returns the size of a result in bytes, about as a cache keeps it.
func sizeOf(r *analyzer.Result) int64 {
	n := int64(len(r.Fact)) + 64
	for _, list := range [][]analyzer.Package{r.Packages, r.Fragments} {
		for i := range list {
			p := &list[i]
			n += 128 + int64(len(p.Name)+len(p.Version)+len(p.Vendor)+len(p.ArchivePath))
			for _, l := range [][]string{p.Files, p.Licenses, p.Depends, p.Provides} {
				for _, s := range l {
					n += int64(len(s)) + 2
				}
			}
			for k, v := range p.Hashes {
				n += int64(len(k) + len(v))
			}
			for k, v := range p.Qualifiers {
				n += int64(len(k) + len(v))
			}
		}
	}
	for _, f := range r.Findings {
		n += int64(len(f.Rule)+len(f.Title)+len(f.Detail)) + 16
	}
	for _, d := range r.Diagnostics {
		n += int64(len(d.Message)) + 16
	}
	return n
}
