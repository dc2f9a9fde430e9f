package walk

import (
	"context"
	"errors"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/internal/layertoc"
)

// A Layer is one layer of an image.
type Layer struct {
	Index     int     // counted from 0, the bottom
	DiffID    v1.Hash // digest of the uncompressed tar stream, from the configuration
	Digest    v1.Hash // digest of the stored bytes, from the manifest; zero if it is not known without work
	CreatedBy string  // the instruction that made the layer, from the configuration's history; often empty

	layer v1.Layer
}

// Layers returns the layers of an image, bottom first. It reads the configuration, and no layer.
func Layers(img v1.Image) ([]Layer, error) {
	// Manifest, Digest and the DiffID of a layer read whole layers of some kinds of images.
	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("image: configuration: %w", err)
	}
	if config == nil {
		return nil, errors.New("image: configuration: empty")
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
		if len(history) == len(layers) { // otherwise the history does not tell which instruction made which layer
			list[i].CreatedBy = history[i]
		}
	}
	return list, nil
}

// Checked returns the hash that Walk checks: Digest if it is known, because stored bytes are fewer, else DiffID.
func (l Layer) Checked() v1.Hash {
	if l.Digest != (v1.Hash{}) {
		return l.Digest
	}
	return l.DiffID
}

// Extent returns the offset of the layer's stored bytes, in an order in which layers are cheapest to read, and their number,
// or -1 if it is unknown. The offset of a layer that is no StoredLayer is its index.
func (l Layer) Extent() (offset, size int64) {
	if s, ok := l.layer.(StoredLayer); ok {
		return s.Extent()
	}
	return int64(l.Index), -1
}

// Table returns the digest of the table of contents that the image names for the layer. eStargz and zstd:chunked layers have
// one. Table returns zero for a layer without a table, or without access to parts of its bytes.
func (l Layer) Table() v1.Hash {
	if r, ok := l.layer.(RangedLayer); ok {
		if ref, ok := layertoc.FromAnnotations(r.Annotations()); ok {
			if h, err := v1.NewHash(ref.Digest); err == nil {
				return h
			}
		}
	}
	return v1.Hash{}
}

// open returns the bytes of the layer, which may be compressed. Only a stored stream closes as soon as ctx ends: others may not
// allow Close during Read. Of other layers it prefers the compressed bytes: their own decompressor would take windows of any size.
func (l Layer) open(ctx context.Context) (rc io.ReadCloser, stop func() bool, err error) {
	if s, ok := l.layer.(StoredLayer); ok {
		if rc, err = s.Stored(ctx); err != nil {
			return nil, nil, err
		}
		return rc, context.AfterFunc(ctx, func() { rc.Close() }), nil
	}
	stop = func() bool { return true }
	if rc, err = l.layer.Compressed(); err == nil {
		if _, compresses := rc.(*io.PipeReader); !compresses {
			return rc, stop, nil
		}
		rc.Close() // partial.UncompressedToLayer compresses what Uncompressed returns
	}
	if rc, err = l.layer.Uncompressed(); err != nil {
		return nil, nil, err
	}
	return rc, stop, nil
}
