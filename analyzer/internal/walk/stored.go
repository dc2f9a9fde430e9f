package walk

import (
	"context"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// A StoredLayer is a v1.Layer that can return its stored bytes, at the cost of reading them and no more. An
// arbitrary v1.Layer cannot: Compressed compresses an uncompressed layer of a docker archive, and Uncompressed decompresses
// with any decompressor. Layers of package source implement StoredLayer, and an embedder's layers may. Walk reads other layers
// through Compressed, unless that fails or returns an [io.PipeReader], as that of a layer that compresses itself. Then it reads
// Uncompressed, and does not count the memory of the layer's decompressor.
type StoredLayer interface {
	// Stored opens the stored bytes. Close may be called during Read, and ends it. The bytes of a local file should
	// implement io.ReaderAt as well.
	Stored(ctx context.Context) (io.ReadCloser, error)

	// StoredDigest returns the digest of the stored bytes, or the zero hash if it is unknown.
	StoredDigest() v1.Hash

	// Extent returns the offset of the stored bytes, in an order in which layers are cheapest to read, and their number, or
	// -1 if it is unknown.
	Extent() (offset, size int64)
}

// A RangedLayer is a StoredLayer that can return parts of its bytes: a blob in a registry or in a file.
type RangedLayer interface {
	StoredLayer

	// StoredRange opens n stored bytes from offset on. It fails if it would have to read more bytes.
	StoredRange(ctx context.Context, offset, n int64) (io.ReadCloser, error)

	// Annotations returns the annotations of the layer's descriptor in the image's manifest.
	Annotations() map[string]string
}
