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

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/oci"
)

// remotePrefix is what the reference of a database in a registry begins with.
const remotePrefix = "oci://"

// An openDB is a database in a file or in a registry that is open.
type openDB struct {
	*db.DB
	io.Closer
}

// openDB opens the database in a file, or at oci://REGISTRY/NAME:TAG. If keys names a file of public keys, it must be signed
// by one of them.
func (a *app) openDB(ctx context.Context, name, keys string) (*openDB, error) {
	trust, err := readTrust(keys)
	if err != nil {
		return nil, err
	}
	if ref, ok := strings.CutPrefix(name, remotePrefix); ok {
		if trust == nil && !strings.Contains(ref, "@sha256:") {
			a.say("%s is believed whatever it says; a public key (--db-key, --key) or a digest in its name makes sure of it", plain(name))
		}
		r, err := oci.Open(ctx, ref, oci.Options{Trust: trust})
		if err != nil {
			return nil, databaseError(err)
		}
		return &openDB{r.DB, r}, nil
	}
	var f *db.File
	if trust != nil {
		f, err = db.OpenSignedFile(name, *trust)
	} else {
		f, err = db.OpenFile(name)
	}
	if err != nil {
		return nil, databaseError(err)
	}
	return &openDB{f.DB, f}, nil
}

// databaseError says what to do about a database that cannot be opened.
func databaseError(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w; make one with hullmark db build", err)
	case errors.Is(err, db.ErrUntrusted):
		return fmt.Errorf("%w; it is signed with hullmark db sign", err)
	case errors.Is(err, oci.ErrNotDatabase):
		return fmt.Errorf("%w; put one there with hullmark db push", err)
	case errors.Is(err, oci.ErrNoRanges):
		return fmt.Errorf("%w; bring it with hullmark db pull and use the file", err)
	case errors.Is(err, db.ErrNotDatabase), errors.Is(err, db.ErrCorrupt):
		return fmt.Errorf("%w; make it again with hullmark db build", err)
	case errors.Is(err, db.ErrUnsupported):
		return fmt.Errorf("%w; it takes a newer hullmark", err)
	}
	return err
}

// readTrust reads a file of public keys, of which one must have signed; "" demands nothing.
func readTrust(name string) (*db.Trust, error) {
	if name == "" {
		return nil, nil
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	t := new(db.Trust)
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
