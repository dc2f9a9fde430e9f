package source

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The files of an OCI image layout; see the OCI image specification, "OCI Image Layout Specification".
const (
	layoutFile = "oci-layout"
	indexFile  = "index.json"
)

func openLayout(ctx context.Context, name string, o Options) (*Image, error) {
	return openOCI(ctx, name, o)
}

func openOCIArchive(ctx context.Context, name string, o Options) (*Image, error) {
	return openOCI(ctx, name, o)
}

func openOCI(ctx context.Context, name string, o Options) (_ *Image, err error) {
	s, tag, err := openStore(name)
	if err != nil {
		return nil, err
	}
	defer closer(&err, s.close)
	if _, _, ok := s.find(indexFile); !ok {
		return nil, fmt.Errorf("%w: it has no %s, as an OCI image layout has", ErrNotFound, indexFile)
	}
	b, err := document(ctx, s, indexFile)
	if err != nil {
		return nil, err
	}
	candidates, err := candidates(ctx, s, b, indexFile)
	if err != nil {
		return nil, err
	}
	desc, err := choose(candidates, tag, o.Platform)
	if err != nil {
		return nil, err
	}
	img, err := ociImage(ctx, s, desc)
	if err != nil {
		return nil, err
	}
	if err := checkPlatform(img, o.Platform); err != nil {
		return nil, err
	}
	return &Image{Image: img, digest: desc.Digest.String(), close: s.close}, nil
}

// blob reads a document of a layout, and checks its digest.
func blob(ctx context.Context, s store, what string, desc v1.Descriptor) ([]byte, error) {
	name := blobName(desc.Digest.String())
	if _, _, ok := s.find(name); !ok {
		return nil, missing(what, name)
	}
	b, err := document(ctx, s, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	got, _, err := v1.SHA256(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	if got != desc.Digest {
		return nil, fmt.Errorf("%s: its content has digest %s, but the image names %s", what, got, desc.Digest)
	}
	return b, nil
}

// maxManifests bounds how many manifests the indexes of a layout may list, nested ones included.
const maxManifests = 10_000

// candidates returns the descriptors of all image manifests that an index lists, through nested indexes. What else it
// lists, such as attestations and signatures, is left out.
func candidates(ctx context.Context, s store, index []byte, what string) ([]v1.Descriptor, error) {
	type nested struct {
		raw  []byte
		what string
		from v1.Descriptor // the descriptor of the index: its name and platform count for what it lists
	}
	queue := []nested{{raw: index, what: what}}
	seen := make(map[v1.Hash]bool)
	var list []v1.Descriptor
	for n := 0; len(queue) > 0; {
		from := queue[0]
		queue = queue[1:]
		m, err := v1.ParseIndexManifest(bytes.NewReader(from.raw))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", from.what, err)
		}
		for _, d := range m.Manifests {
			if n++; n > maxManifests {
				return nil, fmt.Errorf("%s: more than %d manifests", what, maxManifests)
			}
			if len(from.from.Annotations) > 0 && len(d.Annotations) == 0 {
				d.Annotations = from.from.Annotations
			}
			switch {
			case isAttestation(d):
			case d.MediaType.IsIndex():
				if seen[d.Digest] {
					continue
				}
				seen[d.Digest] = true
				b, err := blob(ctx, s, "index "+d.Digest.String(), d)
				if err != nil {
					return nil, err
				}
				queue = append(queue, nested{b, "index " + d.Digest.String(), d})
			case d.MediaType.IsImage() || d.MediaType == "":
				list = append(list, d)
			}
		}
	}
	return list, nil
}

// isAttestation recognises what BuildKit puts beside images.
func isAttestation(d v1.Descriptor) bool {
	return d.Annotations["vnd.docker.reference.type"] != "" ||
		d.Platform != nil && d.Platform.OS == "unknown" && d.Platform.Architecture == "unknown"
}

// choose picks an image by tag or digest, if one is given, and by platform.
func choose(list []v1.Descriptor, tag, platform string) (v1.Descriptor, error) {
	var names []string
	named := list[:0:0]
	for _, d := range list {
		ref, image := d.Annotations["org.opencontainers.image.ref.name"], d.Annotations["io.containerd.image.name"]
		if name := cmp.Or(image, ref, d.Digest.String()); !slices.Contains(names, name) {
			names = append(names, name)
		}
		if tag == "" || tag == ref || tag == image || strings.HasSuffix(image, "/"+tag) || tag == "@"+d.Digest.String() {
			named = append(named, d)
		}
	}
	if len(named) == 0 {
		if tag != "" {
			return v1.Descriptor{}, fmt.Errorf("%w as %s; it has %s", ErrNotFound, tag, strings.Join(names, ", "))
		}
		return v1.Descriptor{}, fmt.Errorf("%w: the index lists none", ErrNotFound)
	}
	named = slices.CompactFunc(named, func(a, b v1.Descriptor) bool { return a.Digest == b.Digest })
	if len(named) == 1 {
		return named[0], nil
	}
	want, err := wantedPlatform(platform)
	if err != nil {
		return v1.Descriptor{}, err
	}
	var found []v1.Descriptor
	var platforms []string
	for _, d := range named {
		if d.Platform == nil {
			continue
		}
		if p := d.Platform.String(); !slices.Contains(platforms, p) {
			platforms = append(platforms, p)
		}
		if d.Platform.Satisfies(want) {
			found = append(found, d)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) == 0 && len(platforms) > 0:
		return v1.Descriptor{}, fmt.Errorf("%w for %s; it has %s", ErrNotFound, want.String(), strings.Join(platforms, ", "))
	}
	return v1.Descriptor{}, fmt.Errorf("it has %d images; choose one by adding a colon and its name, or its digest as @sha256:..., of %s", max(len(found), len(named)), strings.Join(names, ", "))
}

// ociCore implements partial.CompressedImageCore.
type ociCore struct {
	ctx      context.Context
	store    store
	media    types.MediaType
	manifest []byte
	config   []byte
	layers   []v1.Descriptor
}

func (c *ociCore) RawConfigFile() ([]byte, error)      { return c.config, nil }
func (c *ociCore) MediaType() (types.MediaType, error) { return c.media, nil }
func (c *ociCore) RawManifest() ([]byte, error)        { return c.manifest, nil }
func (c *ociCore) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	for _, d := range c.layers {
		if d.Digest == h {
			return &compressedBlob{c.ctx, c.store, d}, nil
		}
	}
	return nil, fmt.Errorf("layer %s: %w", h, ErrNotFound)
}

