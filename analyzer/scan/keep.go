package scan

import (
	"context"
	"sync/atomic"
	"unsafe"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
)

// freeKept is the number of bytes of names and results that each scan of a Budget may keep.
const freeKept = 8 << 20

// An image may have freeResults bytes of results, and resultsRatio for each stored byte. Package databases of real images have 3 to 25, made ones
// that count from 1 up to 60. Equal packages compress to a byte for 160,000 bytes of results.
const (
	freeResults  = 16 << 20
	resultsRatio = 112
)

// A keeper counts the names and results that a scan keeps until it reports. A scan that keeps more than freeKept is the large one of its Budget
// until then.
type keeper struct {
	largeScan
	names, results atomic.Int64
	most           int64 // bytes of results

	keeping chan struct{} // guards much
	much    bool          // the scan is the large one until it reports
}

func (k *keeper) start(b *Budget, results int64) {
	k.most = results
	k.largeScan.start(b, k.checkLimit)
	k.keeping = make(chan struct{}, 1)
}

// limitResults limits the bytes of results by the stored bytes of layers, if all are known.
func (k *keeper) limitResults(layers []walk.Layer) {
	stored := int64(0)
	for _, l := range layers {
		_, size := l.Extent()
		if size < 0 {
			return
		}
		stored += size
	}
	if stored < k.most/resultsRatio {
		k.most = min(k.most, freeResults+resultsRatio*stored)
	}
}

// enter waits until the Budget admits the scan. leave gives back the scan's part of the Budget.
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

// checkLimit returns an error if there are more bytes of results than the limit.
func (k *keeper) checkLimit() error {
	if k.results.Load() > k.most {
		return &analyzer.LimitError{What: "bytes of results of all layers", Limit: k.most}
	}
	return nil
}

// keep counts bytes. It may wait, and returns an error if the scan has more of either kind than its limits.
func (k *keeper) keep(ctx context.Context, limits *Limits, names, results int64) error {
	n, r := k.names.Add(names), k.results.Add(results)
	if n > limits.Names {
		return &analyzer.LimitError{What: "bytes of names in all layers", Limit: limits.Names}
	}
	if err := k.checkLimit(); err != nil || n+r <= freeKept {
		return err
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

// sizeOf returns the memory of a result in bytes, about.
func sizeOf(r *analyzer.Result) int64 {
	const mapEntry = 64 // bytes of an entry in a map of texts, about
	const finding, diagnostic = int64(unsafe.Sizeof(analyzer.Finding{})), int64(unsafe.Sizeof(analyzer.Diagnostic{}))
	n := int64(len(r.Fact)) + int64(unsafe.Sizeof(fileResult{}))
	for _, list := range [][]analyzer.Package{r.Packages, r.Fragments} {
		for i := range list {
			n += membudget.SizeOf(&list[i])
		}
		n += int64(cap(list)-len(list)) * membudget.PackageSize
	}
	for _, f := range r.Findings {
		n += finding + int64(len(f.Rule)+len(f.Title)+len(f.Detail))
	}
	for _, record := range r.Records {
		n += int64(unsafe.Sizeof(record)) + int64(len(record.Kind)+len(record.Key))
		for key, value := range record.Fields {
			n += mapEntry + int64(len(key)+len(value))
		}
	}
	for _, d := range r.Diagnostics {
		n += diagnostic + int64(len(d.Message))
	}
	return n
}

// resultsSize returns the memory of the results of a layer in bytes, about.
func (d *layerData) resultsSize() (n int64) {
	for _, list := range d.Results {
		for i := range list {
			n += sizeOf(&list[i].Result)
		}
	}
	return n
}
