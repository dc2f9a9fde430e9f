package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/internal/atomicfile"
)

// NewDirCache returns a cache in a directory, which any number of processes may share. The first Put makes the directory. The cache
// keeps at most maxBytes, and drops the least recently used values first; 0 means 1 GiB, below 0 no limit. Of several scans with the
// same cache that need a layer at the same time, one reads it.
//
// The cache writes a value under another name and renames it, so that readers never see a partial value. It stores and reads no
// value of more than 256 MiB. Anything but a regular file of at most that size is as good as absent: a FIFO, a device, a symbolic link.
func NewDirCache(dir string, maxBytes int64) Claimer { return &dirCache{dir: dir, maxBytes: maxBytes} }

type dirCache struct {
	dir      string
	maxBytes int64

	claims
}

func (c *dirCache) path(key string) (string, error) {
	if c.dir == "" {
		return "", errors.New("scan: cache: no directory")
	}
	if key == "" || strings.ContainsFunc(key, func(r rune) bool { return !('a' <= r && r <= 'z' || '0' <= r && r <= '9') }) {
		return "", fmt.Errorf("scan: cache: key %q is not of lower-case letters and digits", key)
	}
	return filepath.Join(c.dir, key+".layer"), nil
}

func (c *dirCache) Get(_ context.Context, key string) ([]byte, error) {
	name, err := c.path(key)
	if err != nil {
		return nil, err
	}
	value, err := readEntry(name)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	os.Chtimes(name, now, now) // marks it as used; fails in a read-only cache, which is harmless
	return value, nil
}

// size returns the size of a value in bytes, or 0.
func (c *dirCache) size(key string) int64 {
	name, err := c.path(key)
	if err != nil {
		return 0
	}
	info, err := os.Lstat(name)
	if err != nil {
		return 0
	}
	return info.Size()
}

// maxCacheEntry is the most bytes of a value. Those of real layers have a few MiB.
const maxCacheEntry = 256 << 20

// readEntry reads a regular file of at most maxCacheEntry bytes. Others do not exist for it.
func readEntry(name string) ([]byte, error) {
	f, err := openEntry(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("scan: cache: %s: not a regular file: %w", name, fs.ErrNotExist)
	case info.Size() > maxCacheEntry:
		return nil, fmt.Errorf("scan: cache: %s: %d bytes, more than %d: %w", name, info.Size(), maxCacheEntry, fs.ErrNotExist)
	}
	value := make([]byte, info.Size())
	if _, err := io.ReadFull(f, value); err != nil {
		return nil, fmt.Errorf("scan: cache: %w", err)
	}
	return value, nil
}

func (c *dirCache) Put(_ context.Context, key string, value []byte) (err error) {
	name, err := c.path(key)
	if err != nil {
		return err
	}
	if len(value) > maxCacheEntry {
		return fmt.Errorf("scan: cache: a value of %d bytes, more than %d, is not stored", len(value), maxCacheEntry)
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(c.dir, key+".*.new")
	if err != nil {
		return err
	}
	_, err = f.Write(value)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = atomicfile.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return c.trim()
}

// trim removes the least recently used values until the cache is small enough, and files of crashed writers.
func (c *dirCache) trim() error {
	limit := c.maxBytes
	if limit == 0 {
		limit = 1 << 30
	}
	entries, err := os.ReadDir(c.dir)
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
				os.Remove(filepath.Join(c.dir, e.Name()))
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
		if err := os.Remove(filepath.Join(c.dir, f.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		size -= f.Size()
	}
	return nil
}
