package main

import (
	"runtime"
	"runtime/debug"
)

// firstCollection is the heap in bytes at which the garbage collector runs for the first time. A scan from the cache ends before that.
const firstCollection = 40 << 20

// delayCollection lets the garbage collector begin only when the heap has firstCollection bytes. By default, it runs seven times on the way
// there, which takes a sixth of the time of a scan from the cache. Afterwards the defaults apply, or the variables GOGC and GOMEMLIMIT.
func delayCollection() {
	limit := debug.SetMemoryLimit(-1)
	if limit <= firstCollection {
		return
	}
	percent := debug.SetGCPercent(-1)
	if percent < 0 {
		return
	}
	debug.SetMemoryLimit(firstCollection)
	// The collector finds first unused when it runs, and then calls this.
	first := new([16]byte)
	runtime.AddCleanup(first, func(limit int64) {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}, limit)
}
