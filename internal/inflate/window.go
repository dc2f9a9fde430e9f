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
	buf   *windowBuffer
}

func (w *window) reset() { *w = window{limit: windowSize - roundSize} }

// slide moves the history to the front of a buffer, which may be the current one, to make room.
func (w *window) slide(to *windowBuffer) {
	keep := min(w.pos-w.start, historySize)
	from := w.pos - keep
	if keep > 0 {
		copy(to[:keep], w.buf[from:w.pos])
	}
	w.buf, w.pos, w.start = to, keep, max(w.start-from, 0)
}
