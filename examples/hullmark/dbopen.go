package main

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/oci"
	"github.com/hullmark/hullmark/internal/terminal"
)

// remotePrefix is what the reference of a database in a registry begins with.
const remotePrefix = "oci://"

// An openDB is a database in a file or in a registry that is open.
type openDB struct {
	*db.DB
	io.Closer
}

// openDB opens the database in a file, or at oci://REGISTRY/NAME:TAG, if it is signed as f demands.
func (a *app) openDB(ctx context.Context, name string, f trustFlags) (*openDB, error) {
	trust, err := f.trust(a.now())
	if err != nil {
		return nil, err
	}
	if ref, ok := strings.CutPrefix(name, remotePrefix); ok {
		if trust == nil && !strings.Contains(ref, "@sha256:") {
			a.say("%s is believed whatever it says; a public key (--db-key, --key) or a digest in its name makes sure of it", terminal.Escape(name))
		}
		r, err := oci.Open(ctx, ref, oci.Options{Verify: trust})
		if err != nil {
			return nil, databaseError(err)
		}
		return &openDB{r.DB, r}, nil
	}
	var file *db.File
	if trust != nil {
		file, err = db.OpenSignedFile(name, *trust)
	} else {
		file, err = db.OpenFile(name)
	}
	if err != nil {
		return nil, databaseError(err)
	}
	return &openDB{file.DB, file}, nil
}

// databaseError says what to do about a database that cannot be opened.
func databaseError(err error) error {
	switch {
	case deniedByRegistry(err):
		return fmt.Errorf("%w%s", err, logInAdvice)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w; make one with hullmark db build", err)
	case errors.Is(err, db.ErrUntrusted):
		return fmt.Errorf("%w; it is signed with hullmark db sign", err)
	case errors.Is(err, errors.ErrUnsupported):
		return fmt.Errorf("%w; fetch it with hullmark db pull and use the file", err)
	case errors.Is(err, db.ErrNotDatabase), errors.Is(err, db.ErrCorrupt):
		return fmt.Errorf("%w; make it again with hullmark db build", err)
	case errors.Is(err, db.ErrUnsupported):
		return fmt.Errorf("%w; it takes a newer hullmark", err)
	}
	return err
}

// trustFlags say who must have signed a database, and how long ago at most.
type trustFlags struct {
	key  string
	days int
}

// register registers the flags as --PREFIXkey and --PREFIXmax-age.
func (f *trustFlags) register(flags *pflag.FlagSet, prefix string) {
	flags.StringVar(&f.key, prefix+"key", "", "one of the public keys in `FILE` must have signed the database")
	flags.IntVar(&f.days, prefix+"max-age", 0, "and its signature must be at most `DAYS` old")
}

// trust returns what the flags demand, nil for nothing.
func (f *trustFlags) trust(now time.Time) (*db.SignaturePolicy, error) {
	if f.key == "" {
		if f.days != 0 {
			return nil, errors.New("how old a signature is counts only with a key whose signature it must be; name one as well")
		}
		return nil, nil
	}
	if f.days < 0 {
		return nil, fmt.Errorf("%d days is no age", f.days)
	}
	t, err := readKeys(f.key)
	if err == nil && f.days > 0 {
		t.NotBefore = now.AddDate(0, 0, -f.days)
	}
	return t, err
}

// readKeys reads a file of public keys, of which one must have signed.
func readKeys(name string) (*db.SignaturePolicy, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	t := new(db.SignaturePolicy)
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "PRIVATE KEY" {
			return nil, fmt.Errorf("%s has a private key, which is to sign with and to be kept secret; its public key is in the file beside it", name)
		}
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		key, ok := parsed.(ed25519.PublicKey)
		if !ok {
			return nil, fmt.Errorf("%s: a key of another kind than Ed25519", name)
		}
		t.Keys = append(t.Keys, key)
	}
	if len(t.Keys) == 0 {
		return nil, fmt.Errorf("%s has no public key in PEM, as hullmark db keygen writes it", name)
	}
	return t, nil
}
