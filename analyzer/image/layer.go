package image

import (
	"context"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer/internal/walk"
)

// A Layer is one layer of an image.
type Layer struct {
	Index     int     // counted from 0, the bottom
	DiffID    v1.Hash // digest of the uncompressed tar stream, from the configuration
	Digest    v1.Hash // digest of the stored bytes, from the manifest; zero if it is not known without work
	CreatedBy string  // the instruction that made the layer, from the configuration's history; often empty

	layer walk.Layer
}

// Layers returns the layers of an image, bottom first. It reads the configuration, and no layer.
func Layers(img v1.Image) ([]Layer, error) {
	layers, err := walk.Layers(img)
	if err != nil {
		return nil, err
	}
	list := make([]Layer, len(layers))
	for i, l := range layers {
		list[i] = Layer{l.Index, l.DiffID, l.Digest, l.CreatedBy, l}
	}
	return list, nil
}

// Limits bound the work of Walk for one layer. Zero fields mean the defaults.
type Limits struct {
	Entries int64 // tar entries; 4,194,304
	Bytes   int64 // bytes of the uncompressed stream; 64 GiB
	Ratio   int64 // uncompressed bytes for each stored one, beyond the first GiB; 1,200, which no gzip stream reaches
	Path    int   // bytes of a path; entries with longer ones are Refused; 4,096
	Depth   int   // elements of a path; entries with more are Refused; 512
}

// Walk reads the layer once and calls fn for each entry, in the order of the tar stream. Its error wraps the context's error,
// the error of fn, an [*analyzer.LimitError] or an [*analyzer.DigestError], or names the offset in the uncompressed stream
// where the layer cannot be read. After an error, the entries must not be trusted.
//
// The layer may be gzip, zstd or uncompressed, whatever its media type claims. Walk compares the stored bytes with Digest if it
// is known, as runtimes do when they pull, else the uncompressed bytes with DiffID.
func (l Layer) Walk(ctx context.Context, limits Limits, fn func(*Entry) error) error {
	var e Entry
	_, err := l.layer.Walk(ctx, walk.Options{Limits: walk.Limits(limits)}, func(w *walk.Entry) error {
		e.set(w)
		return fn(&e)
	})
	return err
}
