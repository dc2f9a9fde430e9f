package compression

import (
	"encoding/binary"
	"io"
)

// A windowReader passes on a zstd stream, and calls grow before it passes on a frame that needs a larger window than all frames before.
// It follows RFC 8878, sections 3.1.1 and 3.1.2: a frame has a header, blocks and perhaps a checksum, and states the size of each part. In
// a stream that does not follow the format it stops to look, and leaves the error to the decoder.
type windowReader struct {
	r      io.Reader
	grow   func(window int64) error
	window int64 // the largest so far

	part   part
	need   int64 // bytes of the part
	have   int64 // of them, that passed
	head   [18]byte
	checks bool // the frame ends in a checksum
	last   bool // the block is the last one of its frame
}

// A part is a part of a frame.
type part uint8

const (
	magicPart part = iota
	skipSizePart
	descriptorPart
	headerPart
	blockHeaderPart
	blockPart // or a skippable frame, or a checksum
	lostPart  // not zstd
)

func newWindowReader(r io.Reader, grow func(int64) error) *windowReader {
	return &windowReader{r: r, grow: grow, need: 4}
}

// Read implements io.Reader.
func (w *windowReader) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	for b := p[:n]; len(b) > 0 && w.part != lostPart; {
		k := min(int64(len(b)), w.need-w.have)
		if w.part != blockPart {
			copy(w.head[w.have:], b[:k])
		}
		w.have += k
		b = b[k:]
		for w.have == w.need && w.part != lostPart {
			if err := w.next(); err != nil {
				return 0, err
			}
		}
	}
	return n, err
}

// next moves to the part after a complete one.
func (w *windowReader) next() error {
	h := &w.head
	begin := func(p part, need int64) { w.part, w.need, w.have = p, need, 0 }
	switch w.part {
	case magicPart:
		switch magic := binary.LittleEndian.Uint32(h[:]); {
		case magic&^0xf == 0x184d2a50:
			begin(skipSizePart, 4)
		case magic == 0xfd2fb528:
			begin(descriptorPart, 1)
		default:
			w.part = lostPart
		}
	case skipSizePart:
		w.last, w.checks = true, false
		begin(blockPart, int64(binary.LittleEndian.Uint32(h[:])))
	case descriptorPart:
		size := int64([4]int{0, 1, 2, 4}[h[0]&3]) // of the dictionary's ID
		single := h[0]>>5&1 == 1
		switch content := int64(1) << (h[0] >> 6); { // size of the content's size
		case content > 1 || single:
			size += content
		}
		if !single {
			size++
		}
		// The descriptor stays in front.
		w.part, w.need, w.have = headerPart, 1+size, 1
	case headerPart:
		w.checks = h[0]>>2&1 == 1
		if window := frameWindow(h[:w.need]); window > w.window {
			if err := w.grow(window); err != nil {
				return err
			}
			w.window = window
		}
		begin(blockHeaderPart, 3)
	case blockHeaderPart:
		n := int64(h[0]) | int64(h[1])<<8 | int64(h[2])<<16
		w.last = n&1 == 1
		size := n >> 3
		if n>>1&3 == 1 {
			size = 1 // one byte that repeats
		}
		begin(blockPart, size)
	case blockPart:
		switch {
		case !w.last:
			begin(blockHeaderPart, 3)
		case w.checks:
			w.checks = false
			begin(blockPart, 4)
		default:
			begin(magicPart, 4)
		}
	}
	return nil
}

// frameWindow returns the window of a frame by its header, from the descriptor on.
func frameWindow(h []byte) int64 {
	rest := h[1:]
	single := h[0]>>5&1 == 1
	if !single {
		exponent, mantissa := int64(rest[0]>>3), int64(rest[0]&7)
		base := int64(1) << (10 + exponent)
		return base + base/8*mantissa
	}
	rest = rest[[4]int{0, 1, 2, 4}[h[0]&3]:]
	switch len(rest) { // the window is the content
	case 1:
		return int64(rest[0])
	case 2:
		return int64(binary.LittleEndian.Uint16(rest)) + 256
	case 4:
		return int64(binary.LittleEndian.Uint32(rest))
	default:
		return int64(binary.LittleEndian.Uint64(rest) &^ (1 << 63))
	}
}
