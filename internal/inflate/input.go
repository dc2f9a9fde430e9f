package inflate

import (
	"encoding/binary"
	"io"
)

const (
	inputSize = 64 << 10
	inputMask = inputSize - 1

	// loadSize is the length of one load of input. The fast loop loads before it looks whether the bytes are there, so the
	// buffer is never filled to its last bytes: a position in it stays below inputSize, and masking it changes nothing.
	loadSize = 8
	inputEnd = inputSize - 3*loadSize

	maxEmptyReads = 100 // reads without a byte or an error, as in bufio
)

// An input reads a source by bits and by bytes. It owns its buffer, so bytes behind a DEFLATE stream stay in it for the
// trailer and the next member.
type input struct {
	src  io.Reader
	err  error // of src, once it has one
	pos  int   // of the next byte of buf that bits does not have
	end  int   // of the bytes that were read
	base int64 // offset in the source of buf[0]

	bits  uint64 // the next bits, the first one lowest; zero from count on
	count uint   // at most 63

	buf [inputSize + loadSize]byte
}

func (in *input) reset(r io.Reader) {
	in.src, in.err = r, nil
	in.pos, in.end, in.base = 0, 0, 0
	in.bits, in.count = 0, 0
}

// read reads more of the source. It reports false once the source has ended or failed.
//
// It keeps the bytes that are in bits, because align returns them to the buffer.
func (in *input) read() bool {
	if in.err != nil {
		return false
	}
	from := in.pos - min(in.pos, loadSize)
	in.end = copy(in.buf[:], in.buf[from:in.end])
	in.pos -= from
	in.base += int64(from)
	for range maxEmptyReads {
		n, err := in.src.Read(in.buf[in.end:inputEnd])
		in.end += n
		in.err = err
		if n > 0 || err != nil {
			return n > 0
		}
	}
	in.err = io.ErrNoProgress
	return false
}

// refill fills bits from the buffer.
func (in *input) refill() {
	if in.end-in.pos >= loadSize {
		in.bits |= binary.LittleEndian.Uint64(in.buf[in.pos:]) << in.count
		in.pos += int(63-in.count) / 8
		in.count |= 56
		in.bits &= 1<<in.count - 1
		return
	}
	for in.count < 56 && in.pos < in.end {
		in.bits |= uint64(in.buf[in.pos]) << in.count
		in.pos++
		in.count += 8
	}
}

// setBits takes over bits from a loop that loaded more than there is, and does not clear what is above the count.
func (in *input) setBits(bits uint64, count uint, next int) {
	if next > in.end {
		count -= uint(next-in.end) * 8
		next = in.end
	}
	in.bits, in.count, in.pos = bits&(1<<count-1), count, next
}

// need makes bits have at least n bits, of which 56 are the most. It reports false if the source has no more.
func (in *input) need(n uint) bool {
	for in.count < n {
		if in.pos == in.end && !in.read() {
			return false
		}
		in.refill()
	}
	return true
}

// take removes the next n bits, which must be there.
func (in *input) take(n uint) uint {
	v := in.bits & (1<<n - 1)
	in.bits >>= n
	in.count -= n
	return uint(v)
}

// align drops the rest of a byte and moves the whole bytes of bits back into the buffer.
func (in *input) align() {
	in.pos -= int(in.count / 8)
	in.bits, in.count = 0, 0
}

// bytes returns the next n bytes, of which inputEnd-loadSize are the most, or as many as the source has. They are valid
// until the next read. The input must be aligned.
func (in *input) bytes(n int) []byte {
	for in.end-in.pos < n && in.read() {
	}
	b := in.buf[in.pos:min(in.pos+n, in.end)]
	return b
}

// failure returns the error of a source that ended too early.
func (in *input) failure() error {
	if in.err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return in.err
}

// offset returns how many bytes have been used, the last one perhaps in part.
func (in *input) offset() int64 {
	return in.base + int64(in.pos) - int64(in.count/8)
}
