package attach

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/internal/distribution"
)

// maxReferrers is the most SBOMs of one image that Find looks at.
const maxReferrers = 128

// An Attachment is a document that is attached to an image.
type Attachment struct {
	Ref         string // the artifact: "registry/repository@sha256:..."
	MediaType   string // media type of the document
	Size        int64  // size of the document, in bytes
	Annotations map[string]string

	layer   v1.Descriptor
	options registry.Options
}

// Find returns the SBOMs attached to the image "registry/repository@sha256:...": CycloneDX before SPDX before in-toto statements,
// and newer ones before older ones by the annotation org.opencontainers.image.created. The list may be empty.
//
// Find checks that each manifest has its digest and names the image as its subject. It omits those that name another image, and fails
// with [ErrSubject] if all do.
func Find(ctx context.Context, image string, o registry.Options) ([]Attachment, error) {
	repo, err := open(image, o)
	if err != nil {
		return nil, fmt.Errorf("attach: %w", err)
	}
	defer repo.Close()
	list, err := find(ctx, repo)
	if err != nil {
		return nil, fmt.Errorf("attach: %w", err)
	}
	const created = "org.opencontainers.image.created"
	slices.SortStableFunc(list, func(a, b Attachment) int {
		return cmp.Or(cmp.Compare(rank(a.MediaType), rank(b.MediaType)), strings.Compare(b.Annotations[created], a.Annotations[created]), strings.Compare(a.Ref, b.Ref))
	})
	for i := range list {
		list[i].options = o
	}
	return list, nil
}

func find(ctx context.Context, repo *distribution.Repository) ([]Attachment, error) {
	referrers, err := repo.Referrers(ctx, repo.Ref.Identifier())
	if err != nil {
		return nil, err
	}
	var list []Attachment
	var foreign error
	for _, d := range referrers {
		if rank(d.ArtifactType) == 0 && d.ArtifactType != emptyConfig && d.ArtifactType != "" || d.Size > distribution.MaxManifest {
			continue
		}
		if len(list) == maxReferrers {
			break
		}
		a, err := read(ctx, repo, d.Digest)
		switch {
		case errors.Is(err, ErrSubject):
			foreign = err
		case err != nil:
			return nil, err
		case a != nil:
			list = append(list, *a)
		}
	}
	if len(list) == 0 {
		return nil, foreign
	}
	return list, nil
}

// rank orders the media types of documents. It returns 0 for other types.
func rank(mediaType string) int {
	return 1 + slices.Index(mediaTypes, mediaType)
}

// read reads the manifest of an artifact. It returns nil if the artifact is not an SBOM.
func read(ctx context.Context, repo *distribution.Repository, digest v1.Hash) (*Attachment, error) {
	raw, _, err := repo.Manifest(ctx, digest.String(), types.OCIManifestSchema1)
	if err != nil {
		return nil, err
	}
	var m manifest
	operation := "manifest " + digest.String()
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, repo.Explain(operation, err)
	}
	if len(m.Layers) != 1 || rank(string(m.Layers[0].MediaType)) == 0 {
		return nil, nil
	}
	if m.Subject == nil || m.Subject.Digest.String() != repo.Ref.Identifier() {
		return nil, repo.Explain(operation, ErrSubject)
	}
	return &Attachment{
		Ref: repo.Ref.Context().Digest(digest.String()).Name(), MediaType: string(m.Layers[0].MediaType), Size: m.Layers[0].Size,
		Annotations: m.Annotations, layer: m.Layers[0],
	}, nil
}

// maxDocument is the most bytes of a document.
const maxDocument = 512 << 20

// Open opens the document. Reading fails if the content does not have its digest. Open fails if the document is larger than 512 MiB.
func (a *Attachment) Open(ctx context.Context) (io.ReadCloser, error) {
	if a.Size > maxDocument {
		return nil, fmt.Errorf("attach: %s: %d bytes, more than %d", a.Ref, a.Size, maxDocument)
	}
	repo, err := distribution.Open(a.Ref, a.options)
	if err != nil {
		return nil, fmt.Errorf("attach: %w", err)
	}
	body, err := repo.VerifiedBlob(ctx, a.layer)
	if err != nil {
		repo.Close()
		return nil, fmt.Errorf("attach: %w", err)
	}
	return &document{body, repo, "blob " + a.layer.Digest.String()}, nil
}

// A document closes its repository.
type document struct {
	io.ReadCloser
	repo      *distribution.Repository
	operation string
}

// Explain removes the credentials of requests from an error about the document, which may repeat them.
func (d *document) Explain(err error) error { return d.repo.Explain(d.operation, err) }

func (d *document) Close() error {
	err := d.ReadCloser.Close()
	d.repo.Close()
	return err
}
