package inflate

import (
	"compress/zlib"
	"encoding/binary"
	"hash"
	"hash/adler32"
	"io"
)

// A zlibWrapper reads the header and the trailer of a zlib stream (RFC 1950).
type zlibWrapper struct {
	done bool
	sum  hash.Hash32
}

const (
	zlibMaxWindow  = 7      // as log2 of KiB/4
	zlibDictionary = 1 << 5 // the flag of a preset dictionary, which no format that we read has
)

func (z *zlibWrapper) begin(in *input) error {
	if z.done {
		return io.EOF
	}
	z.sum = adler32.New()
	b := in.bytes(2)
	if len(b) < 2 {
		return in.failure()
	}
	method, flags := b[0], b[1]
	if method&15 != 8 || method>>4 > zlibMaxWindow || binary.BigEndian.Uint16(b)%31 != 0 {
		return zlib.ErrHeader
	}
	in.pos += 2
	if flags&zlibDictionary != 0 {
		if b = in.bytes(4); len(b) < 4 {
			return in.failure()
		}
		in.pos += 4
		if binary.BigEndian.Uint32(b) != 1 { // another one than the empty dictionary
			return zlib.ErrDictionary
		}
	}
	return nil
}

func (z *zlibWrapper) add(p []byte) { z.sum.Write(p) }

func (z *zlibWrapper) end(in *input) error {
	z.done = true
	b := in.bytes(4)
	in.pos += len(b)
	if len(b) < 4 {
		return in.failure()
	}
	if binary.BigEndian.Uint32(b) != z.sum.Sum32() {
		return zlib.ErrChecksum
	}
	return nil
}
