// Package gctuning sets when the garbage collector of a command runs. Libraries leave that to the program.
package gctuning

import (
	"math"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// free is the heap in bytes up to which nothing is collected. A scan from the cache allocates less.
	free = 40 << 20

	// gap is the size of the heap in bytes, beyond free, without huge pages, since most scans end there and a huge page counts whole.
	gap = 16 << 20

	// window is the size of the heap in bytes, beyond gap, with huge pages. The largest windows of zstd have 128 MiB and are read once, so that
	// page faults would take two thirds of the time.
	window = 256 << 20

	// bound is the memory in bytes near which Go collects all the same, unless more is in use. follow may run late on a busy machine.
	bound = 160 << 20
)

// Start lets the heap grow to 40 MiB before the first collection, and then to 40 MiB or an eighth more than is in use, whichever is more.
// By default, Go collects at 4 MiB, and then at twice the bytes in use: seven times during a scan from the cache, which takes a sixth of
// its time, and with two windows of zstd not before 85 MB. Start sets GOGC and GOMEMLIMIT
// for this, and changes neither if it is not at its default. It also asks for huge pages, because page faults take half of a scan from the cache.
func Start() {
	const minimum = 4 << 20 // bytes of the first collection at 100 percent
	set := debug.SetGCPercent(-1)
	if set != 100 || debug.SetMemoryLimit(-1) != math.MaxInt64 {
		debug.SetGCPercent(set)
		return
	}
	requestHugePages(free, gap, window)
	debug.SetGCPercent(100 * free / minimum)
	debug.SetMemoryLimit(bound)
	done, _ := collections()
	go adjustAfterCollections(done)
}

// adjustAfterCollections sets the size of the heap for the next collection after each one. A cleanup or a finalizer would tell of a collection without
// asking, but runs when its memory is swept, which may be much later on a busy machine.
func adjustAfterCollections(last uint64) {
	const interval = time.Millisecond
	for ; ; time.Sleep(interval) {
		if n, used := collections(); n != last {
			last = n
			debug.SetGCPercent(percent(used))
			debug.SetMemoryLimit(max(bound, int64(used+used/2)))
		}
	}
}

// collections returns how many collections there were, and the bytes that were in use after the last one.
func collections() (n, used uint64) {
	samples := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64(), samples[1].Value.Uint64()
}

// percent returns how much the heap may grow beyond the bytes in use.
func percent(live uint64) int {
	const most = 400
	if live >= free*4/5 {
		return 12
	}
	return min(int(100*(free-live)/max(live, 1)), most)
}
