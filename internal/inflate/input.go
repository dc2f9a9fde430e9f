package inflate

import "io"

const (
	inputSize = 64 << 10
	inputMask = inputSize - 1

	// loadSize is the number of bytes in one load. The fast loop may load and count bytes beyond the end of the input, so
	// the last bytes of the buffer stay unused. Positions stay below inputSize, and inputMask never changes one.
	loadSize = 8
	inputEnd = inputSize - 3*loadSize

	maxEmptyReads = 100 // reads without a byte or an error, as in bufio
)

type inputBuffer = [inputSize + loadSize]byte

// An input reads a source by bits and by bytes. It owns its buffer, so bytes after a DEFLATE stream remain available for the
// trailer and the next member.
type input struct {
	src  io.Reader
	err  error // from src
	pos  int   // the next byte of buf to move into bits
	end  int   // the end of the valid bytes in buf
	base int64 // the offset of buf[0] in the source

	bits  uint64 // the next bits, lowest first, and zeros above count
	count uint   // the number of bits, at most 63

	buf inputBuffer
}

func (in *input) reset(r io.Reader) {
	in.src, in.err = r, nil
	in.pos, in.end, in.base = 0, 0, 0
	in.bits, in.count = 0, 0
}

// read reads more bytes into the buffer. It returns false if the source has ended or failed.
//
// The bytes that are in bits stay in the buffer, because align returns them to it.
func (in *input) read() bool {
	if in.err != nil {
		return false
	}
	from := max(in.pos-loadSize, 0)
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

// refill moves bytes from the buffer into bits, until bits holds at least 56 or the buffer is empty.
func (in *input) refill() {
	if in.end-in.pos >= loadSize {
		in.setBits(refill(&in.buf, in.bits, in.count, in.pos))
		return
	}
	for in.count < 56 && in.pos < in.end {
		in.bits |= uint64(in.buf[in.pos]) << in.count
		in.pos++
		in.count += 8
	}
}

// setBits stores the state of a loop. The loop may have counted bytes beyond the end of the input, and leaves bits above the
// count.
func (in *input) setBits(bits uint64, count uint, pos int) {
	if pos > in.end {
		count -= uint(pos-in.end) * 8
		pos = in.end
	}
	in.bits, in.count, in.pos = bits&(1<<count-1), count, pos
}

// need fills bits with at least n bits, where n is at most 56. It returns false if the source has fewer.
func (in *input) need(n uint) bool {
	for in.count < n {
		if in.pos == in.end && !in.read() {
			return false
		}
		in.refill()
	}
	return true
}

// take removes the next n bits from bits.
func (in *input) take(n uint) uint {
	v := in.bits & (1<<n - 1)
	in.bits >>= n
	in.count -= n
	return uint(v)
}

// align drops the rest of a byte and returns whole bytes from bits to the buffer.
func (in *input) align() {
	in.pos -= int(in.count / 8)
	in.bits, in.count = 0, 0
}

// peek returns the next n bytes, or fewer at the end of the source. They are valid until the next read. The input must be
// aligned, and n is at most inputSize/2.
func (in *input) peek(n int) []byte {
	for in.end-in.pos < n && in.read() {
	}
	return in.buf[in.pos:min(in.pos+n, in.end)]
}

// next is like peek and removes the bytes.
func (in *input) next(n int) []byte {
	b := in.peek(n)
	in.pos += len(b)
	return b
}

// failure returns the error for a source that ended too early.
func (in *input) failure() error {
	if in.err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return in.err
}

// offset returns the number of bytes used, including a byte used in part.
func (in *input) offset() int64 {
	return in.base + int64(in.pos) - int64(in.count/8)
}
