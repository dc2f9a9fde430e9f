// Package compression recognises compressed streams by their first bytes and decompresses them with limited memory.
package compression

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

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

var errWindow = errors.New("zstd: the window is too large")

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

// BufferSize is the size of a buffer for Reader.Fill in bytes.
const BufferSize = inflate.WindowSize

// A Reader reads decompressed content. Close frees the decompressor and does not close the source. It must not run
// concurrently with another method.
type Reader struct {
	io.ReadCloser
	inflate *inflate.Reader // the same for Gzip, or nil
}

// NewReader detects the format of r and returns a Reader of the content. It does not change a plain stream.
//
// Like gzip(1) and Docker, it ignores data after the last member of a gzip file. A caller that verifies a digest notices if the
// ignored data matters.
func NewReader(r io.Reader) (*Reader, Format, error) { return NewReaderWindow(r, nil) }

// NewReaderWindow is like NewReader. It calls grow, if that is not nil, before the content needs a larger window, of up to 128 MiB: the
// memory of the decompressor of a zstd stream.
func NewReaderWindow(r io.Reader, grow func(window int64) error) (*Reader, Format, error) {
	first := make([]byte, 4)
	n, err := io.ReadFull(r, first)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, None, err
	}
	format := Detect(first[:n])
	r = io.MultiReader(bytes.NewReader(first[:n]), r)
	if format == Gzip {
		z := inflate.NewReader(r, inflate.GzipLenient)
		return &Reader{z, z}, format, nil
	}
	r = bufio.NewReaderSize(r, 64<<10)
	if format == Zstd {
		z, err := newZstdReader(newWindowReader(r, func(window int64) error {
			switch {
			case window > maxWindow: // the decoder would allow it for the whole content of a frame
				return fmt.Errorf("%w: %d bytes, more than %d", errWindow, window, maxWindow)
			case grow != nil:
				return grow(window)
			}
			return nil
		}))
		if err != nil {
			return nil, format, err
		}
		return &Reader{z, nil}, format, nil
	}
	return &Reader{io.NopCloser(r), nil}, format, nil
}

// Fill reads content into a buffer of at least BufferSize bytes and returns the part of the buffer that holds it. The caller must
// not change the buffer before the next call, which may use another one. Fill spares the copy that Read makes.
func (r *Reader) Fill(buf []byte) ([]byte, error) {
	if r.inflate != nil {
		return r.inflate.Fill(buf)
	}
	n := 0
	for n < len(buf) {
		m, err := r.Read(buf[n:])
		if n += m; err != nil {
			return buf[:n], err
		}
	}
	return buf, nil
}
