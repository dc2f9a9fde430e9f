package inflate

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// A gzipWrapper reads the headers and trailers of gzip members (RFC 1952).
type gzipWrapper struct {
	format Format
	began  bool // a member
	sum    uint32
	size   uint32
}

const (
	gzipHeaderSize  = 10
	gzipTrailerSize = 8
	maxGzipString   = 512 // with its zero, as in compress/gzip

	flagHeaderSum = 1 << 1
	flagExtra     = 1 << 2
	flagName      = 1 << 3
	flagComment   = 1 << 4
)

var gzipMagic = []byte{0x1f, 0x8b}

func (g *gzipWrapper) begin(in *input) error {
	if g.began {
		if g.format == GzipMember {
			return io.EOF
		}
		if g.format == GzipLenient {
			if first := in.peek(2); len(first) < 2 && in.err != io.EOF {
				return in.err
			} else if !bytes.Equal(first, gzipMagic) {
				return io.EOF
			}
		}
	}
	g.began, g.sum, g.size = true, 0, 0
	return readGzipHeader(in)
}

func (g *gzipWrapper) add(p []byte) {
	g.sum = crc32.Update(g.sum, crc32.IEEETable, p)
	g.size += uint32(len(p))
}

func (g *gzipWrapper) end(in *input) error {
	b := in.next(gzipTrailerSize)
	if len(b) < gzipTrailerSize {
		return in.failure()
	}
	if binary.LittleEndian.Uint32(b) != g.sum || binary.LittleEndian.Uint32(b[4:]) != g.size {
		return gzip.ErrChecksum
	}
	return nil
}

// readGzipHeader reads the header of a member. It returns io.EOF at the end of the source.
func readGzipHeader(in *input) error {
	b := in.peek(gzipHeaderSize)
	switch {
	case len(b) == 0:
		return in.err
	case len(b) < gzipHeaderSize:
		return in.failure()
	case !bytes.HasPrefix(b, gzipMagic) || b[2] != 8:
		return gzip.ErrHeader
	}
	flags := b[3]
	h := gzipHeader{in: in}
	h.skip(gzipHeaderSize)
	if flags&flagExtra != 0 {
		if b := in.peek(2); len(b) < 2 {
			h.err = in.failure()
		} else {
			h.skip(2 + int(binary.LittleEndian.Uint16(b)))
		}
	}
	if flags&flagName != 0 {
		h.skipString()
	}
	if flags&flagComment != 0 {
		h.skipString()
	}
	if flags&flagHeaderSum != 0 && h.err == nil {
		if b := in.next(2); len(b) < 2 {
			h.err = in.failure()
		} else if binary.LittleEndian.Uint16(b) != uint16(h.sum) {
			h.err = gzip.ErrHeader
		}
	}
	return h.err
}

// A gzipHeader skips parts of a header and adds them to its checksum.
type gzipHeader struct {
	in  *input
	sum uint32
	err error
}

// skip skips n bytes.
func (h *gzipHeader) skip(n int) {
	for n > 0 && h.err == nil {
		b := h.in.next(min(n, inputSize/2))
		if len(b) == 0 {
			h.err = h.in.failure()
		}
		h.sum = crc32.Update(h.sum, crc32.IEEETable, b)
		n -= len(b)
	}
}

// skipString skips a string and the zero after it.
func (h *gzipHeader) skipString() {
	if h.err != nil {
		return
	}
	b := h.in.peek(maxGzipString)
	if n := bytes.IndexByte(b, 0); n >= 0 {
		h.skip(n + 1)
	} else if len(b) == maxGzipString {
		h.err = gzip.ErrHeader
	} else {
		h.err = h.in.failure()
	}
}
