// Package remote writes the SBOM of an image to the registry of the image, and reads it from there. It joins package sbom, which
// knows documents, and package attach, which knows registries.
package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
	"github.com/hullmark/hullmark/sbom/attach"
)

// ErrNone reports that no SBOM is attached to an image.
var ErrNone = errors.New("no SBOM is attached")

// Write attaches a document to the image "registry/repository@sha256:...", which the Assessment must be about, and returns the
// name of the artifact in the same form.
func Write(ctx context.Context, image string, a *report.Assessment, o sbom.Options, r registry.Options) (artifact string, err error) {
	if _, digest, _ := strings.Cut(image, "@"); a.Report.Image.Digest != digest {
		return "", fmt.Errorf("remote: %s: the report is about image %q", image, a.Report.Image.Digest)
	}
	var b bytes.Buffer
	if err := sbom.Encode(&b, a, o); err != nil {
		return "", fmt.Errorf("remote: %s: %w", image, err)
	}
	var annotations map[string]string
	if !o.Timestamp.IsZero() {
		annotations = map[string]string{"org.opencontainers.image.created": o.Timestamp.Format(time.RFC3339)}
	}
	artifact, err = attach.Push(ctx, image, o.MediaType(), b.Bytes(), annotations, r)
	if err != nil {
		return "", fmt.Errorf("remote: %w", err)
	}
	return artifact, nil
}

// Read reads the first document that [attach.Find] returns for the image "registry/repository@sha256:...", and also returns the
// name of the artifact. It fails if the document is about another image.
func Read(ctx context.Context, image string, r registry.Options) (found *analyzer.Report, artifact string, err error) {
	list, err := attach.Find(ctx, image, r)
	if err != nil {
		return nil, "", fmt.Errorf("remote: %w", err)
	}
	if len(list) == 0 {
		return nil, "", fmt.Errorf("remote: %s: %w", image, ErrNone)
	}
	artifact = list[0].Ref
	document, err := list[0].Open(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("remote: %w", err)
	}
	defer document.Close()
	explain := func(err error) error { return fmt.Errorf("remote: %s: %w", artifact, err) }
	if d, ok := document.(interface{ Explain(error) error }); ok { // the document may repeat credentials
		explain = func(err error) error { return fmt.Errorf("remote: %s: %w", artifact, d.Explain(err)) }
	}
	found, err = sbom.Decode(document, sbom.Limits{})
	if err != nil {
		return nil, "", explain(err)
	}
	_, digest, _ := strings.Cut(image, "@")
	if d := found.Image.Digest; d != "" && d != digest {
		return nil, "", explain(fmt.Errorf("attached to image %s, but describes %s", digest, d))
	}
	found.Image.Digest = digest
	return found, artifact, nil
}
