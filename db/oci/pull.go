package oci

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/atomicfile"
	"github.com/hullmark/hullmark/internal/distribution"
	"github.com/hullmark/hullmark/internal/filelock"
)

// Pulled reports what Pull did.
type Pulled struct {
	Digest    string // "sha256:...", the manifest's
	Requests  int    // for parts of the file
	Bytes     int64  // fetched of the file
	Size      int64  // of the file
	Reused    int64  // bytes copied from the former file
	Unchanged bool   // the file is the one in the registry already
}

// Pull copies the database that a reference names into a file. If the file has an older one, Pull fetches only the blocks that
// changed since. It replaces the file by renaming when the new one is complete and checked, so that readers are not disturbed.
// Only one Pull or feed.Update of a file works at a time; others wait.
//
// Pull fails with [ErrOlder] if the database is older than the one in the file, unless o.Older is set. It compares the times of
// the signatures if a key in o.Verify made both, else the dates of the newest data. Other errors are those of [Open].
func Pull(ctx context.Context, ref, file string, o Options) (_ Pulled, err error) {
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real // the link stays
	}
	repo, err := distribution.Open(ref, o.Registry)
	if err != nil {
		return Pulled{}, fmt.Errorf("oci: %w", err)
	}
	defer repo.Close()
	unlock, err := filelock.Lock(ctx, file+".lock", nil)
	if err != nil {
		return Pulled{}, fmt.Errorf("oci: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	a, err := readArtifact(ctx, repo)
	if err != nil {
		return Pulled{}, err
	}
	p := &puller{blob: &blob{ctx: ctx, repo: repo, artifact: a, progress: o.Progress, total: -1}, o: &o}
	old, err := db.OpenFile(file)
	switch {
	case err == nil:
		defer old.Close()
		p.old = old
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, db.ErrCorrupt) && !errors.Is(err, db.ErrNotDatabase) && !errors.Is(err, db.ErrUnsupported):
		return Pulled{}, err // unlike a damaged database, an unreadable file is not replaced
	case errors.Is(err, db.ErrNotDatabase):
		return Pulled{}, fmt.Errorf("oci: %w; it is not replaced", err)
	}
	return p.pull(ctx, file)
}

type puller struct {
	*blob
	o   *Options
	old *db.DB // may be nil
}

func (p *puller) pull(ctx context.Context, file string) (r Pulled, err error) {
	r.Digest, r.Size = p.digest.String(), p.layer.Size
	defer func() { r.Requests, r.Bytes = p.requested() }()
	far, err := p.open(ctx, p.o.Verify)
	whole := errors.Is(err, errors.ErrUnsupported)
	if err != nil && !whole {
		return r, err
	}
	if !whole {
		if err := p.notOlder(far.Info()); err != nil {
			return r, err
		}
		if r.Unchanged = p.same(far.Info()); r.Unchanged {
			return r, nil
		}
	}
	f, err := atomicfile.Create(file)
	if err != nil {
		return r, fmt.Errorf("oci: %w", err)
	}
	defer f.Discard()
	sum := sha256.New()
	if p.old == nil || whole {
		p.total = p.layer.Size
		err = p.stream(ctx, io.MultiWriter(f, sum))
	} else {
		w := bufio.NewWriterSize(io.MultiWriter(f, sum), 1<<16)
		r.Reused, err = far.CopyTo(ctx, w, p.old)
		err = errors.Join(err, w.Flush())
	}
	if err != nil {
		return r, err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != p.layer.Digest.Hex {
		return r, p.explain(fmt.Errorf("%w: its content has digest sha256:%s", db.ErrCorrupt, got))
	}
	if err := p.check(f.File, whole); err != nil {
		return r, err
	}
	if p.old != nil {
		p.old.Close() // some systems do not replace an open file
	}
	if err := f.Commit(); err != nil {
		return r, fmt.Errorf("oci: %w", err)
	}
	return r, nil
}

// check opens the new file.
func (p *puller) check(f *os.File, whole bool) error {
	d, err := openDB(f, p.layer.Size, p.o.Verify)
	if err != nil {
		return p.explain(err)
	}
	if whole {
		return p.notOlder(d.Info())
	}
	return nil
}

// same reports whether the file is the database in the registry.
func (p *puller) same(far db.Info) bool {
	if p.old == nil {
		return false
	}
	near := p.old.Info()
	if near.Hash != far.Hash || len(near.Signatures) != len(far.Signatures) {
		return false
	}
	for i, s := range near.Signatures {
		if !s.Key.Equal(far.Signatures[i].Key) || !s.Time.Equal(far.Signatures[i].Time) {
			return false
		}
	}
	return true
}

func (p *puller) notOlder(far db.Info) error {
	if p.old == nil || p.o.Older {
		return nil
	}
	what, was, is := "signed", p.signed(p.old.Info()), p.signed(far)
	if was.IsZero() || is.IsZero() {
		what, was, is = "of", p.old.Info().Date, far.Date
	}
	if is.Before(was) {
		return fmt.Errorf("oci: %s: %w: it is %s %s, the file %s", p.repo.Ref, ErrOlder, what, is.Format(time.RFC3339), was.Format(time.RFC3339))
	}
	return nil
}

// signed returns when a trusted key signed last, zero if none did.
func (p *puller) signed(i db.Info) (newest time.Time) {
	if p.o.Verify == nil {
		return newest
	}
	for _, s := range i.Signatures {
		for _, k := range p.o.Verify.Keys {
			if k.Equal(s.Key) && s.Time.After(newest) {
				newest = s.Time
			}
		}
	}
	return newest
}

// stream fetches the whole file.
func (p *puller) stream(ctx context.Context, w io.Writer) error {
	body, err := p.repo.Blob(ctx, p.layer)
	if err != nil {
		return fmt.Errorf("oci: %w", err)
	}
	p.count(1, 0)
	_, err = io.Copy(w, &counted{body, p.blob})
	if err = errors.Join(err, body.Close()); err != nil {
		return fmt.Errorf("oci: %w", err)
	}
	return nil
}

// counted counts the bytes read of a blob.
type counted struct {
	io.Reader
	b *blob
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.b.count(0, int64(n))
	return n, err
}
