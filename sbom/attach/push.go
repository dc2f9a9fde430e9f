package attach

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/internal/distribution"
)

// Push attaches a document to the image "registry/repository@sha256:...", with its media type, see sbom.Options.MediaType, and
// annotations. It returns the name of the artifact in the same form. Pushing the same document again changes nothing. Push does not
// use mirrors to write.
func Push(ctx context.Context, image, mediaType string, document []byte, annotations map[string]string, o registry.Options) (string, error) {
	repo, err := open(image, o)
	if err != nil {
		return "", fmt.Errorf("attach: %w", err)
	}
	defer repo.Close()
	m := manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: mediaType, Annotations: annotations}
	_, subject, err := repo.Manifest(ctx, repo.Ref.Identifier(), manifestTypes...)
	if err != nil {
		return "", fmt.Errorf("attach: %w", err)
	}
	m.Subject = &v1.Descriptor{MediaType: subject.MediaType, Size: subject.Size, Digest: subject.Digest}
	ref, err := push(ctx, repo, m, document)
	if err != nil {
		return "", fmt.Errorf("attach: %w", repo.Explain("push a document", err))
	}
	return ref, nil
}

// push writes the document, and then the manifest m, which lacks the descriptors of its parts.
func push(ctx context.Context, repo *distribution.Repository, m manifest, document []byte) (string, error) {
	through, err := repo.Pusher(ctx)
	if err != nil {
		return "", err
	}
	options := []remote.Option{remote.WithContext(ctx), remote.WithTransport(through)}
	layer := func(mediaType string, content []byte) (v1.Descriptor, error) {
		l := static.NewLayer(content, types.MediaType(mediaType))
		if err := remote.WriteLayer(repo.Ref.Context(), l, options...); err != nil {
			return v1.Descriptor{}, err
		}
		digest, size, err := v1.SHA256(bytes.NewReader(content))
		return v1.Descriptor{MediaType: types.MediaType(mediaType), Size: size, Digest: digest}, err
	}
	if m.Config, err = layer(emptyConfig, []byte("{}")); err != nil {
		return "", err
	}
	d, err := layer(m.ArtifactType, document)
	if err != nil {
		return "", err
	}
	m.Layers = []v1.Descriptor{d}
	text, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	digest, _, err := v1.SHA256(bytes.NewReader(text))
	if err != nil {
		return "", err
	}
	artifact := repo.Ref.Context().Digest(digest.String())
	if err := remote.Put(artifact, rawManifest(text), options...); err != nil {
		return "", err
	}
	return artifact.Name(), nil
}

// A rawManifest implements remote.Taggable.
type rawManifest []byte

func (r rawManifest) RawManifest() ([]byte, error)        { return r, nil }
func (r rawManifest) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }
