package oci

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/atomicfile"
	"github.com/hullmark/hullmark/internal/distribution"
	"github.com/hullmark/hullmark/internal/filelock"
)

// Renewed reports what Renew did.
type Renewed struct {
	Digest string // "sha256:...", the manifest's, after Renew
	Begun  bool   // the registry had no database, or one of an outdated format
	Pushed bool   // false if the registry has the present database already
	Rounds int    // 1 unless others pushed at the same time
}

// A Renewal renews a database in a registry.
type Renewal struct {
	File   string                                  // keeps a copy for the next time, so that Renew pulls changes only
	Update func(ctx context.Context) (bool, error) // renews File or makes it, and reports whether it has changed
	Key    ed25519.PrivateKey                      // signs the database; nil for none
	Now    time.Time                               // of the signature; the time of the call if zero
}

const (
	maxRounds = 5
	resignAge = 20 * time.Hour // of a signature that is renewed without a change, so that users can require one of the last days
)

// Renew pulls the database that a reference names, updates it, signs it and pushes it. Without changes it pushes only if its signature is older
// than 20 hours. It may run again at any time: a run that was interrupted has changed nothing, or has pushed a complete database.
//
// Two runs may overlap. On one machine they wait for one another. If another machine has pushed in the meantime, Renew begins again with that
// database, so that nothing is lost but in the moment between the last check and the push of the manifest; then the later of two complete
// databases counts.
//
// With a key, Renew does not accept a database that the key has not signed, so that it never signs what others have put into the registry.
func Renew(ctx context.Context, ref string, r Renewal, o Options) (Renewed, error) {
	o.Older = true // the registry has the truth; the file is only a copy
	if r.Key != nil && o.Verify == nil {
		o.Verify = &db.SignaturePolicy{Keys: []ed25519.PublicKey{r.Key.Public().(ed25519.PublicKey)}}
	}
	if r.Now.IsZero() {
		r.Now = time.Now()
	}
	if err := os.MkdirAll(filepath.Dir(r.File), 0o777); err != nil {
		return Renewed{}, fmt.Errorf("oci: %w", err)
	}
	unlock, err := filelock.Lock(ctx, r.File+".renew", nil)
	if err != nil {
		return Renewed{}, fmt.Errorf("oci: %w", err)
	}
	defer unlock()
	var done Renewed
	for done.Rounds = 1; ; done.Rounds++ {
		again, err := r.attempt(ctx, ref, &done, o)
		if err != nil || !again {
			return done, err
		}
		if done.Rounds == maxRounds {
			return done, fmt.Errorf("oci: %s: others pushed %d times while it was renewed", ref, maxRounds)
		}
	}
}

// attempt is one attempt. It reports whether another is needed, because another process has pushed.
func (r *Renewal) attempt(ctx context.Context, ref string, done *Renewed, o Options) (again bool, err error) {
	p, err := Pull(ctx, ref, r.File, o)
	base := p.Digest
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, db.ErrOutdated):
		done.Begun = true
		if err := os.Remove(r.File); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, fmt.Errorf("oci: %w", err)
		}
	case err != nil:
		return false, err
	}
	done.Digest = base
	changed, err := r.Update(ctx)
	if err != nil {
		return false, err
	}
	if !changed && !done.Begun && r.signedLately() {
		return false, nil
	}
	if err := r.sign(); err != nil {
		return false, err
	}
	f, err := os.Open(r.File)
	if err != nil {
		return false, fmt.Errorf("oci: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, fmt.Errorf("oci: %w", err)
	}
	if err := pushBlob(ctx, ref, f, info.Size(), o); err != nil {
		return false, err
	}
	if is, err := currentDigest(ctx, ref, o); err != nil || is != base {
		return err == nil, err
	}
	done.Digest, err = Push(ctx, ref, f, info.Size(), o)
	done.Pushed = err == nil
	return false, err
}

// signedLately reports whether the file needs no new signature.
func (r *Renewal) signedLately() bool {
	d, err := db.OpenFile(r.File)
	if err != nil {
		return false
	}
	defer d.Close()
	if r.Key == nil {
		return true
	}
	for _, s := range d.Info().Signatures {
		if s.Key.Equal(r.Key.Public()) && r.Now.Sub(s.Time) < resignAge {
			return true
		}
	}
	return false
}

// sign adds a signature to the file. If there is no room for it, it replaces the others.
func (r *Renewal) sign() error {
	if r.Key == nil {
		return nil
	}
	d, err := db.OpenFile(r.File)
	if err != nil {
		return err
	}
	defer d.Close()
	signature, err := d.Sign(r.Key, r.Now)
	if err == nil {
		d.Close() // some systems do not replace an open file
		return atomicfile.Append(r.File, signature)
	}
	if len(d.Info().Signatures) == 0 {
		return err
	}
	in, err := os.Open(r.File)
	if err != nil {
		return fmt.Errorf("oci: %w", err)
	}
	defer in.Close()
	out, err := atomicfile.Create(r.File)
	if err != nil {
		return fmt.Errorf("oci: %w", err)
	}
	defer out.Discard()
	if _, err := io.Copy(out, io.NewSectionReader(in, 0, d.Info().SignedSize)); err != nil {
		return fmt.Errorf("oci: %w", err)
	}
	in.Close()
	d.Close()
	if err := out.Commit(); err != nil {
		return fmt.Errorf("oci: %w", err)
	}
	return r.sign()
}

// currentDigest returns the digest of the manifest that a reference names, "" if it names nothing.
func currentDigest(ctx context.Context, ref string, o Options) (string, error) {
	repo, err := distribution.Open(ref, o.Registry)
	if err != nil {
		return "", fmt.Errorf("oci: %w", err)
	}
	defer repo.Close()
	_, d, err := repo.Manifest(ctx, repo.Ref.Identifier(), types.OCIManifestSchema1)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("oci: %w", err)
	}
	return d.Digest.String(), nil
}

// pushBlob uploads the file of a database. Push then has to write the manifest only.
func pushBlob(ctx context.Context, ref string, r io.ReaderAt, size int64, o Options) error {
	layer, err := newLayer(r, size, o.Verify)
	if err != nil {
		return err
	}
	repo, err := distribution.Open(ref, o.Registry)
	if err != nil {
		return fmt.Errorf("oci: %w", err)
	}
	defer repo.Close()
	through, err := repo.Pusher(ctx)
	if err != nil {
		return fmt.Errorf("oci: %w", err)
	}
	if err := remote.WriteLayer(repo.Ref.Context(), layer, remote.WithContext(ctx), remote.WithTransport(through)); err != nil {
		return fmt.Errorf("oci: %w", repo.Explain("push "+repo.Ref.Identifier(), err))
	}
	return nil
}
