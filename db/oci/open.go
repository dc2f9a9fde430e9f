package oci

import (
	"context"
	"fmt"

	"github.com/hullmark/hullmark/db"
)

// A Remote is a database in a registry that is open. Blocks are brought when they are needed.
type Remote struct {
	*db.DB
	Digest string // of the manifest: "sha256:..."

	blob *blob
}

// Open opens the database that a reference names, as "registry.example/advisories:latest". Reading goes on, for as long as the
// database is used, until ctx is done.
//
// Errors wrap [ErrNotFound], [ErrNotDatabase], [ErrNoRanges], or those of [db.OpenSigned].
func Open(ctx context.Context, ref string, o Options) (*Remote, error) {
	repo, err := connect(ctx, ref, &o, true)
	if err != nil {
		return nil, err
	}
	r, err := open(ctx, repo, &o)
	if err != nil {
		repo.close()
		return nil, err
	}
	return r, nil
}

func open(ctx context.Context, repo *repository, o *Options) (*Remote, error) {
	a, err := repo.artifact(ctx)
	if err != nil {
		return nil, err
	}
	b := &blob{ctx: ctx, repo: repo, artifact: a, progress: o.Progress, total: -1}
	d, err := b.open(ctx, o.Trust)
	if err != nil {
		return nil, err
	}
	return &Remote{DB: d, Digest: a.digest.String(), blob: b}, nil
}

// headSize is the length of what a database begins with.
const headSize = 8

func (b *blob) open(ctx context.Context, trust *db.SignaturePolicy) (*db.DB, error) {
	size, tail := b.layer.Size, b.tail()
	spans := []db.Span{{Offset: size - tail, Length: tail}}
	if size-tail > headSize {
		spans = append([]db.Span{{Offset: 0, Length: headSize}}, spans...)
	}
	if err := b.Prefetch(ctx, spans); err != nil {
		return nil, err
	}
	var d *db.DB
	var err error
	if trust != nil {
		d, err = db.OpenSigned(b, size, *trust)
	} else {
		d, err = db.Open(b, size)
	}
	if err != nil {
		return nil, fmt.Errorf("oci: %s: %w", b.repo.ref, err)
	}
	if want := b.layer.Annotations[IndexAnnotation]; b.pinned && want != "sha256:"+d.Info().Hash {
		return nil, fmt.Errorf("oci: %s: %w: its index is not %q, of which the manifest speaks", b.repo.ref, db.ErrCorrupt, want)
	}
	return d, nil
}

// Usage returns what was asked of the registry so far.
func (r *Remote) Usage() Usage { return r.blob.used() }

// Close ends the connections to the registry, after which nothing more can be brought.
func (r *Remote) Close() error {
	r.blob.repo.close()
	return nil
}
