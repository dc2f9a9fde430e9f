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
	// Memory is the number of bytes of file contents that all scans hold at once; 128 MiB. [Limits] lists what else a scan holds. Of this, a scan
	// holds 8 MiB of names and results; one scan at a time holds more.
	Memory int64

	// Parallel is the number of layers read at once, and of analyzers working at once; GOMAXPROCS. One scan more than
	// that is in progress at once. Others wait before they hold anything.
	Parallel int

	once    sync.Once
	size    int64               // Memory or its default
	memory  *semaphore.Weighted // bytes of file contents
	layers  chan struct{}       // a place for each layer, or file system, that is read
	workers chan struct{}       // a place for each analyzer at work
	alone   chan struct{}       // see content.Account
	window  chan struct{}       // a place for the one layer that is decompressed with a large window; its scan is the large one
	scans   chan struct{}       // a place for each scan in progress
	large   chan struct{}       // a place for the one scan that keeps more than freeKept
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
		b.scans, b.large = make(chan struct{}, parallel+1), make(chan struct{}, 1)
	})
}
