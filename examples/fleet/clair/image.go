package clair

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Limits bound the bytes of a manifest's layers. Zero fields mean the defaults.
type Limits struct {
	Compressed   int64 // of all layers; 10 GiB
	Uncompressed int64 // of all layers; 40 GiB
}

// Fetch fetches the layers of a manifest into a directory, and returns them as an image with an empty configuration, as Clair sees it. The caller
// deletes the directory after the scan. The client must refuse addresses that the tenant may not reach. A layer that occurs twice is fetched once.
func Fetch(ctx context.Context, client *http.Client, dir string, m *Manifest, limits Limits) (v1.Image, error) {
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("clair: manifest: %w", err)
	}
	if limits.Compressed == 0 {
		limits.Compressed = 10 << 30
	}
	if limits.Uncompressed == 0 {
		limits.Uncompressed = 40 << 30
	}
	// Headers of a layer are for its address: a redirect to another host must not get them.
	c := *client
	c.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if r.URL.Host != via[0].URL.Host || r.URL.Scheme != via[0].URL.Scheme {
			r.Header = http.Header{}
		}
		if len(via) > 5 {
			return errors.New("more than 5 redirects")
		}
		return nil
	}
	fetched := make(map[string]*layer)
	layers := make([]v1.Layer, len(m.Layers))
	for i := range m.Layers {
		l := fetched[m.Layers[i].Hash]
		if l == nil {
			var err error
			if l, err = fetch(ctx, &c, dir, &m.Layers[i], &limits); err != nil {
				return nil, fmt.Errorf("clair: layer %d: %w", i+1, err)
			}
			fetched[m.Layers[i].Hash] = l
		}
		full, err := partial.CompressedToLayer(l)
		if err != nil {
			return nil, fmt.Errorf("clair: layer %d: %w", i+1, err)
		}
		layers[i] = full
	}
	img, err := mutate.AppendLayers(empty.Image, layers...)
	if err != nil {
		return nil, fmt.Errorf("clair: %w", err)
	}
	return img, nil
}

// A layer is a file. It implements partial.CompressedLayer, and knows its DiffID.
type layer struct {
	file         string
	digest, diff v1.Hash
	size         int64
}

func (l *layer) Digest() (v1.Hash, error)            { return l.digest, nil }
func (l *layer) DiffID() (v1.Hash, error)            { return l.diff, nil }
func (l *layer) Size() (int64, error)                { return l.size, nil }
func (l *layer) MediaType() (types.MediaType, error) { return types.DockerLayer, nil }
func (l *layer) Compressed() (io.ReadCloser, error)  { return os.Open(l.file) }

// fetch fetches a layer, checks its digest, and reads it once for its DiffID. It takes the bytes off the limits.
func fetch(ctx context.Context, client *http.Client, dir string, from *Layer, limits *Limits) (*layer, error) {
	digest, err := v1.NewHash(from.Hash)
	if err != nil || digest.Algorithm != "sha256" {
		return nil, errors.New("the hash is not of SHA-256")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, from.URI, nil)
	if err != nil {
		return nil, errors.New("the URI is malformed")
	}
	for k, values := range from.Headers {
		for _, v := range values {
			r.Header.Add(k, v)
		}
	}
	res, err := client.Do(r)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // the URI may have a signature
		}
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", res.StatusCode)
	}
	l := &layer{file: filepath.Join(dir, digest.Hex), digest: digest}
	f, err := os.OpenFile(l.file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	l.size, err = io.Copy(io.MultiWriter(f, sum), io.LimitReader(res.Body, limits.Compressed+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if limits.Compressed -= l.size; limits.Compressed < 0 {
		return nil, errors.New("the layers are larger than the limit")
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != digest.Hex {
		return nil, fmt.Errorf("the content has another digest, sha256:%s", got)
	}
	full, err := partial.CompressedToLayer(l)
	if err != nil {
		return nil, err
	}
	content, err := full.Uncompressed()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	sum.Reset()
	n, err := io.Copy(sum, io.LimitReader(content, limits.Uncompressed+1))
	if err != nil {
		return nil, err
	}
	if limits.Uncompressed -= n; limits.Uncompressed < 0 {
		return nil, errors.New("the uncompressed layers are larger than the limit")
	}
	l.diff = v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum.Sum(nil))}
	return l, ctx.Err()
}

// LayersDigest returns a name for the image of these layers: a hash of their digests. Unlike the hash that a manifest states, it is the image's own.
func LayersDigest(m *Manifest) string {
	h := sha256.New()
	for i := range m.Layers {
		io.WriteString(h, "layer "+m.Layers[i].Hash+"\n")
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}
