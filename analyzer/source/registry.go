package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// openRegistry opens an image in a registry. Registries on the loopback interface are spoken to in plain HTTP, all others
// through TLS.
func openRegistry(ctx context.Context, ref string, o Options) (*Image, error) {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return nil, fmt.Errorf("not a reference to an image in a registry: %w", err)
	}
	platform, err := wantedPlatform(o.Platform)
	if err != nil {
		return nil, err
	}
	keychain := o.Keychain
	if keychain == nil {
		keychain = authn.DefaultKeychain
	}
	options := []remote.Option{
		remote.WithContext(ctx), remote.WithAuthFromKeychain(keychain), remote.WithPlatform(platform), remote.WithUserAgent("hullmark"),
	}
	if o.Transport != nil {
		options = append(options, remote.WithTransport(o.Transport))
	}
	desc, err := remote.Get(parsed, options...)
	if err != nil {
		return nil, registryError(parsed, err)
	}
	if !desc.MediaType.IsImage() && !desc.MediaType.IsIndex() {
		return nil, fmt.Errorf("%w: %s is of type %s, which is not that of a container image", ErrNotFound, parsed, desc.MediaType)
	}
	img, err := desc.Image()
	if err != nil {
		return nil, registryError(parsed, err)
	}
	m, err := img.Manifest()
	if err != nil {
		return nil, registryError(parsed, err)
	}
	if err := checkConfigType(m); err != nil {
		return nil, err
	}
	if err := checkPlatform(img, o.Platform); err != nil {
		return nil, err
	}
	digest, err := img.Digest()
	if err != nil {
		return nil, err
	}
	layers, err := img.Layers()
	if err != nil {
		return nil, registryError(parsed, err)
	}
	for i, l := range layers {
		digest, err := l.Digest()
		if err != nil {
			return nil, err
		}
		layers[i] = &remoteLayer{l, int64(i), digest}
	}
	return &Image{Image: &layeredImage{img, layers}, digest: digest.String()}, nil
}

// registryError says what was asked of which registry, without what a server may have sent as a page of HTML.
func registryError(ref name.Reference, err error) error {
	var answer *transport.Error
	if errors.As(err, &answer) {
		switch answer.StatusCode {
		case http.StatusNotFound:
			return fmt.Errorf("%w: %s says that it has no %s", ErrNotFound, ref.Context().RegistryStr(), ref)
		case http.StatusUnauthorized, http.StatusForbidden:
			return fmt.Errorf("%s refuses access to %s; log in with docker login or the like: %w", ref.Context().RegistryStr(), ref, err)
		}
	}
	return fmt.Errorf("%s from %s: %w", ref, ref.Context().RegistryStr(), err)
}

// A remoteLayer is a layer in a registry.
type remoteLayer struct {
	v1.Layer
	index  int64
	digest v1.Hash
}

// StoredDigest implements image.StoredLayer.
func (l *remoteLayer) StoredDigest() v1.Hash { return l.digest }

// Stored implements image.StoredLayer.
func (l *remoteLayer) Stored(ctx context.Context) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return l.Compressed()
}

// Extent implements image.StoredLayer.
func (l *remoteLayer) Extent() (offset, size int64) {
	size, err := l.Size()
	if err != nil {
		size = -1
	}
	return l.index, cmp.Or(size, -1)
}
