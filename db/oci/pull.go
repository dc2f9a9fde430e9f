package oci

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/filelock"
	"github.com/hullmark/hullmark/internal/polite"
)

// Pulled says what Pull did.
type Pulled struct {
	Digest string // of the manifest
	Usage
	Size      int64 // of the file
	Reused    int64 // bytes that were taken from the former file
	Unchanged bool  // the file is what the registry has, and was left alone
}

// Pull brings the database that a reference names into a file. If the file is an older one, only blocks that changed since
// are brought. It is replaced by renaming, when the new one is complete and checked; readers are not disturbed. Only one Pull
// or feed.Update of a file works at a time; others wait.
//
// A database that is older than the one in the file is refused with [ErrOlder], unless o.Older: by the time of its signature,
// if both are signed by somebody whom o.Trust names, else by the date of the newest data.
func Pull(ctx context.Context, ref, file string, o Options) (_ Pulled, err error) {
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real // a link goes on leading there
	}
	repo, err := connect(ctx, ref, &o, true)
	if err != nil {
		return Pulled{}, err
	}
	defer repo.close()
	unlock, err := filelock.Lock(ctx, file+".lock", nil)
	if err != nil {
		return Pulled{}, fmt.Errorf("oci: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	a, err := repo.artifact(ctx)
	if err != nil {
		return Pulled{}, err
	}
	p := &puller{blob: &blob{ctx: ctx, repo: repo, artifact: a, progress: o.Progress, total: -1}, o: &o}
	old, err := db.OpenFile(file)
	switch {
	case err == nil:
		defer old.Close()
		p.old = old.DB
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, db.ErrCorrupt) && !errors.Is(err, db.ErrNotDatabase) && !errors.Is(err, db.ErrUnsupported):
		return Pulled{}, err // a file that is no database of ours is replaced, one that cannot be read is not
	case errors.Is(err, db.ErrNotDatabase):
		return Pulled{}, fmt.Errorf("oci: %w; it is not replaced", err)
	}
	return p.pull(ctx, file)
}

type puller struct {
	*blob
	o   *Options
	old *db.DB // nil if there is none
}

func (p *puller) pull(ctx context.Context, file string) (r Pulled, err error) {
	r.Digest, r.Size = p.digest.String(), p.layer.Size
	defer func() { r.Usage = p.used() }()
	far, err := p.open(ctx, p.o.Trust)
	whole := errors.Is(err, ErrNoRanges)
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
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*.part")
	if err != nil {
		return r, fmt.Errorf("oci: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	sum := sha256.New()
	if p.old == nil || whole {
		p.total = p.layer.Size
		err = p.stream(ctx, f, sum)
	} else {
		w := bufio.NewWriterSize(io.MultiWriter(f, sum), 1<<16)
		r.Reused, err = far.CopyTo(ctx, w, p.old)
		err = errors.Join(err, w.Flush())
	}
	if err != nil {
		return r, err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != p.layer.Digest.Hex {
		return r, fmt.Errorf("oci: %s: %w: it has the digest sha256:%s, not that of the manifest", p.repo.ref, errLie, got)
	}
	if err := p.check(f, whole); err != nil {
		return r, err
	}
	if err := errors.Join(f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return r, fmt.Errorf("oci: %w", err)
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return r, fmt.Errorf("oci: %w", err)
	}
	return r, nil
}

// check opens what was brought.
func (p *puller) check(f *os.File, whole bool) error {
	var d *db.DB
	var err error
	if p.o.Trust != nil {
		d, err = db.OpenSigned(f, p.layer.Size, *p.o.Trust)
	} else {
		d, err = db.Open(f, p.layer.Size)
	}
	if err != nil {
		return fmt.Errorf("oci: %s: %w", p.repo.ref, err)
	}
	if whole {
		return p.notOlder(d.Info())
	}
	return nil
}

// same reports whether the file is what the registry has.
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
		what, was, is = "of", p.old.Info().Date(), far.Date()
	}
	if is.Before(was) {
		return fmt.Errorf("oci: %s: %w: it is %s %s, the file %s", p.repo.ref, ErrOlder, what, is.Format(time.RFC3339), was.Format(time.RFC3339))
	}
	return nil
}

// signed returns when a trusted key signed last, zero if none did.
func (p *puller) signed(i db.Info) (newest time.Time) {
	if p.o.Trust == nil {
		return newest
	}
	for _, s := range i.Signatures {
		for _, k := range p.o.Trust.Keys {
			if k.Equal(s.Key) && s.Time.After(newest) {
				newest = s.Time
			}
		}
	}
	return newest
}

// stream brings all of the file. Where a connection breaks, it goes on.
func (p *puller) stream(ctx context.Context, w io.Writer, sum hash.Hash) error {
	var offset int64
	for tries := 1; ; tries++ {
		n, err := p.streamFrom(ctx, io.MultiWriter(w, sum), offset)
		offset += n
		if err == nil {
			return nil
		}
		if n > 0 {
			tries = 1
		}
		if !polite.Passing(err) || tries == polite.MaxTries || ctx.Err() != nil {
			return p.repo.explain(err)
		}
		if err := polite.Sleep(ctx, polite.Gap(tries)); err != nil {
			return err
		}
	}
}

func (p *puller) streamFrom(ctx context.Context, w io.Writer, offset int64) (int64, error) {
	header := make(http.Header)
	if offset > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-%d", offset, p.layer.Size-1))
	}
	res, err := p.ask(ctx, header)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	p.mu.Lock()
	p.usage.Requests++
	p.mu.Unlock()
	if err := transport.CheckError(res, http.StatusOK, http.StatusPartialContent); err != nil {
		return 0, err
	}
	body := io.Reader(res.Body)
	if offset > 0 && res.StatusCode == http.StatusOK { // it knows no ranges
		if _, err := io.CopyN(io.Discard, body, offset); err != nil {
			return 0, noEOF(err)
		}
	}
	left := p.layer.Size - offset
	n, err := io.Copy(w, &counted{io.LimitReader(body, left), p.blob})
	if err == nil && n < left {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return n, noEOF(err)
	}
	if extra, _ := body.Read(make([]byte, 1)); extra > 0 {
		return n, fmt.Errorf("%w: more than the %d bytes of the manifest", errLie, p.layer.Size)
	}
	return n, nil
}

// counted counts what is read of a blob.
type counted struct {
	io.Reader
	b *blob
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.b.mu.Lock()
	c.b.usage.Bytes += int64(n)
	done := c.b.usage.Bytes
	c.b.mu.Unlock()
	if c.b.progress != nil {
		c.b.progress(done, c.b.total)
	}
	return n, err
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
