package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/analyzer/internal/walk"
	"github.com/hullmark/hullmark/internal/compression"
)

// A storedLayer is a layer that is a blob of a store.
type storedLayer struct {
	v1.Layer // computes the rest, such as the digest of a layer in a docker archive
	store    store
	name     string
	digest   v1.Hash // zero in docker archives

	annotations map[string]string // annotations of its descriptor
}

var _ walk.RangedLayer = (*storedLayer)(nil)

// StoredDigest implements walk.StoredLayer.
func (l *storedLayer) StoredDigest() v1.Hash { return l.digest }

// Stored implements walk.StoredLayer.
func (l *storedLayer) Stored(ctx context.Context) (io.ReadCloser, error) {
	return l.store.open(ctx, l.name)
}

// Annotations implements walk.RangedLayer.
func (l *storedLayer) Annotations() map[string]string { return l.annotations }

// StoredRange implements walk.RangedLayer.
func (l *storedLayer) StoredRange(ctx context.Context, offset, n int64) (io.ReadCloser, error) {
	if s, ok := l.store.(rangedStore); ok {
		return s.openRange(ctx, l.name, offset, n)
	}
	rc, err := l.store.open(ctx, l.name)
	if err != nil {
		return nil, err
	}
	if r, ok := rc.(io.ReaderAt); ok {
		return &part{io.NewSectionReader(r, offset, n), rc}, nil
	}
	return nil, errors.Join(fmt.Errorf("a part of %s: %w", l.name, errors.ErrUnsupported), rc.Close())
}

// A rangedStore can read parts of blobs that are not files.
type rangedStore interface {
	openRange(ctx context.Context, name string, offset, n int64) (io.ReadCloser, error)
}

// A part of a file; Close closes the file.
type part struct {
	io.Reader
	io.Closer
}

// Extent implements walk.StoredLayer.
func (l *storedLayer) Extent() (offset, size int64) {
	offset, size, err := l.store.find(l.name)
	if err != nil {
		return 0, -1
	}
	return offset, size
}

// A compressedBlob implements partial.CompressedLayer: a layer that a manifest describes.
type compressedBlob struct {
	ctx   context.Context
	store store
	desc  v1.Descriptor
}

func (b *compressedBlob) Digest() (v1.Hash, error)            { return b.desc.Digest, nil }
func (b *compressedBlob) Size() (int64, error)                { return b.desc.Size, nil }
func (b *compressedBlob) MediaType() (types.MediaType, error) { return b.desc.MediaType, nil }
func (b *compressedBlob) Compressed() (io.ReadCloser, error) {
	return b.store.open(b.ctx, blobName(b.desc.Digest.String()))
}

// A plainBlob implements partial.UncompressedLayer: a layer in a docker archive, which some tools compress.
type plainBlob struct {
	ctx    context.Context
	store  store
	name   string
	diffID v1.Hash
}

func (b *plainBlob) DiffID() (v1.Hash, error)            { return b.diffID, nil }
func (b *plainBlob) MediaType() (types.MediaType, error) { return types.DockerLayer, nil }
func (b *plainBlob) Uncompressed() (io.ReadCloser, error) {
	rc, err := b.store.open(b.ctx, b.name)
	if err != nil {
		return nil, err
	}
	z, _, err := compression.NewReader(rc)
	if err != nil {
		return nil, errors.Join(err, rc.Close())
	}
	return &readCloser{z, func() error { return errors.Join(z.Close(), rc.Close()) }}, nil
}

type readCloser struct {
	io.Reader
	close func() error
}

func (r *readCloser) Close() error { return r.close() }

// A layeredImage is an image with other layers of the same content.
type layeredImage struct {
	v1.Image
	layers []v1.Layer
}

func (i *layeredImage) Layers() ([]v1.Layer, error) { return i.layers, nil }

// missingBlob returns an error if a store lacks a blob, or can't tell: a process may have too many files open.
func missingBlob(s store, what, name string) error {
	_, _, err := s.find(name)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %s is missing: %w", what, name, fs.ErrNotExist)
	}
	return fmt.Errorf("%s: cannot open %s: %w", what, name, err)
}
