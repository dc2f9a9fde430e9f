package feed

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"

	"github.com/hullmark/hullmark/internal/inflate"
)

// A format is how bytes are packed.
type format uint8

const (
	plain format = iota
	gzipped
	bzipped
	xzipped
	zstandard
	zipArchive
	tarArchive
)

// sniffLen is how many bytes detect needs: a tar header, whose magic is at its end.
const sniffLen = 512

// detect returns the format of what begins with b.
func detect(b []byte) format {
	switch {
	case bytes.HasPrefix(b, []byte{0x1f, 0x8b, 8}): // RFC 1952
		return gzipped
	case len(b) >= 10 && bytes.HasPrefix(b, []byte("BZh")) && // a size, and the magic of a block or of the end
		(string(b[4:10]) == "1AY&SY" || string(b[4:10]) == "\x17\x72\x45\x38\x50\x90"):
		return bzipped
	case bytes.HasPrefix(b, []byte("\xfd7zXZ\x00")):
		return xzipped
	case bytes.HasPrefix(b, []byte{0x28, 0xb5, 0x2f, 0xfd}): // RFC 8878
		return zstandard
	case bytes.HasPrefix(b, []byte("PK\x03\x04")), bytes.HasPrefix(b, []byte("PK\x05\x06")):
		return zipArchive
	case len(b) >= 262 && string(b[257:262]) == "ustar":
		return tarArchive
	}
	return plain
}

// looksLikeHTML reports whether b begins a page for people, which servers send with status 200 as well.
func looksLikeHTML(b []byte) bool {
	b = bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n")
	b = bytes.ToLower(b[:min(len(b), 256)])
	return bytes.HasPrefix(b, []byte("<!doctype html")) || bytes.HasPrefix(b, []byte("<html"))
}

// Memory that decompression may take for its history, whatever a stream asks for.
const (
	zstdWindow = 128 << 20
	xzWindow   = 64 << 20 // what xz -9 uses
)

// decompress returns the content of r, counted against the limit of d, and what frees the decompressor.
func (d *Data) decompress(f format, r *bufio.Reader) (io.Reader, func(), error) {
	var z io.Reader
	var err error
	free := func() {}
	switch f {
	case gzipped:
		gz := inflate.NewReader(r, inflate.Gzip)
		z, free = gz, func() { gz.Close() }
	case bzipped:
		z = bzip2.NewReader(r)
	case xzipped:
		z, err = xz.NewReader(r, xzWindow)
	case zstandard:
		var dec *zstd.Decoder
		dec, err = zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow))
		if err == nil {
			z, free = dec, dec.Close
		}
	}
	if err != nil {
		return nil, nil, err
	}
	return madeReader{d, z}, free, nil
}

// madeReader counts what decompression makes.
type madeReader struct {
	d *Data
	r io.Reader
}

func (m madeReader) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if m.d.made += int64(n); m.d.made > m.d.limits.Decompressed {
		return 0, fmt.Errorf("%w: decompresses to more than %d bytes", ErrTooLarge, m.d.limits.Decompressed)
	}
	return n, err
}

// withoutSuffix removes the suffix of a compression from a name.
func withoutSuffix(name string) string {
	switch ext := path.Ext(name); ext {
	case ".gz", ".bz2", ".xz", ".zst":
		return strings.TrimSuffix(name, ext)
	}
	return name
}
