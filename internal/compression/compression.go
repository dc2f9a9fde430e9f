// Package compression recognises compressed streams by their first bytes and decompresses them with limited memory.
package compression

import (
	"bufio"
	"bytes"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
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
func NewReader(r io.Reader) (io.ReadCloser, Format, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	first, err := br.Peek(4)
	if err != nil && err != io.EOF {
		return nil, None, err
	}
	format := Detect(first)
	switch format {
	case Gzip:
		z, err := newMembers(br)
		if err != nil {
			return nil, format, err
		}
		return z, format, nil
	case Zstd:
		z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, format, err
		}
		return z.IOReadCloser(), format, nil
	}
	return io.NopCloser(br), format, nil
}

// members reads the members of a gzip file. Like gzip(1) and Docker, it ignores data after the last member. A caller that
// verifies a digest notices if the ignored data matters.
type members struct {
	z *gzip.Reader
	r *bufio.Reader
}

func newMembers(r *bufio.Reader) (*members, error) {
	z, err := gzip.NewReader(r) // r has ReadByte, so z reads no byte after the member
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &members{z, r}, nil
}

func (m *members) Read(p []byte) (int, error) {
	for {
		n, err := m.z.Read(p)
		if err != io.EOF || n > 0 {
			if err == io.EOF {
				err = nil // the next call handles the end of the member
			}
			return n, err
		}
		first, err := m.r.Peek(2)
		if err == nil && Detect(first) != Gzip || err == io.EOF {
			return 0, io.EOF
		}
		if err != nil {
			return 0, err
		}
		if err := m.z.Reset(m.r); err != nil {
			return 0, err
		}
		m.z.Multistream(false)
	}
}

func (m *members) Close() error { return m.z.Close() }
