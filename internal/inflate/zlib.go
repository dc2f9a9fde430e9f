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
	zlibMaxWindow  = 7 // in the header: 32 KiB
	zlibDictionary = 1 << 5
)

func (z *zlibWrapper) begin(in *input) error {
	if z.done {
		return io.EOF
	}
	z.sum = adler32.New()
	b := in.next(2)
	if len(b) < 2 {
		return in.failure()
	}
	method, flags := b[0], b[1]
	if method&15 != 8 || method>>4 > zlibMaxWindow || binary.BigEndian.Uint16(b)%31 != 0 {
		return zlib.ErrHeader
	}
	if flags&zlibDictionary != 0 {
		if b = in.next(4); len(b) < 4 {
			return in.failure()
		}
		if binary.BigEndian.Uint32(b) != 1 { // the checksum of an empty dictionary
			return zlib.ErrDictionary
		}
	}
	return nil
}

func (z *zlibWrapper) add(p []byte) { z.sum.Write(p) }

func (z *zlibWrapper) end(in *input) error {
	z.done = true
	b := in.next(4)
	if len(b) < 4 {
		return in.failure()
	}
	if binary.BigEndian.Uint32(b) != z.sum.Sum32() {
		return zlib.ErrChecksum
	}
	return nil
}
