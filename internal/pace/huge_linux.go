package pace

import (
	"runtime"
	"syscall"
)

// huge asks the kernel for huge pages in the next n bytes of the heap. Without them, every 4 KiB costs a page fault. Many systems give
// huge pages only on request. A kernel without huge pages, or with them switched off, ignores or refuses the request, and nothing changes.
//
// The runtime has no call for this. The slice is never written to, so it takes addresses but no memory. The collection frees them for other
// objects.
func huge(n int) {
	syscall.Madvise(make([]byte, n), syscall.MADV_HUGEPAGE)
	runtime.GC()
}
