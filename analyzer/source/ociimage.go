package source

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

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
	return nil, fmt.Errorf("layer %s: %w", h, errNotFound)
}

// ociImage returns the image that a manifest describes. It reads the configuration through get; the layers are blobs of a store.
func ociImage(ctx context.Context, s store, get getter, desc v1.Descriptor, raw []byte) (v1.Image, error) {
	m, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("manifest %s: %w", desc.Digest, err)
	}
	if err := checkConfigType(m); err != nil {
		return nil, err
	}
	config, err := get(ctx, "configuration", m.Config)
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
		if err := checkLayerType(d); err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
		name := blobName(d.Digest.String())
		from := s
		if err := missingBlob(s, fmt.Sprintf("layer %d", i), name); errors.Is(err, fs.ErrNotExist) && foreign(d) {
			from = absentStore{d}
		} else if err != nil {
			return nil, err
		}
		layer, err := partial.CompressedToLayer(&compressedBlob{ctx, from, d})
		if err != nil {
			return nil, err
		}
		img.layers = append(img.layers, &storedLayer{Layer: layer, store: from, name: name, digest: d.Digest, annotations: d.Annotations})
	}
	img.Image, err = partial.CompressedToImage(core)
	return img, err
}

// isArtifact reports whether a manifest describes another artifact than an image: its configuration is not that of an image, or none of
// its layers is part of a file system. Signatures of cosign have the configuration of an image. The manifest decides, not the index,
// because runtimes ignore the artifact type that an index states.
func isArtifact(raw []byte) bool {
	m, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return false
	}
	return checkConfigType(m) != nil || len(m.Layers) > 0 && !slices.ContainsFunc(m.Layers, func(d v1.Descriptor) bool {
		return !isArtifactLayer(string(d.MediaType))
	})
}

// checkConfigType refuses other artifacts than images, such as charts and signatures.
func checkConfigType(m *v1.Manifest) error {
	switch t := m.Config.MediaType; t {
	case types.OCIConfigJSON, types.DockerConfigJSON, "":
		return nil
	default:
		return fmt.Errorf("%w: configuration type %s is not that of a container image", errNotFound, t)
	}
}

// checkLayerType refuses layers that are not part of a root file system. The compression is recognised by the content.
func checkLayerType(d v1.Descriptor) error {
	t := string(d.MediaType)
	switch {
	case strings.HasSuffix(t, "+encrypted"):
		return fmt.Errorf("encrypted (%s): %w", t, errors.ErrUnsupported)
	case !isArtifactLayer(t):
		return nil
	}
	return fmt.Errorf("an artifact of type %s: %w", t, errors.ErrUnsupported)
}

// isArtifactLayer reports whether a layer of a media type is not part of a file system. Some tools give their artifacts the
// configuration of an image, so that registries accept them.
func isArtifactLayer(t string) bool {
	if strings.Contains(t, "tar") {
		return false
	}
	for _, suffix := range []string{"+json", "+xml", "+yaml"} {
		if strings.HasSuffix(t, suffix) {
			return true
		}
	}
	for _, prefix := range []string{
		"application/vnd.in-toto", "application/vnd.dev.cosign", "application/vnd.dev.sigstore", "application/vnd.cncf.",
		"application/vnd.wasm", "application/wasm", "application/json", "application/spdx", "application/vnd.cyclonedx",
		"application/vnd.oci.empty", "text/",
	} {
		if strings.HasPrefix(t, prefix) {
			return true
		}
	}
	return false
}
