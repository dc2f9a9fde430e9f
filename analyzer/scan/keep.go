package scan

import (
	"context"
	"sync/atomic"

	"github.com/hullmark/hullmark/analyzer"
)

// freeKept is the number of bytes of names and results that each scan of a Budget may keep.
const freeKept = 8 << 20

// A keeper counts the names and results that a scan keeps until it reports. A scan that keeps more than freeKept is the large one of its Budget
// until then.
type keeper struct {
	large
	names, results atomic.Int64

	keeping chan struct{} // guards much
	much    bool          // the scan is the large one until it reports
}

func (k *keeper) start(b *Budget) {
	k.large.start(b)
	k.keeping = make(chan struct{}, 1)
}

// enter waits until the Budget admits the scan. leave gives back what the scan has of the Budget.
func (k *keeper) enter(ctx context.Context) error {
	select {
	case k.budget.scans <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (k *keeper) leave() {
	if k.much {
		k.unuse()
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
	select {
	case k.keeping <- struct{}{}:
		defer func() { <-k.keeping }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if k.much {
		return nil
	}
	err := k.use(ctx)
	k.much = err == nil
	return err
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
