package compression

import (
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// pooledWindow is the largest window in bytes of a decoder that is used again. Most encoders use less.
const pooledWindow = 8 << 20

// decoders keeps decoders with their windows. Without it, each layer of an image would leave a window to the garbage collector. A decoder
// without concurrency has no goroutines.
var decoders = sync.Pool{New: func() any {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		panic(err) // the options are constants
	}
	return z
}}

// A zstdReader decompresses a zstd stream.
type zstdReader struct {
	decoder *zstd.Decoder // nil after Close
	source  *windowReader
}

func newZstdReader(r *windowReader) (*zstdReader, error) {
	z := &zstdReader{decoders.Get().(*zstd.Decoder), r}
	if err := z.decoder.Reset(r); err != nil {
		return nil, err
	}
	return z, nil
}

// Read implements io.Reader.
func (z *zstdReader) Read(p []byte) (int, error) {
	if z.decoder == nil {
		return 0, zstd.ErrDecoderClosed
	}
	return z.decoder.Read(p)
}

// WriteTo implements io.WriterTo.
func (z *zstdReader) WriteTo(w io.Writer) (int64, error) {
	if z.decoder == nil {
		return 0, zstd.ErrDecoderClosed
	}
	return z.decoder.WriteTo(w)
}

// Close makes the decoder ready for another stream.
func (z *zstdReader) Close() error {
	d := z.decoder
	if z.decoder = nil; d == nil {
		return nil
	}
	if z.source.window <= pooledWindow && d.Reset(nil) == nil {
		decoders.Put(d)
	} else {
		d.Close()
	}
	return nil
}
