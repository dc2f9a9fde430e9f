package source

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A getter reads a document that a descriptor names, and checks its digest.
type getter func(ctx context.Context, what string, desc v1.Descriptor) ([]byte, error)

// maxManifests bounds how many manifests the indexes of one reference may list, nested ones included.
const maxManifests = 10_000

// A manifest is the descriptor of an image manifest, and the digest of the index that lists it.
type manifest struct {
	v1.Descriptor
	from v1.Hash // digest of the index; zero for index.json
}

// manifests returns the descriptors of all image manifests that an index and the indexes in it list, each once. It omits
// other manifests, such as attestations and signatures, and an index that it has seen.
func manifests(ctx context.Context, get getter, top v1.Descriptor, index []byte, what string) ([]manifest, error) {
	list, err := entries(ctx, get, top, index, what)
	return images(list), err
}

// images returns the image manifests in a list, each once.
func images(list []manifest) (found []manifest) {
	type key struct{ digest, name, image string }
	listed := make(map[key]bool)
	for _, d := range list {
		k := key{d.Digest.String(), d.Annotations["org.opencontainers.image.ref.name"], d.Annotations["io.containerd.image.name"]}
		if !listed[k] && !isAttestation(d.Descriptor) && (d.MediaType.IsImage() || d.MediaType == "") {
			listed[k] = true
			found = append(found, d)
		}
	}
	return found
}

// entries returns all descriptors of an index and of the indexes in it, but for indexes.
func entries(ctx context.Context, get getter, top v1.Descriptor, index []byte, what string) ([]manifest, error) {
	type nested struct {
		raw  []byte
		what string
		from v1.Descriptor // descriptor of the index; its annotations apply to manifests without annotations
	}
	queue := []nested{{index, what, top}}
	seen := map[v1.Hash]bool{top.Digest: true} // indexes
	var list []manifest
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
			case !d.MediaType.IsIndex():
				list = append(list, manifest{d, from.from.Digest})
			case !isAttestation(d) && !seen[d.Digest]:
				seen[d.Digest] = true
				inner := "index " + d.Digest.String()
				b, err := get(ctx, inner, d)
				if err != nil {
					return nil, err
				}
				queue = append(queue, nested{b, inner, d})
			}
		}
	}
	return list, nil
}

// named returns the manifests that raw stands for, a manifest or an index.
func named(ctx context.Context, get getter, d v1.Descriptor, raw []byte) ([]manifest, error) {
	what := "manifest " + d.Digest.String()
	var head struct {
		MediaType types.MediaType `json:"mediaType"`
		Manifests json.RawMessage `json:"manifests"`
		Layers    json.RawMessage `json:"layers"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if head.MediaType != "" { // otherwise the server or the fields decide
		d.MediaType = head.MediaType
	}
	switch {
	case head.Manifests != nil && head.Layers != nil:
		// Readers that take it for an index and readers that take it for a manifest would see different images (CVE-2021-41190).
		return nil, fmt.Errorf("%s: both manifests and layers", what)
	case d.MediaType.IsIndex() || head.Manifests != nil:
		return entries(ctx, get, v1.Descriptor{Digest: d.Digest}, raw, what)
	case d.MediaType.IsImage() || d.MediaType == "" && head.Layers != nil:
		return []manifest{{Descriptor: d}}, nil
	}
	return nil, fmt.Errorf("%w: type %s is not that of a container image", errNotFound, d.MediaType)
}

// isAttestation recognises the attestations that BuildKit lists with images. The platform decides if there is one, as for runtimes: they
// ignore annotations.
func isAttestation(d v1.Descriptor) bool {
	if d.Platform == nil {
		return d.Annotations["vnd.docker.reference.type"] != ""
	}
	return d.Platform.OS == "unknown" && d.Platform.Architecture == "unknown"
}
