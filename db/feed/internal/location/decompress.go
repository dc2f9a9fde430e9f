package location

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"

	"github.com/hullmark/hullmark/internal/inflate"
)

// A format is a compression, an archive or plain data.
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

// sniffLen is how many bytes detect needs: the length of a tar header, which has the magic at its end.
const sniffLen = 512

// detect returns the format of data that begins with b.
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

// IsHTML reports whether b begins an HTML page. Some servers send one with status 200 instead of data.
func IsHTML(b []byte) bool {
	b = bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n")
	b = bytes.ToLower(b[:min(len(b), 256)])
	return bytes.HasPrefix(b, []byte("<!doctype html")) || bytes.HasPrefix(b, []byte("<html"))
}

// Bounds on the memory for the history of a decompressor. A stream that asks for more is an error.
const (
	zstdWindow = 128 << 20
	xzWindow   = 64 << 20 // as xz -9 uses
)

// decompress returns the content of r, which counts against the limit of d, and a function that frees the decompressor.
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

// madeReader counts the decompressed bytes that r returns.
type madeReader struct {
	d *Data
	r io.Reader
}

func (m madeReader) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if m.d.made += int64(n); m.d.made > m.d.limits.Decompressed {
		return 0, m.d.errDecompressed()
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
