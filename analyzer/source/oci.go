package source

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
)

// The files of an OCI image layout; see the OCI image specification, "OCI Image Layout Specification".
const (
	layoutFile = "oci-layout"
	indexFile  = "index.json"
)

// findOCI finds the images of a layout, in a directory or in a tar file. A directory of blobs without an index, such as
// containerd's content store, has no tags; its images are found by digest.
func findOCI(ctx context.Context, at location, _ Options) (_ *set, err error) {
	s := at.store
	defer closer(&err, s.close)
	found := &set{how: "adding a colon and its name, or its digest as @sha256:...", close: s.close}
	get := func(ctx context.Context, what string, desc v1.Descriptor) ([]byte, error) {
		return blob(ctx, s, what, desc)
	}
	list, err := layoutManifests(ctx, at, get)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, d := range list {
		ref, full := d.Annotations["org.opencontainers.image.ref.name"], d.Annotations["io.containerd.image.name"]
		name := cmp.Or(full, ref, d.Digest.String())
		names = append(names, name)
		tag := at.tag
		if tag == "" || tag == ref || tag == full || strings.HasSuffix(full, "/"+tag) || tag == "@"+d.Digest.String() || tag == "@"+d.from.String() {
			found.members = append(found.members, ociMember(s, get, d.Descriptor, name, at.name))
		}
	}
	if len(found.members) == 0 && at.tag != "" {
		return nil, fmt.Errorf("%w as %s; it has %s", errNotFound, at.tag, some(slices.Compact(names)))
	}
	return found, nil
}

// layoutManifests returns the image manifests of a layout.
func layoutManifests(ctx context.Context, at location, get getter) ([]manifest, error) {
	b, err := document(ctx, at.store, indexFile)
	switch {
	case err == nil:
		return manifests(ctx, get, v1.Descriptor{}, b, indexFile)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	digest, ok := strings.CutPrefix(at.tag, "@")
	h, err := v1.NewHash(digest)
	if !ok || err != nil {
		return nil, fmt.Errorf("%w: no %s; name an image of a content store by its digest (@sha256:...)", errNotFound, indexFile)
	}
	raw, err := get(ctx, "manifest", v1.Descriptor{Digest: h})
	if err != nil {
		return nil, err
	}
	list, err := named(ctx, get, v1.Descriptor{Digest: h, Size: int64(len(raw))}, raw)
	return images(list), err
}

// ociMember is an image that a manifest of a store describes.
func ociMember(s store, get getter, d v1.Descriptor, name, at string) member {
	artifact := func(ctx context.Context) bool {
		raw, err := get(ctx, "manifest", d)
		return err == nil && isArtifact(raw)
	}
	return member{name: name, ref: at + "@" + d.Digest.String(), platform: d.Platform, artifact: artifact, open: func(ctx context.Context) (*Image, error) {
		raw, err := get(ctx, "manifest", d)
		if err != nil {
			return nil, err
		}
		img, err := ociImage(ctx, s, get, d, raw)
		if err != nil {
			return nil, err
		}
		return &Image{Image: img, digest: d.Digest.String()}, nil
	}}
}

// blob reads a document of a layout, and checks its digest.
func blob(ctx context.Context, s store, what string, desc v1.Descriptor) ([]byte, error) {
	if len(desc.Data) > 0 { // embedded, as the image specification allows
		return checked(what, desc, desc.Data)
	}
	name := blobName(desc.Digest.String())
	if err := missingBlob(s, what, name); err != nil {
		return nil, err
	}
	b, err := document(ctx, s, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return checked(what, desc, b)
}

// checked returns content if it has the digest that a descriptor names.
func checked(what string, desc v1.Descriptor, b []byte) ([]byte, error) {
	if err := checkDigest(desc.Digest, b); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return b, nil
}

func checkDigest(want v1.Hash, b []byte) error {
	hash, err := v1.Hasher(want.Algorithm)
	if err != nil {
		return err
	}
	hash.Write(b)
	if got := hex.EncodeToString(hash.Sum(nil)); got != want.Hex {
		return &analyzer.DigestError{Want: want.String(), Got: want.Algorithm + ":" + got}
	}
	return nil
}
