package image

import (
	"context"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// A Layer is one layer of an image.
type Layer struct {
	Index     int     // counted from 0, the bottom
	DiffID    v1.Hash // digest of the uncompressed tar stream, as the configuration states it
	Digest    v1.Hash // digest of the stored bytes, as the manifest states it; zero where that is not known without work
	CreatedBy string  // the instruction that made the layer, from the configuration's history; often empty

	// Unchecked allows Walk to leave unread what nobody wants of a layer that lies plain in a local file: a layer of a
	// docker archive, mostly. That takes a fraction of the time, but the bytes are then not compared with Checked.
	Unchecked bool

	// Finish, if not nil, is called when Walk has called its function for the last time, before what Entry.At reads is closed.
	Finish func()

	// Progress, if not nil, is called with the number of stored bytes that have been read or passed over so far, from
	// any goroutine, and not after Walk returns.
	Progress func(read int64)

	layer v1.Layer
}

// A StoredLayer is a layer that can give its bytes as they are stored, compressed or not, at the cost of reading them
// and no more. Of an arbitrary v1.Layer that cannot be had: Compressed compresses a plain layer of a docker archive, and
// Uncompressed decompresses with whatever its package chose. Layers of package source implement it, and so may an
// embedder's. Layers that do not are read through Uncompressed.
type StoredLayer interface {
	// Stored opens the stored bytes. Close may be called while Read is running, and ends it. Bytes that lie in a local
	// file are best an io.ReaderAt as well.
	Stored(ctx context.Context) (io.ReadCloser, error)

	// StoredDigest returns the digest of the stored bytes, or the zero hash where it is not known.
	StoredDigest() v1.Hash

	// Extent returns where the stored bytes begin, in an order in which layers are cheapest to read, and how many
	// they are, or -1 where that is not known.
	Extent() (offset, size int64)
}

// Layers returns the layers of an image, bottom first. It reads the configuration, and no layer.
func Layers(img v1.Image) ([]Layer, error) {
	// Not Manifest, Digest or the DiffID of a layer: for some kinds of images these read whole layers.
	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("image: configuration: %w", err)
	}
	if config == nil {
		return nil, fmt.Errorf("image: configuration: empty")
	}
	layers, err := img.Layers()
	if err != nil {
		return nil, fmt.Errorf("image: layers: %w", err)
	}
	ids := config.RootFS.DiffIDs
	if len(ids) != len(layers) {
		return nil, fmt.Errorf("image: %d layers, but the configuration names %d", len(layers), len(ids))
	}
	history := make([]string, 0, len(layers))
	for _, h := range config.History {
		if !h.EmptyLayer {
			history = append(history, h.CreatedBy)
		}
	}
	list := make([]Layer, len(layers))
	for i, l := range layers {
		list[i] = Layer{Index: i, DiffID: ids[i], layer: l}
		if s, ok := l.(StoredLayer); ok {
			list[i].Digest = s.StoredDigest()
		}
		if len(history) == len(layers) { // else nobody can say which instruction made which
			list[i].CreatedBy = history[i]
		}
	}
	return list, nil
}

// Checked returns the hash that Walk checks: Digest where it is known, since stored bytes are fewer, else DiffID.
func (l Layer) Checked() v1.Hash {
	if l.Digest != (v1.Hash{}) {
		return l.Digest
	}
	return l.DiffID
}

// Extent returns where the stored bytes of the layer begin, in an order in which layers are cheapest to read, and how
// many they are; size is -1 where that is not known. Where a layer does not say, the offset is its index.
func (l Layer) Extent() (offset, size int64) {
	if s, ok := l.layer.(StoredLayer); ok {
		return s.Extent()
	}
	return int64(l.Index), -1
}

// open returns the bytes of the layer, perhaps still compressed. Only a stored stream is closed as soon as ctx ends: of
// any other, nobody promises that it may be closed while it is being read.
func (l Layer) open(ctx context.Context) (rc io.ReadCloser, stop func() bool, err error) {
	if s, ok := l.layer.(StoredLayer); ok {
		if rc, err = s.Stored(ctx); err != nil {
			return nil, nil, err
		}
		return rc, context.AfterFunc(ctx, func() { rc.Close() }), nil
	}
	if rc, err = l.layer.Uncompressed(); err != nil {
		return nil, nil, err
	}
	return rc, func() bool { return true }, nil
}
