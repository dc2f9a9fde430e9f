package gctuning

import (
	"runtime"
	"syscall"
)

// requestHugePages asks the kernel for huge pages in the first n bytes of the heap, skips gap bytes, and asks for more after them. Without huge pages, every
// 4 KiB costs a page fault. Many systems give huge pages only on request. A kernel without huge pages, or with them switched off, ignores
// or refuses the request, and nothing changes.
//
// The runtime has no call for this. The slices are never written to, so they take addresses but no memory. The collection frees them for
// other objects.
func requestHugePages(n, gap, more int) {
	syscall.Madvise(make([]byte, n), syscall.MADV_HUGEPAGE)
	between := make([]byte, gap)
	syscall.Madvise(make([]byte, more), syscall.MADV_HUGEPAGE)
	runtime.KeepAlive(between)
	runtime.GC()
}
