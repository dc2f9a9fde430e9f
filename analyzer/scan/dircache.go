package scan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A DirCache is a Cache in a directory, which any number of processes may share. It writes a value under another name and renames
// it, so that readers never see a partial value. It is a [Claimer]: of several scans with the same *DirCache that need a layer at
// the same time, one reads it.
type DirCache struct {
	Dir      string // required; made by the first Put
	MaxBytes int64  // the most bytes to keep; the cache drops the least recently used values first; 0: 1 GiB, below 0: no limit

	claims
}

func (c *DirCache) path(key string) (string, error) {
	if c.Dir == "" {
		return "", errors.New("scan: cache: no directory")
	}
	if key == "" || strings.ContainsFunc(key, func(r rune) bool { return !('a' <= r && r <= 'z' || '0' <= r && r <= '9') }) {
		return "", fmt.Errorf("scan: cache: key %q is not of lower-case letters and digits", key)
	}
	return filepath.Join(c.Dir, key+".layer"), nil
}

// Get implements Cache.
func (c *DirCache) Get(_ context.Context, key string) ([]byte, error) {
	name, err := c.path(key)
	if err != nil {
		return nil, err
	}
	value, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	os.Chtimes(name, now, now) // marks it as used; fails in a read-only cache, which is harmless
	return value, nil
}

// Put implements Cache.
func (c *DirCache) Put(_ context.Context, key string, value []byte) (err error) {
	name, err := c.path(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(c.Dir, key+".*.new")
	if err != nil {
		return err
	}
	_, err = f.Write(value)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return c.trim()
}

// trim removes the least recently used values until the cache is small enough, and files of crashed writers.
func (c *DirCache) trim() error {
	limit := c.MaxBytes
	if limit == 0 {
		limit = 1 << 30
	}
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return err
	}
	var files []fs.FileInfo
	var size int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // removed by another process
		}
		switch filepath.Ext(e.Name()) {
		case ".layer":
			files = append(files, info)
			size += info.Size()
		case ".new":
			if time.Since(info.ModTime()) > time.Hour {
				os.Remove(filepath.Join(c.Dir, e.Name()))
			}
		}
	}
	if limit < 0 || size <= limit {
		return nil
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, f := range files {
		if size <= limit {
			break
		}
		if err := os.Remove(filepath.Join(c.Dir, f.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		size -= f.Size()
	}
	return nil
}
