package scan

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Cache keeps what analyzers found in a layer, one value for each layer. Implementations must allow concurrent use. A
// scan that cannot use its cache reads the layers instead: the report is the same, and an Event tells.
type Cache interface {
	// Get returns the value of key, or an error that wraps fs.ErrNotExist. Nobody may change the value any more: the
	// report refers to it.
	Get(ctx context.Context, key string) ([]byte, error)

	// Put stores a value, which the cache may drop again at any time. It may keep the slice, which nobody changes.
	Put(ctx context.Context, key string, value []byte) error
}

// A Claimer is a Cache through which scans of one process share the work of reading layers: while one of them reads a layer,
// others that need it wait, and then find it in the cache.
type Claimer interface {
	Cache

	// Claim waits until nobody else holds key, and gives it to the caller until release is called. It fails only when
	// ctx ends.
	Claim(ctx context.Context, key string) (release func(), err error)
}

// A claims is the keys that somebody holds. Each has a channel that is closed when it is released.
type claims struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

// Claim implements Claimer.
func (c *claims) Claim(ctx context.Context, key string) (release func(), err error) {
	for {
		c.mu.Lock()
		released, ok := c.held[key]
		if !ok {
			if c.held == nil {
				c.held = make(map[string]chan struct{})
			}
			c.held[key] = make(chan struct{})
			c.mu.Unlock()
			return func() { c.release(key) }, nil
		}
		c.mu.Unlock()
		select {
		case <-released:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (c *claims) release(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.held[key])
	delete(c.held, key)
}

// A MemCache is a Cache in memory, and a [Claimer]. The zero value is ready to use and keeps everything.
type MemCache struct {
	MaxBytes int64 // most bytes to keep, the least recently used go first; 0 is no limit

	claims
	mu     sync.Mutex
	values map[string]*list.Element // of memValue
	recent list.List                // most recently used first
	size   int64
}

type memValue struct {
	key   string
	value []byte
}

// Get implements Cache.
func (c *MemCache) Get(_ context.Context, key string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.values[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	c.recent.MoveToFront(e)
	return e.Value.(memValue).value, nil
}

// Put implements Cache.
func (c *MemCache) Put(_ context.Context, key string, value []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.values == nil {
		c.values = make(map[string]*list.Element)
	}
	c.remove(c.values[key])
	c.values[key] = c.recent.PushFront(memValue{key, value})
	c.size += int64(len(value))
	for c.MaxBytes > 0 && c.size > c.MaxBytes {
		c.remove(c.recent.Back())
	}
	return nil
}

// remove drops a value, if there is one.
func (c *MemCache) remove(e *list.Element) {
	if e == nil {
		return
	}
	v := c.recent.Remove(e).(memValue)
	delete(c.values, v.key)
	c.size -= int64(len(v.value))
}

// A DirCache is a Cache in a directory, which any number of processes may share. Values are written under another name
// and renamed, so that a reader never sees half of one. It is a [Claimer]: scans that have the same *DirCache read a layer
// once, however many need it at the same time.
type DirCache struct {
	Dir      string // made when it is first needed
	MaxBytes int64  // most bytes to keep, the least recently used go first; 0 means 1 GiB, less than 0 no limit

	claims
}

func (c *DirCache) path(key string) (string, error) {
	if key == "" || strings.ContainsFunc(key, func(r rune) bool { return !('a' <= r && r <= 'z' || '0' <= r && r <= '9') }) {
		return "", fmt.Errorf("cache: key %q is not made of lower-case letters and digits", key)
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
	os.Chtimes(name, now, now) // marks it as used; a read-only cache still serves
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

// trim removes what was used least recently until the cache is small enough, and what a crashed writer left behind.
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
			continue // removed by another process meanwhile
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
