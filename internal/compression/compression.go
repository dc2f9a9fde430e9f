// Package compression recognises compressed streams by their first bytes, and decompresses them within stated bounds.
package compression

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// A Format is how a stream is compressed.
type Format uint8

const (
	None Format = iota
	Gzip
	Zstd
)

// maxWindow is the most memory, in bytes, that one zstd frame may ask for.
const maxWindow = 128 << 20

// Detect returns the format of a stream that begins with some bytes, of which four are enough.
func Detect(first []byte) Format {
	switch {
	case bytes.HasPrefix(first, []byte{0x1f, 0x8b}): // RFC 1952
		return Gzip
	case bytes.HasPrefix(first, []byte{0x28, 0xb5, 0x2f, 0xfd}): // RFC 8878
		return Zstd
	case len(first) >= 4 && first[0]&0xf0 == 0x50 && bytes.Equal(first[1:4], []byte{0x2a, 0x4d, 0x18}): // a skippable frame
		return Zstd
	}
	return None
}

// NewReader returns the uncompressed content of r, which it recognises; a plain stream is returned as it is. Close frees
// the decompressor, and does not close r.
func NewReader(r io.Reader) (io.ReadCloser, Format, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	first, err := br.Peek(4)
	if err != nil && err != io.EOF {
		return nil, None, err
	}
	format := Detect(first)
	switch format {
	case Gzip:
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, format, err
		}
		return &members{Reader: z}, format, nil
	case Zstd:
		z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, format, err
		}
		return z.IOReadCloser(), format, nil
	}
	return io.NopCloser(br), format, nil
}

// members reads the members of a gzip file. What follows the last one and is no member is dropped, as gzip(1) and Docker
// do. Who reads something that has a digest sees by it whether anything that matters was dropped.
type members struct {
	*gzip.Reader
	read bool
}

func (m *members) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	m.read = m.read || n > 0
	if m.read && errors.Is(err, gzip.ErrHeader) {
		err = io.EOF
	}
	return n, err
}
