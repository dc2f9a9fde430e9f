package oci

import (
	"context"
	"fmt"
	"io"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/internal/prefetch"
	"github.com/hullmark/hullmark/internal/distribution"
)

// Open opens the database that a reference names, such as "registry.example/advisories:latest". It fetches
// blocks when they are needed, and can be used until ctx ends. Open also returns the digest of the manifest, "sha256:...".
//
// Errors are those of package registry and of [db.OpenSigned]. They wrap db.ErrNotDatabase if the reference names something
// else, and errors.ErrUnsupported if the registry sends whole blobs only, so that the database can be pulled but not opened.
func Open(ctx context.Context, ref string, o Options) (d *db.DB, digest string, err error) {
	repo, err := distribution.Open(ref, o.Registry)
	if err != nil {
		return nil, "", fmt.Errorf("oci: %w", err)
	}
	d, digest, err = open(ctx, repo, &o)
	if err != nil {
		repo.Close()
	}
	return d, digest, err
}

func open(ctx context.Context, repo *distribution.Repository, o *Options) (*db.DB, string, error) {
	a, err := readArtifact(ctx, repo)
	if err != nil {
		return nil, "", err
	}
	b := &blob{ctx: ctx, repo: repo, artifact: a, disk: openDisk(o.Cache, a.layer.Digest.Hex), progress: o.Progress, total: -1}
	d, err := b.open(ctx, o.Verify)
	return d, a.digest.String(), err
}

// headSize is the length of the first bytes of a database, which tell its format.
const headSize = 8

func (b *blob) open(ctx context.Context, verify *db.SignaturePolicy) (*db.DB, error) {
	size, tail := b.layer.Size, b.tail()
	spans := []prefetch.Span{{Offset: size - tail, Length: tail}}
	if size-tail > headSize {
		spans = append([]prefetch.Span{{Offset: 0, Length: headSize}}, spans...)
	}
	if err := b.Prefetch(ctx, spans); err != nil {
		return nil, err
	}
	for again := false; ; again = true {
		d, err := b.parse(verify)
		if err == nil {
			return d, nil
		}
		if !b.Discard() || again {
			return nil, b.explain(err)
		}
	}
}

// parse opens the database in the blob.
func (b *blob) parse(verify *db.SignaturePolicy) (*db.DB, error) {
	d, err := openDB(b, b.layer.Size, verify)
	if err != nil {
		return nil, err
	}
	if want := b.layer.Annotations[indexAnnotation]; b.pinned && want != "sha256:"+d.Info().Hash {
		return nil, fmt.Errorf("%w: its index is not %q, which the manifest names", db.ErrCorrupt, want)
	}
	return d, nil
}

// openDB opens a database of size bytes in r.
func openDB(r io.ReaderAt, size int64, verify *db.SignaturePolicy) (*db.DB, error) {
	if verify != nil {
		return db.OpenSigned(r, size, *verify)
	}
	return db.Open(r, size)
}

// explain makes the error of reading the database in the blob.
func (b *blob) explain(err error) error {
	return fmt.Errorf("oci: %w", b.repo.Explain("blob "+b.layer.Digest.String(), err))
}

// Close ends the connections to the registry.
func (b *blob) Close() error {
	b.repo.Close()
	return nil
}
