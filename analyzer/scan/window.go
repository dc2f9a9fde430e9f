package scan

import (
	"context"
	"runtime/debug"
)

const (
	// freeWindow is the size in bytes of the window with which any number of layers may be decompressed at once. Most encoders use less.
	freeWindow = 8 << 20

	// hugeWindow is the size of a window whose memory goes back to the operating system. Small objects that then lie in it would force the
	// next such window elsewhere.
	hugeWindow = 32 << 20
)

// windows returns a function that waits until a layer may be decompressed with a window, and one to call when the layer is read.
func windows(ctx context.Context, s *layerShare) (wait func(bytes int64) error, release func()) {
	most := int64(0)
	wait = func(bytes int64) error {
		most = max(most, bytes)
		if bytes <= freeWindow {
			return nil
		}
		return s.grow(ctx)
	}
	release = func() {
		if most >= hugeWindow {
			debug.FreeOSMemory()
		}
	}
	return wait, release
}
