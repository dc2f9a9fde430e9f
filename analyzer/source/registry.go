package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/internal/polite"
)

// findRegistry finds the images of a reference in a registry, or in the first of its mirrors that has it.
func findRegistry(ctx context.Context, at location, o Options) (*set, error) {
	ref, err := name.ParseReference(at.name)
	if err != nil {
		return nil, fmt.Errorf("not a reference to an image in a registry: %w", err)
	}
	host := ref.Context().RegistryStr()
	var missed []error
	for _, mirror := range o.Mirrors[host] {
		found, err := findIn(ctx, mirror, ref, o)
		if err == nil || ctx.Err() != nil {
			return found, err
		}
		missed = append(missed, fmt.Errorf("mirror %s: %w", mirror, err))
	}
	found, err := findIn(ctx, host, ref, o)
	if err != nil {
		return nil, errors.Join(append([]error{err}, missed...)...)
	}
	return found, nil
}

// findIn looks for a reference in one registry, which may be a mirror of its own.
func findIn(ctx context.Context, host string, ref name.Reference, o Options) (_ *set, err error) {
	var options []name.Option
	if slices.Contains(o.Insecure, host) {
		options = append(options, name.Insecure)
	}
	registry, err := name.NewRegistry(host, options...)
	if err != nil {
		return nil, err
	}
	t := polite.NewTransport(o.Transport, polite.Loopback(host) || slices.Contains(o.Insecure, host))
	t.Stall = o.Stall
	defer closer(&err, func() error { t.Close(); return nil })
	keychain := o.Keychain
	if keychain == nil {
		keychain = authn.DefaultKeychain
	}
	r := &repository{Repository: registry.Repo(ref.Context().RepositoryStr()), ref: ref, transport: t}
	if err := r.connect(ctx, keychain); err != nil {
		return nil, r.explain(err)
	}
	raw, desc, err := r.manifest(ctx, ref.Identifier())
	if err != nil {
		return nil, r.explain(err)
	}
	if _, byDigest := ref.(name.Digest); byDigest && desc.Digest.String() != ref.Identifier() {
		if desc.Digest, err = v1.NewHash(ref.Identifier()); err != nil {
			return nil, err
		}
		if _, err := checked("manifest", desc, raw); err != nil {
			return nil, r.explain(err)
		}
	}
	list, err := named(ctx, r.get, desc, raw)
	if err != nil {
		return nil, r.explain(err)
	}
	found := &set{how: "its digest as @sha256:...", close: func() error { t.Close(); return nil }}
	for _, m := range list {
		found.members = append(found.members, r.member(m.Descriptor, raw, desc.Digest))
	}
	return found, nil
}

// member is an image of a repository. Its manifest is known already if it has the digest of top.
func (r *repository) member(d v1.Descriptor, top []byte, digest v1.Hash) member {
	ref := r.ref.Context().String() + "@" + d.Digest.String()
	return member{name: d.Digest.String(), ref: ref, platform: d.Platform, open: func(ctx context.Context) (*Image, error) {
		raw := top
		if d.Digest != digest {
			var err error
			if raw, err = r.get(ctx, "manifest", d); err != nil {
				return nil, r.explain(err)
			}
		}
		s, err := r.store(raw)
		if err != nil {
			return nil, err
		}
		img, err := ociImage(ctx, s, r.get, d, raw)
		if err != nil {
			return nil, r.explain(err)
		}
		return &Image{Image: img, digest: d.Digest.String()}, nil
	}}
}

// A registryStore is the layers of one image in a repository, in the order of the manifest.
type registryStore struct {
	repository  *repository
	layers      map[string]extent // the offset is the index
	descriptors map[string]v1.Descriptor
}

func (s *registryStore) find(name string) (int64, int64, bool) {
	e, ok := s.layers[name]
	return e.offset, e.size, ok
}

func (s *registryStore) open(ctx context.Context, name string) (io.ReadCloser, error) {
	return s.openRange(ctx, name, 0, s.descriptors[name].Size)
}

func (s *registryStore) openRange(ctx context.Context, name string, offset, n int64) (io.ReadCloser, error) {
	d, ok := s.descriptors[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	b, err := s.repository.openRange(ctx, d, offset, n)
	if errors.Is(err, ErrNotFound) && foreign(d) {
		return nil, foreignLayer(d)
	}
	if err != nil {
		return nil, s.repository.explain(err)
	}
	return b, nil
}

func (s *registryStore) close() error { return nil }
