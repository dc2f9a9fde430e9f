// Package attach keeps SBOMs in a registry beside the images that they describe, as artifacts of the OCI distribution
// specification 1.1 that name the image as their subject. In registries without the referrers API it uses the tag that the
// specification names. It does not read the documents: sbom.Encode writes them, and sbom.Decode reads them.
//
// The errors are those of package registry. This is a package of its own because it needs an HTTP client.
package attach

import (
	"errors"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/internal/distribution"
)

// mediaTypes are the media types of SBOMs, the preferred first.
var mediaTypes = []string{
	"application/vnd.cyclonedx+json",
	"application/vnd.cyclonedx+xml",
	"application/spdx+json",
	"application/vnd.in-toto+json",
}

const emptyConfig = "application/vnd.oci.empty.v1+json"

// ErrSubject reports an artifact that a registry lists for one image and that names another image as its subject.
var ErrSubject = errors.New("attached to another image")

// manifestTypes are the types of manifests that a document can describe.
var manifestTypes = []types.MediaType{types.OCIImageIndex, types.OCIManifestSchema1, types.DockerManifestList, types.DockerManifestSchema2}

// A manifest is the manifest of an artifact.
type manifest struct {
	SchemaVersion int64             `json:"schemaVersion"`
	MediaType     types.MediaType   `json:"mediaType"`
	ArtifactType  string            `json:"artifactType"`
	Config        v1.Descriptor     `json:"config"`
	Layers        []v1.Descriptor   `json:"layers"`
	Subject       *v1.Descriptor    `json:"subject,omitempty"`
	Annotations   map[string]string `json:"annotations,omitempty"`
}

// open returns the repository of an image, "registry/repository@sha256:...", also with a tag before the "@".
func open(image string, o registry.Options) (*distribution.Repository, error) {
	repo, err := distribution.Open(image, o)
	if err != nil {
		return nil, err
	}
	if _, ok := repo.Ref.(name.Digest); !ok {
		return nil, fmt.Errorf("%s: the image is not named by its digest", repo.Ref)
	}
	return repo, nil
}
