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

// A scanner reads the primitives of blocks and of the index. It keeps its first error. After an error, every number is 0, so callers check once
// per table. It never returns a count that exceeds the remaining bytes, which bounds the memory that a caller allocates.
type scanner struct {
	b   []byte
	off int // offset of the next byte
	err error

	columns columns // that have been read
}

func (s *scanner) fail(err error) {
	if s.err == nil {
		s.err = err
		s.off = len(s.b)
	}
}

// left returns the number of remaining bytes.
func (s *scanner) left() int { return len(s.b) - s.off }

// uint reads an unsigned varint.
func (s *scanner) uint() uint64 {
	if s.off < len(s.b) && s.b[s.off] < 0x80 { // the most common case
		s.off++
		return uint64(s.b[s.off-1])
	}
	return s.long()
}

// long reads a varint of several bytes.
func (s *scanner) long() uint64 {
	if s.off+1 < len(s.b) && s.b[s.off+1] < 0x80 { // the most common case of several bytes
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

// count reads the number of elements that follow, each at least size bytes long.
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

// bytes returns the next n bytes without copying them.
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

// seconds is the inverse of appendSeconds.
func (s *scanner) seconds() int64 {
	if v := s.uint(); v != 0 {
		return int64((v-1)>>1) ^ -int64((v-1)&1)
	}
	return noTime
}

// end returns the first error, or an error if bytes remain.
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

// appendSeconds appends 0 for noTime, and otherwise the zigzag form of sec plus 1.
func appendSeconds(b []byte, sec int64) []byte {
	if sec == noTime {
		return append(b, 0)
	}
	return appendUint(b, uint64(sec<<1^sec>>63)+1)
}

// unixTime returns the time sec seconds after the epoch, in UTC. For noTime it is the zero time.
func unixTime(sec int64) time.Time { return time.Unix(sec, 0).UTC() }

// noTime stands for an unknown time. It is the second of the zero time.
const noTime = -62135596800

// appendFloat appends the bits of f with reversed bytes, because scores have few significant bits, at the high end.
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