func ociImage(ctx context.Context, s store, desc v1.Descriptor) (v1.Image, error) {
	raw, err := blob(ctx, s, "manifest", desc)
	if err != nil {
		return nil, err
	}
	m, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("manifest %s: %w", desc.Digest, err)
	}
	if err := checkConfigType(m); err != nil {
		return nil, err
	}
	config, err := blob(ctx, s, "configuration", m.Config)
	if err != nil {
		return nil, err
	}
	var parsed v1.ConfigFile
	if err := json.Unmarshal(config, &parsed); err != nil {
		return nil, fmt.Errorf("configuration %s: %w", m.Config.Digest, err)
	}
	core := &ociCore{ctx: ctx, store: s, media: cmp.Or(m.MediaType, desc.MediaType, types.OCIManifestSchema1), manifest: raw, config: config, layers: m.Layers}
	img := &layeredImage{}
	for i, d := range m.Layers {
		name := blobName(d.Digest.String())
		if _, _, ok := s.find(name); !ok {
			return nil, missing(fmt.Sprintf("layer %d", i), name)
		}
		layer, err := partial.CompressedToLayer(&compressedBlob{ctx, s, d})
		if err != nil {
			return nil, err
		}
		img.layers = append(img.layers, &storedLayer{Layer: layer, store: s, name: name, digest: d.Digest})
	}
	img.Image, err = partial.CompressedToImage(core)
	return img, err
}

// checkConfigType refuses artifacts that are no images, such as charts and signatures.
func checkConfigType(m *v1.Manifest) error {
	switch t := m.Config.MediaType; t {
	case types.OCIConfigJSON, types.DockerConfigJSON, "":
		return nil
	default:
		return fmt.Errorf("%w: its configuration is of type %s, which is not that of a container image", ErrNotFound, t)
	}
}
