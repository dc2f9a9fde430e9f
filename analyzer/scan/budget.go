package scan

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync"

	"golang.org/x/sync/semaphore"
)

// A Budget bounds the memory and the work of any number of scans in one process, of one Scanner or of many. It changes when
// a scan reports, not what. The zero value has the default bounds. After its first use, a Budget must not be copied and its
// fields must not change.
type Budget struct {
	Memory   int64 // bytes of file contents that all scans hold at once; 128 MiB. [Limits] lists what else a scan holds.
	Parallel int   // layers read at once, and analyzers working at once; GOMAXPROCS

	once    sync.Once
	size    int64               // Memory or its default
	memory  *semaphore.Weighted // bytes of file contents
	layers  chan struct{}       // a place for each layer, or file system, that is read
	workers chan struct{}       // a place for each analyzer at work
	alone   chan struct{}       // see content.Account
	window  chan struct{}       // a place for the one layer that is decompressed with a large window
	buffers bufferPool
}

// start makes the budget ready for use.
func (b *Budget) start() {
	b.once.Do(func() {
		b.size = Limits{Memory: b.Memory}.withDefaults().Memory
		parallel := b.Parallel
		if parallel <= 0 {
			parallel = runtime.GOMAXPROCS(0)
		}
		b.memory, b.alone, b.window = semaphore.NewWeighted(b.size), make(chan struct{}, 1), make(chan struct{}, 1)
		b.layers, b.workers = make(chan struct{}, parallel), make(chan struct{}, parallel)
	})
}

// place waits for a place to read a layer, or to put a report together, and returns a function that gives it back. A caller
// that has a place must not wait for another.
func (b *Budget) place(ctx context.Context) (release func(), err error) {
	select {
	case b.layers <- struct{}{}:
		return func() { <-b.layers }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

const (
	// freeWindow is the size in bytes of the window with which any number of layers may be decompressed at once. Most encoders use less.
	freeWindow = 8 << 20

	// hugeWindow is the size of a window whose memory goes back to the operating system. Small objects that then lie in it would force the
	// next such window elsewhere.
	hugeWindow = 32 << 20
)

// windows returns a function that waits until a layer may be decompressed with a window, and one to call when the layer is read. Windows
// above freeWindow are taken one at a time. A layer that has one waits for no other.
func (b *Budget) windows(ctx context.Context) (wait func(bytes int64) error, release func()) {
	held, most := false, int64(0)
	wait = func(bytes int64) error {
		most = max(most, bytes)
		if held || bytes <= freeWindow {
			return nil
		}
		select {
		case b.window <- struct{}{}:
			held = true
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	release = func() {
		if most >= hugeWindow {
			debug.FreeOSMemory()
		}
		if held {
			<-b.window
		}
	}
	return wait, release
}
