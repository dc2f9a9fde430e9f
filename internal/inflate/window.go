package inflate

const (
	historySize = 32 << 10 // how far back a distance reaches
	windowSize  = 128 << 10
	windowMask  = windowSize - 1

	maxMatch  = 258
	copySize  = 16                          // bytes that are copied at once
	roundSize = 2*2 + maxMatch + 2*copySize // bytes that a round of the fast loop writes at most; it may copy too many
)

// A window holds the output until it is handed on, and before that the history that distances refer to.
type window struct {
	pos   int // of the next byte
	start int // of the stream: bytes before it are not its history
	limit int // the last position at which a round may begin; tests lower it
	stop  int // at most limit: where the fast loop is to stop this time
	buf   [windowSize + copySize]byte
}

func (w *window) reset() { w.pos, w.start, w.limit = 0, 0, windowSize-roundSize }

// slide moves the history to the front, which makes room.
func (w *window) slide() {
	keep := min(w.pos-w.start, historySize)
	from := w.pos - keep
	copy(w.buf[:keep], w.buf[from:w.pos])
	w.pos, w.start = keep, max(w.start-from, 0)
}

// room returns what may be written to.
func (w *window) room() []byte { return w.buf[w.pos : w.limit+1] }
