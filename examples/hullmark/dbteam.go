package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/oci"
	"github.com/hullmark/hullmark/internal/pemkey"
)

// dbUpdateRemote renews the database in a registry.
func (a *app) dbUpdateRemote(ctx context.Context, ref string, f *updateFlags, o feed.UpdateOptions) error {
	r := oci.Renewal{Now: a.now()}
	if f.key != "" {
		var err error
		if r.Key, err = pemkey.Private(f.key); err != nil {
			return fmt.Errorf("--key: %w; hullmark db keygen creates keys", err)
		}
	} else {
		a.say("warning: the database is not signed; --key signs it")
	}
	file, remove, err := workFile(ref)
	if err != nil {
		return err
	}
	defer remove()
	r.File = file
	r.Update = func(ctx context.Context) (bool, error) {
		return a.updateFile(ctx, file, remotePrefix+ref, f, o)
	}
	done, err := oci.Renew(ctx, ref, r, oci.Options{Registry: a.registry})
	switch {
	case errors.Is(err, db.ErrUntrusted):
		return fmt.Errorf("%w; it is not replaced: use another tag, or the key that signed it", err)
	case err != nil:
		return databaseError(err)
	case f.quiet:
	case done.Pushed:
		a.say("pushed %s", remotePrefix+ref)
	default:
		a.say("%s is up to date; nothing was pushed", remotePrefix+ref)
	}
	return a.print("%s", done.Digest)
}

// workFile returns the file that keeps a copy of a database in a registry between updates, and what removes it if there is no place for it.
func workFile(ref string) (name string, remove func(), err error) {
	sum := sha256.Sum256([]byte(ref))
	name = hex.EncodeToString(sum[:8]) + ".db"
	if dir, err := os.UserCacheDir(); err == nil {
		return filepath.Join(dir, "hullmark", "pushed", name), func() {}, nil
	}
	dir, err := os.MkdirTemp("", "hullmark")
	return filepath.Join(dir, name), func() { os.RemoveAll(dir) }, err
}

// blocksDir returns the directory that caches blocks of databases in registries, "" without a cache directory.
func blocksDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "hullmark", "blocks")
}
