package jsonstream

import (
	"fmt"
	"io"
	"slices"
)

// A window is the part of the document that is in memory.
type window struct {
	src   io.Reader // nil for a text in memory
	err   error     // of src
	buf   []byte
	pos   int   // next byte in buf
	base  int64 // offset of buf in the document
	mark  int   // in buf, where the value begins that must stay in memory; -1 without such a value
	cost  int64 // of that value, beside its bytes
	total int64 // cost of the value that release returned last, with its bytes
	limit int64

	counts bool // spend adds up; in a text, only for a value that may exceed the limit
}

const minBuffer = 32 << 10

// fill reads more of the document behind buf. It keeps the value at mark, else nothing before pos.
func (w *window) fill() error {
	if w.src == nil {
		return io.EOF
	}
	if w.err != nil {
		return w.err
	}
	keep := w.pos
	if w.mark >= 0 {
		keep = w.mark
		if err := w.check(); err != nil {
			return err
		}
		w.mark = 0
	}
	n := copy(w.buf, w.buf[keep:])
	w.buf, w.base, w.pos = w.buf[:n], w.base+int64(keep), w.pos-keep
	if n == cap(w.buf) {
		w.buf = slices.Grow(w.buf, max(minBuffer, int(min(int64(n), w.limit-int64(n)))))
	}
	for range 100 {
		n, err := w.src.Read(w.buf[len(w.buf):cap(w.buf)])
		w.buf, w.err = w.buf[:len(w.buf)+n], err
		switch {
		case n > 0:
			return nil
		case err != nil:
			return err
		}
	}
	w.err = io.ErrNoProgress
	return w.err
}

// hold keeps the document from pos on in memory until release returns it.
func (w *window) hold() { w.mark, w.cost = w.pos, 0 }

func (w *window) release() []byte {
	held := w.buf[w.mark:w.pos]
	w.mark, w.total = -1, int64(len(held))+w.cost
	return held
}

// spend adds to the cost of the value in memory.
func (w *window) spend(n int64) error {
	if w.mark < 0 || !w.counts {
		return nil
	}
	w.cost += n
	return w.check()
}

func (w *window) check() error {
	if int64(w.pos-w.mark)+w.cost > w.limit {
		return fmt.Errorf("a value that takes more than %d bytes: %w", w.limit, ErrLimit)
	}
	return nil
}

// peek skips space and returns the next byte without reading it.
func (w *window) peek() (byte, error) {
	for {
		for w.pos < len(w.buf) {
			switch c := w.buf[w.pos]; c {
			case ' ', '\n', '\r', '\t':
				w.pos++
			case 0xEF:
				if w.base+int64(w.pos) == 0 && w.byteOrderMark() {
					continue
				}
				return c, nil
			default:
				return c, nil
			}
		}
		if err := w.fill(); err != nil {
			return 0, err
		}
	}
}

// byteOrderMark skips the mark that is at pos, if it is one.
func (w *window) byteOrderMark() bool {
	for len(w.buf) < w.pos+3 {
		if w.fill() != nil {
			return false
		}
	}
	if string(w.buf[w.pos:w.pos+3]) != "\ufeff" {
		return false
	}
	w.pos += 3
	return true
}

func (w *window) readByte() (byte, error) {
	if w.pos == len(w.buf) {
		if err := w.fill(); err != nil {
			return 0, err
		}
	}
	c := w.buf[w.pos]
	w.pos++
	return c, nil
}
