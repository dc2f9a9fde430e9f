package oci

import (
	"context"
	"fmt"
	"io"
	"strconv"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/distribution"
)

// Push writes the database of size bytes in r, with its signatures, to a registry under a reference. It returns the digest of
// the manifest, which is the same for the same file. The file must satisfy o.Verify if that is not nil. Push does not use
// mirrors.
func Push(ctx context.Context, ref string, r io.ReaderAt, size int64, o Options) (digest string, err error) {
	layer, err := newLayer(r, size, o.Verify)
	if err != nil {
		return "", err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), configType)
	img, err = mutate.Append(img, mutate.Addendum{
		Layer: layer, MediaType: layerType,
		Annotations: map[string]string{
			tailAnnotation: strconv.FormatInt(layer.tail, 10), indexAnnotation: "sha256:" + layer.index, titleAnnotation: "advisories.db",
		},
	})
	if err != nil {
		return "", fmt.Errorf("oci: %w", err)
	}
	repo, err := distribution.Open(ref, o.Registry)
	if err != nil {
		return "", fmt.Errorf("oci: %w", err)
	}
	defer repo.Close()
	through, err := repo.Pusher(ctx)
	if err != nil {
		return "", fmt.Errorf("oci: %w", err)
	}
	options := []remote.Option{remote.WithContext(ctx), remote.WithTransport(through)}
	if o.Progress != nil {
		updates := make(chan v1.Update, 16)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for u := range updates {
				o.Progress(u.Complete, u.Total)
			}
		}()
		defer func() { <-done }() // remote closes the channel
		options = append(options, remote.WithProgress(updates))
	}
	if err := remote.Write(repo.Ref, img, options...); err != nil {
		return "", fmt.Errorf("oci: %w", repo.Explain("push "+repo.Ref.Identifier(), err))
	}
	h, err := img.Digest()
	if err != nil {
		return "", fmt.Errorf("oci: %w", err)
	}
	return h.String(), nil
}

// A fileLayer is a database as a layer.
type fileLayer struct {
	r      io.ReaderAt
	size   int64
	tail   int64
	index  string // hash, hexadecimal
	digest v1.Hash
}

func newLayer(r io.ReaderAt, size int64, verify *db.SignaturePolicy) (*fileLayer, error) {
	d, err := openDB(r, size, verify)
	if err != nil {
		return nil, err
	}
	l := &fileLayer{r: r, size: size, tail: d.Info().TailSize, index: d.Info().Hash}
	l.digest, _, err = v1.SHA256(io.NewSectionReader(r, 0, size))
	return l, err
}

// fileLayer implements v1.Layer. It has no compressed form.

func (l *fileLayer) Digest() (v1.Hash, error)            { return l.digest, nil }
func (l *fileLayer) DiffID() (v1.Hash, error)            { return l.digest, nil }
func (l *fileLayer) Size() (int64, error)                { return l.size, nil }
func (l *fileLayer) MediaType() (types.MediaType, error) { return layerType, nil }
func (l *fileLayer) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(io.NewSectionReader(l.r, 0, l.size)), nil
}
func (l *fileLayer) Uncompressed() (io.ReadCloser, error) { return l.Compressed() }
