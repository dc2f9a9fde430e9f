package oci

import (
	"bytes"
	"context"
	"fmt"
	"strconv"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/distribution"
)

// An artifact is a database as its manifest describes it.
type artifact struct {
	digest v1.Hash // the manifest's
	layer  v1.Descriptor
	pinned bool // the reference has the digest
}

// readArtifact reads the manifest.
func readArtifact(ctx context.Context, repo *distribution.Repository) (a artifact, err error) {
	id := repo.Ref.Identifier()
	raw, desc, err := repo.Manifest(ctx, id, types.OCIManifestSchema1)
	if err != nil {
		return a, fmt.Errorf("oci: %w", err)
	}
	_, a.pinned = repo.Ref.(name.Digest)
	a.digest = desc.Digest
	fail := func(err error) (artifact, error) { return a, fmt.Errorf("oci: %w", repo.Explain("manifest "+id, err)) }
	m, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return fail(fmt.Errorf("%w: %w", db.ErrNotDatabase, err))
	}
	if len(m.Layers) != 1 || m.Layers[0].MediaType != layerType {
		kind := m.MediaType
		if len(m.Layers) > 0 {
			kind = m.Layers[0].MediaType
		}
		return fail(fmt.Errorf("%w, but %s", db.ErrNotDatabase, kind))
	}
	a.layer = m.Layers[0]
	return a, nil
}

// tail returns how many bytes at the end of the file to bring first.
func (a *artifact) tail() int64 {
	n, err := strconv.ParseInt(a.layer.Annotations[tailAnnotation], 10, 64)
	if err != nil || n <= 0 || n > maxTail {
		n = 64 << 10
	}
	return min(n, a.layer.Size)
}

const maxTail = 16 << 20
