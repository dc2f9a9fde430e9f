package scan

import (
	"context"
	"runtime"

	"golang.org/x/sync/semaphore"
)

// A Budget is what scans have together: it bounds the memory and the work of any number of scans in one process, of one
// Scanner or of many. What a scan reports does not depend on it, only when. A Budget must not be copied.
type Budget struct {
	size    int64
	memory  *semaphore.Weighted // bytes of file contents
	layers  chan struct{}       // a place for each layer, or file system, that is read
	workers chan struct{}       // a place for each analyzer at work
	alone   chan struct{}       // see account
	buffers bufferPool
}

// NewBudget returns a Budget for so many bytes of file contents held at once (0: 128 MiB), and so many layers read and
// analyzers at work at once (0: GOMAXPROCS). What else a scan may hold is said at [Limits]; of that, what is held for a
// layer or an analyzer is bounded by their number here.
func NewBudget(memory int64, parallel int) *Budget {
	if memory <= 0 {
		memory = Limits{}.withDefaults().Memory
	}
	if parallel <= 0 {
		parallel = runtime.GOMAXPROCS(0)
	}
	return &Budget{
		size: memory, memory: semaphore.NewWeighted(memory), alone: make(chan struct{}, 1),
		layers: make(chan struct{}, parallel), workers: make(chan struct{}, parallel),
	}
}

// place waits for a place to read a layer, or to put a report together, and returns what gives it back. Whoever has one
// waits for no other.
func (b *Budget) place(ctx context.Context) (release func(), err error) {
	select {
	case b.layers <- struct{}{}:
		return func() { <-b.layers }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
