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

// windows returns a function that waits until a layer may be decompressed with a window, and one to call when the layer is read. Windows
// above freeWindow are taken one at a time, by the layers of the scan that may keep much: it waits for no scan that waits for it.
func (k *keeper) windows(ctx context.Context) (wait func(bytes int64) error, release func()) {
	held, most := false, int64(0)
	wait = func(bytes int64) error {
		most = max(most, bytes)
		if held || bytes <= freeWindow {
			return nil
		}
		if err := k.grow(ctx); err != nil {
			return err
		}
		select {
		case k.budget.window <- struct{}{}:
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
			<-k.budget.window
		}
	}
	return wait, release
}
