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
)

// Push puts the database of size bytes in r where a reference says, with its signatures, and returns the digest of its
// manifest. The same file gives the same digest. A Trust in o is demanded of the file.
func Push(ctx context.Context, ref string, r io.ReaderAt, size int64, o Options) (digest string, err error) {
	layer, err := newLayer(r, size, o.Trust)
	if err != nil {
		return "", err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), ConfigType)
	img, err = mutate.Append(img, mutate.Addendum{
		Layer: layer, MediaType: LayerType,
		Annotations: map[string]string{
			TailAnnotation: strconv.FormatInt(layer.tail, 10), IndexAnnotation: "sha256:" + layer.index, title: "advisories.db",
		},
	})
	if err != nil {
		return "", fmt.Errorf("oci: %w", err)
	}
	repo, err := connect(ctx, ref, &o, false)
	if err != nil {
		return "", err
	}
	defer repo.close()
	options := []remote.Option{
		remote.WithContext(ctx), remote.WithAuth(repo.auth), remote.WithTransport(repo.transport), remote.WithUserAgent(userAgent),
	}
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
	if err := remote.Write(repo.ref, img, options...); err != nil {
		return "", repo.explain(err)
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

func newLayer(r io.ReaderAt, size int64, trust *db.SignaturePolicy) (*fileLayer, error) {
	var d *db.DB
	var err error
	if trust != nil {
		d, err = db.OpenSigned(r, size, *trust)
	} else {
		d, err = db.Open(r, size)
	}
	if err != nil {
		return nil, err
	}
	l := &fileLayer{r: r, size: size, tail: d.TailSize(), index: d.Info().Hash}
	l.digest, _, err = v1.SHA256(io.NewSectionReader(r, 0, size))
	return l, err
}

// fileLayer implements v1.Layer. It is kept as it is: there is no other form of it.

func (l *fileLayer) Digest() (v1.Hash, error)            { return l.digest, nil }
func (l *fileLayer) DiffID() (v1.Hash, error)            { return l.digest, nil }
func (l *fileLayer) Size() (int64, error)                { return l.size, nil }
func (l *fileLayer) MediaType() (types.MediaType, error) { return LayerType, nil }
func (l *fileLayer) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(io.NewSectionReader(l.r, 0, l.size)), nil
}
func (l *fileLayer) Uncompressed() (io.ReadCloser, error) { return l.Compressed() }
