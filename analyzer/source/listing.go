package source

import (
	"context"
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// An Index is an index in a registry, before its images are opened.
type Index struct {
	// Digest is the digest of the index, "sha256:...". It is "" if the reference names one image, which Images then has.
	Digest string

	// Images are all manifests that a runtime may run, in the order of the index and of those nested in it. An image with several
	// platforms is there several times.
	Images []Listed

	set    *set
	prefix string
}

// A Listed is an image of an index.
type Listed struct {
	Digest   string       // the manifest's
	Platform *v1.Platform // as the index states it, or nil
}

// OpenIndex opens the index that a reference names, and no image of it. It ignores Options.Platform. Its errors are those of [Open]; for references
// to other places than registries, they wrap errors.ErrUnsupported. The index and its images can be used until ctx ends.
func OpenIndex(ctx context.Context, ref string, o Options) (*Index, error) {
	set, k, name, err := find(ctx, ref, o)
	if err != nil {
		return nil, err
	}
	set.uses = 1
	if k.prefix != registryKind {
		return nil, errors.Join(fmt.Errorf("source: %s:%s: %w as an index", k.prefix, name, errors.ErrUnsupported), set.done())
	}
	x := &Index{Digest: set.index, set: set, prefix: k.prefix}
	for _, m := range set.listed {
		x.Images = append(x.Images, Listed{m.name, m.platform})
	}
	return x, nil
}

// Platform returns the platform of Images[i]. If the index states none, it reads the configuration, as runtimes do. It returns nil if the
// configuration states none, as for signatures and charts.
func (x *Index) Platform(ctx context.Context, i int) (*v1.Platform, error) {
	m := x.set.listed[i]
	if m.platform != nil {
		return m.platform, nil
	}
	p, err := m.states(ctx)
	if err != nil {
		return nil, fmt.Errorf("source: %s:%s: %w", x.prefix, m.ref, err)
	}
	return p, nil
}

// Open opens Images[i].
func (x *Index) Open(ctx context.Context, i int) (*Image, error) {
	m := x.set.listed[i]
	img, err := m.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("source: %s:%s: %w", x.prefix, m.ref, err)
	}
	x.set.retain()
	x.set.closeWith(img)
	img.Ref = x.prefix + ":" + m.ref
	return img, nil
}

// Close closes the index. Open images stay open.
func (x *Index) Close() error { return x.set.done() }
