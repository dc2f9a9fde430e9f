package squashfs

import (
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/inflate"
)

// A decompressor returns the content of a block, or an error if the content exceeds limit bytes.
type decompressor func(stored []byte, limit int64) ([]byte, error)

func decompressorOf(id uint16) (decompressor, error) {
	open := func(io.Reader) (io.Reader, error) { return nil, nil }
	switch id {
	case 1:
		open = func(r io.Reader) (io.Reader, error) { return inflate.NewReader(r, inflate.Zlib), nil }
	case 4:
		open = func(r io.Reader) (io.Reader, error) { return xz.NewReader(r, maxBlock) }
	case 6:
		open = func(r io.Reader) (io.Reader, error) {
			z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxBlock))
			if err != nil {
				return nil, err
			}
			return z.IOReadCloser(), nil
		}
	default:
		names := map[uint16]string{2: "lzma", 3: "lzo", 5: "lz4"}
		return nil, fmt.Errorf("squashfs: compression %d %s: %w", id, names[id], analyzer.ErrUnsupported)
	}
	return func(stored []byte, limit int64) ([]byte, error) {
		r, err := open(bytes.NewReader(stored))
		if err != nil {
			return nil, err
		}
		if c, ok := r.(io.Closer); ok {
			defer c.Close()
		}
		data, err := io.ReadAll(io.LimitReader(r, limit+1))
		if err == nil && int64(len(data)) > limit {
			err = fmt.Errorf("more than %d bytes", limit)
		}
		return data, err
	}, nil
}
