package nuget

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A bundleReader reads values of a bundle's header, as BinaryWriter of .NET writes them. After an error it returns zeros.
type bundleReader struct {
	r   *bufio.Reader
	err error
}

func bytesReader(r *io.SectionReader, offset int64) *bufio.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(r, offset, r.Size()-offset), 4096)
}

// next returns n bytes, valid until the next call.
func (b *bundleReader) next(n int) []byte {
	var zero [8]byte
	if b.err != nil {
		return zero[:n]
	}
	p, err := b.r.Peek(n)
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		b.err = err
		return zero[:n]
	}
	b.r.Discard(n)
	return p
}

func (b *bundleReader) byte() byte     { return b.next(1)[0] }
func (b *bundleReader) uint32() uint32 { return binary.LittleEndian.Uint32(b.next(4)) }
func (b *bundleReader) int64() int64   { return int64(binary.LittleEndian.Uint64(b.next(8))) }

func (b *bundleReader) string() string {
	n := 0
	for shift := 0; b.err == nil; shift += 7 {
		c := b.byte()
		if n |= int(c&0x7f) << shift; c < 0x80 {
			break
		}
		if shift > 14 {
			b.err = errors.New("the length of a string has more than three bytes")
		}
	}
	if b.err == nil && n > maxEntryName {
		b.err = fmt.Errorf("a string of %d bytes", n)
	}
	if b.err != nil {
		return ""
	}
	text := make([]byte, n)
	if _, b.err = io.ReadFull(b.r, text); b.err != nil {
		return ""
	}
	return string(text)
}
