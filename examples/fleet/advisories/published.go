package advisories

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/examples/fleet/objects"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

// Published returns a function for File.Find that returns the current file of the service. It uses objects that are files in place, and
// copies others to a directory.
func Published(s *store.Store, o objects.Store, dir string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		current, err := s.File(ctx)
		if errors.Is(err, store.ErrNotFound) {
			return "", fs.ErrNotExist
		}
		if err != nil {
			return "", err
		}
		if d, ok := o.(objects.Dir); ok {
			return d.Path(current.Object)
		}
		name := filepath.Join(dir, current.Hash+".db")
		if _, err := os.Stat(name); err == nil {
			return name, nil
		}
		if err := objects.Fetch(ctx, o, current.Object, name, Verified(ctx, current.Hash)); err != nil {
			return "", err
		}
		return name, others(dir, filepath.Base(name))
	}
}

// Verified returns a function that reads all of a file of advisories and compares it with a hash.
func Verified(ctx context.Context, hash string) func(file string) error {
	return func(file string) error {
		f, err := db.OpenFile(file)
		if err != nil {
			return err
		}
		if got := f.Info().Hash; got != hash {
			err = fmt.Errorf("advisories: the hash is %s, want %s", got, hash)
		} else {
			err = f.Verify(ctx)
		}
		return errors.Join(err, f.Close())
	}
}

// others deletes the other copies. Those that are open can be read until they are closed.
func others(dir, keep string) error {
	list, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("advisories: %w", err)
	}
	for _, e := range list {
		if name := e.Name(); name != keep && strings.HasSuffix(name, ".db") {
			err = errors.Join(err, os.Remove(filepath.Join(dir, name)))
		}
	}
	return err
}
