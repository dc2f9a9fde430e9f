package inflate

const (
	historySize = 32 << 10 // the largest distance
	windowSize  = 128 << 10
	windowMask  = windowSize - 1

	maxMatch  = 258
	copySize  = 16                          // bytes in one copy
	roundSize = 2*2 + maxMatch + 2*copySize // bytes that a round of the fast loop writes at most, including what later rounds overwrite
)

type windowBuffer = [windowSize + copySize]byte

// A window holds the current chunk of output and, before it, the history that matches copy from.
type window struct {
	pos   int // the next byte to write
	start int // the start of the stream, or 0 if it has left the window
	limit int // the last position where a round may begin; tests lower it
	stop  int // the same for one run of the fast loop, at most limit
	buf   windowBuffer
}

func (w *window) reset() { w.pos, w.start, w.limit = 0, 0, windowSize-roundSize }

// slide moves the history to the front of the window to make room.
func (w *window) slide() {
	keep := min(w.pos-w.start, historySize)
	from := w.pos - keep
	copy(w.buf[:keep], w.buf[from:w.pos])
	w.pos, w.start = keep, max(w.start-from, 0)
}
