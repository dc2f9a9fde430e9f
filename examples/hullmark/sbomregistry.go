package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/sbom"
	"github.com/hullmark/hullmark/sbom/attach"
)

// registryImage returns the name in its registry of the image that ref names: "registry/repository@sha256:...". Of an index
// it is the image for the platform.
func registryImage(ctx context.Context, ref, platform string) (string, error) {
	v, closeImage, err := openImage(ctx, ref, platform)
	if err != nil {
		return "", err
	}
	defer closeImage() // nothing was written
	img, ok := v.(*source.Image)
	if ok {
		if at, inRegistry := strings.CutPrefix(img.Ref, "registry:"); inRegistry && img.ManifestDigest() != "" {
			tag, err := name.ParseReference(at)
			if err != nil {
				return "", fmt.Errorf("%s: %w", ref, err)
			}
			return tag.Context().Digest(img.ManifestDigest()).Name(), nil
		}
	}
	return "", fmt.Errorf("%s: documents are attached to images in registries, and this is none", ref)
}

// readAttached reads the document that is attached to an image in a registry.
func (a *app) readAttached(ctx context.Context, ref, platform string) (*analyzer.Report, error) {
	image, err := registryImage(ctx, ref, platform)
	if err != nil {
		return nil, err
	}
	list, err := attach.Find(ctx, image, registry.Options{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ref, err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: no SBOM is attached; hullmark sbom --attach attaches one, and scan without --sbom-from-registry needs none", ref)
	}
	chosen := list[0]
	r, err := chosen.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ref, err)
	}
	defer r.Close()
	found, err := sbom.Decode(r, sbom.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", ref, chosen.Ref, err)
	}
	_, digest, _ := strings.Cut(image, "@")
	if d := found.Image.Digest; d != "" && d != digest {
		return nil, fmt.Errorf("%s: %s is attached to %s, but says that it is about %s; do not use it", ref, chosen.Ref, digest, d)
	}
	found.Image.Digest = digest
	a.say("the packages are those that %s lists; the image was not read", terminal.Escape(chosen.Ref))
	return found, nil
}
