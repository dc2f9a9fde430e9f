package db

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"time"
)

var (
	errTruncated = errors.New("truncated")
	errTrailing  = errors.New("bytes after the end")
	errReference = errors.New("reference out of range")
	errValue     = errors.New("value out of range")
)

// A scanner reads the primitives that blocks and the index are made of. It keeps its first error, after which every
// number it reads is 0, so that callers check once per table. It never returns a count that the bytes left could not
// hold: what a caller allocates is bounded by what it was given.
type scanner struct {
	b   []byte
	off int // of what is next
	err error

	columns columns // what was read of them
}

func (s *scanner) fail(err error) {
	if s.err == nil {
		s.err = err
		s.off = len(s.b)
	}
}

// left returns how many bytes are left.
func (s *scanner) left() int { return len(s.b) - s.off }

// uint reads an unsigned varint.
func (s *scanner) uint() uint64 {
	if s.off < len(s.b) && s.b[s.off] < 0x80 { // by far the most
		s.off++
		return uint64(s.b[s.off-1])
	}
	return s.long()
}

// long reads a varint of several bytes.
func (s *scanner) long() uint64 {
	if s.off+1 < len(s.b) && s.b[s.off+1] < 0x80 { // by far the most of these
		s.off += 2
		return uint64(s.b[s.off-2]&0x7f) | uint64(s.b[s.off-1])<<7
	}
	v, n := binary.Uvarint(s.b[s.off:])
	if n <= 0 {
		s.fail(errTruncated)
		return 0
	}
	s.off += n
	return v
}

// int reads a signed varint.
func (s *scanner) int() int64 {
	v := s.uint()
	return int64(v>>1) ^ -int64(v&1)
}

// count reads the number of things that follow, each at least size bytes long.
func (s *scanner) count(size int) int {
	v := s.uint()
	if v > uint64(s.left()/size) {
		s.fail(errTruncated)
		return 0
	}
	return int(v)
}

// below reads a number less than n.
func (s *scanner) below(n int) uint32 {
	v := s.uint()
	if v >= uint64(n) {
		s.fail(errReference)
		return 0
	}
	return uint32(v)
}

// bytes returns the next n bytes, without copying them.
func (s *scanner) bytes(n uint64) []byte {
	if n > uint64(s.left()) {
		s.fail(errTruncated)
		return nil
	}
	s.off += int(n)
	return s.b[s.off-int(n) : s.off]
}

// string reads a length and that many bytes.
func (s *scanner) string() string { return string(s.bytes(s.uint())) }

// seconds reads what appendSeconds wrote.
func (s *scanner) seconds() int64 {
	if v := s.uint(); v != 0 {
		return int64((v-1)>>1) ^ -int64((v-1)&1)
	}
	return noTime
}

// end returns the first error, or one if bytes are left.
func (s *scanner) end() error {
	if s.err == nil && s.left() > 0 {
		return errTrailing
	}
	return s.err
}

func appendUint(b []byte, v uint64) []byte { return binary.AppendUvarint(b, v) }
func appendInt(b []byte, v int64) []byte   { return binary.AppendVarint(b, v) }

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// appendSeconds writes 0 for noTime, else one more than the zigzag form of sec.
func appendSeconds(b []byte, sec int64) []byte {
	if sec == noTime {
		return append(b, 0)
	}
	return appendUint(b, uint64(sec<<1^sec>>63)+1)
}

// unixTime returns the time that is sec seconds after the epoch, in UTC; noTime gives the zero time.
func unixTime(sec int64) time.Time { return time.Unix(sec, 0).UTC() }

// noTime stands for an unknown time. It is the zero time's own second, so that a time comes back as it was given.
const noTime = -62135596800

// appendFloat writes the bits of f with its bytes reversed: scores have few significant bits, at the high end.
func appendFloat(b []byte, f float64) []byte {
	return appendUint(b, bits.ReverseBytes64(math.Float64bits(f)))
}

func (s *scanner) float() float64 {
	f := math.Float64frombits(bits.ReverseBytes64(s.uint()))
	if math.IsNaN(f) || math.IsInf(f, 0) {
		s.fail(errValue)
		return 0
	}
	return f
}
