// Package compression recognises compressed streams by their first bytes and decompresses them with limited memory.
package compression

import (
	"bufio"
	"bytes"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/internal/inflate"
)

// A Format is the compression of a stream.
type Format uint8

const (
	None Format = iota
	Gzip
	Zstd
)

// maxWindow is the largest window of a zstd frame in bytes.
const maxWindow = 128 << 20

// Detect returns the format of a stream by its first bytes. Four bytes suffice.
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

// NewReader detects the format of r and returns a reader of the decompressed content. It does not change a plain stream. Close
// frees the decompressor and does not close r.
//
// Like gzip(1) and Docker, it ignores data after the last member of a gzip file. A caller that verifies a digest notices if the
// ignored data matters.
func NewReader(r io.Reader) (io.ReadCloser, Format, error) {
	first := make([]byte, 4)
	n, err := io.ReadFull(r, first)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, None, err
	}
	format := Detect(first[:n])
	r = io.MultiReader(bytes.NewReader(first[:n]), r)
	if format == Gzip {
		return inflate.NewReader(r, inflate.GzipLenient), format, nil
	}
	r = bufio.NewReaderSize(r, 64<<10)
	if format == Zstd {
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, format, err
		}
		return z.IOReadCloser(), format, nil
	}
	return io.NopCloser(r), format, nil
}
