package scan

import (
	"runtime"
	"sync"

	"golang.org/x/sync/semaphore"
)

// A Budget bounds the memory and the work of any number of scans in one process, of one Scanner or of many. It changes when
// a scan reports, not what. The zero value has the default bounds. After its first use, a Budget must not be copied and its
// fields must not change.
type Budget struct {
	// Memory is the number of bytes of file contents that all scans hold at once; 128 MiB. [Limits] lists the other memory of a scan. Each scan may
	// hold 8 MiB of names and results, each analyzer at work 8 MiB, and each layer 8 MiB of files that are analyzed together and of windows. One scan
	// at a time holds more of these, and a quarter more of file contents. Others wait.
	Memory int64

	// Parallel is the number of layers read at once, and of analyzers working at once; GOMAXPROCS. One scan more than
	// that is in progress at once. Others wait before they hold anything.
	Parallel int

	once    sync.Once
	size    int64               // Memory or its default
	memory  *semaphore.Weighted // bytes of file contents
	layers  chan struct{}       // a place for each layer, or file system, that is read
	workers chan struct{}       // a place for each analyzer at work
	scans   chan struct{}       // a place for each scan in progress
	buffers bufferPool

	large        chan struct{}       // a place for the large scan
	largeSize    int64               // bytes of file contents that it may hold besides
	largeMemory  *semaphore.Weighted // bounds largeSize
	largeWorkers chan struct{}       // more places for its analyzers at work
}

// largePart is the part of Budget.Memory that the large scan may hold besides.
const largePart = 4

// start makes the budget ready for use.
func (b *Budget) start() {
	b.once.Do(func() {
		b.size = Limits{Memory: b.Memory}.withDefaults().Memory
		parallel := b.Parallel
		if parallel <= 0 {
			parallel = runtime.GOMAXPROCS(0)
		}
		b.largeSize = max(b.size/largePart, 1)
		b.memory, b.largeMemory = semaphore.NewWeighted(b.size), semaphore.NewWeighted(b.largeSize)
		b.layers, b.workers, b.largeWorkers = make(chan struct{}, parallel), make(chan struct{}, parallel), make(chan struct{}, parallel)
		b.scans, b.large = make(chan struct{}, parallel+1), make(chan struct{}, 1)
	})
}
