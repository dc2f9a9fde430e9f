// Package objects keeps bytes by name: uploads, documents of images, and generations of the index.
package objects

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hullmark/hullmark/examples/fleet/store"
)

// ErrUnavailable reports that a store cannot be reached, refuses requests, or has other bytes than those that were stored. The same request
// may succeed later.
var ErrUnavailable = errors.New("the store of objects does not work")

// A Store keeps objects. An object never changes in part: Put replaces it as a whole or not at all. Methods may be called by many
// goroutines and processes at once.
type Store interface {
	// Put stores all bytes of r under a name and returns their number. If r fails, the store is unchanged.
	Put(ctx context.Context, name string, r io.Reader) (int64, error)

	// Open opens an object, or returns an error that wraps fs.ErrNotExist.
	Open(ctx context.Context, name string) (*Object, error)

	// Delete deletes an object, if there is one.
	Delete(ctx context.Context, name string) error

	// List returns all objects in the order of their names.
	List(ctx context.Context) ([]store.ObjectInfo, error)
}

// An Object is an open object.
type Object struct {
	Size    int64
	at      io.ReaderAt
	forward int // bytes that Reader reads at once, where each read is a request
	close   func() error
	failed  atomic.Pointer[error]
}

// ReadAt implements [io.ReaderAt]. All errors but io.EOF wrap ErrUnavailable.
func (o *Object) ReadAt(p []byte, off int64) (int, error) {
	n, err := o.at.ReadAt(p, off)
	if err != nil && err != io.EOF {
		err = unavailable(err)
		o.failed.CompareAndSwap(nil, &err)
	}
	return n, err
}

// Err returns the first error of ReadAt. A parser may report such an error as one of the content.
func (o *Object) Err() error {
	if err := o.failed.Load(); err != nil {
		return *err
	}
	return nil
}

func unavailable(err error) error {
	if errors.Is(err, ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// Local returns an object that is read without requests: o itself if it is a file, or else a copy in a directory, which is deleted when it is
// closed. It closes o if it copies it or fails.
func (o *Object) Local(ctx context.Context, dir string) (*Object, error) {
	if _, ok := o.at.(*os.File); ok {
		return o, nil
	}
	defer o.Close()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("objects: %w", err)
	}
	f, err := os.CreateTemp(dir, ".copy-*")
	if err != nil {
		return nil, fmt.Errorf("objects: %w", err)
	}
	c := &Object{at: f, Size: o.Size, close: func() error { return errors.Join(f.Close(), os.Remove(f.Name())) }}
	if runtime.GOOS != "windows" { // no file stays behind a killed process
		if err := os.Remove(f.Name()); err != nil {
			return nil, fmt.Errorf("objects: %w", errors.Join(err, f.Close()))
		}
		c.close = f.Close
	}
	if n, err := io.Copy(f, canceled{ctx, o.Reader()}); err != nil || n != o.Size {
		return nil, fmt.Errorf("objects: a copy of %d of %d bytes: %w", n, o.Size, errors.Join(cmp.Or(err, io.ErrUnexpectedEOF), c.Close()))
	}
	return c, nil
}

// Reader returns a reader of the whole object.
func (o *Object) Reader() io.Reader {
	r := io.NewSectionReader(o, 0, o.Size)
	if o.forward > 0 {
		return bufio.NewReaderSize(r, int(min(int64(o.forward), o.Size)))
	}
	return r
}

// Close closes the object.
func (o *Object) Close() error { return o.close() }

// ReadAll returns the bytes of an object of at most limit bytes.
func ReadAll(ctx context.Context, s Store, name string, limit int64) ([]byte, error) {
	o, err := s.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	if o.Size > limit {
		return nil, fmt.Errorf("objects: %s: %d bytes, more than %d", name, o.Size, limit)
	}
	var b bytes.Buffer
	_, err = b.ReadFrom(o.Reader())
	return b.Bytes(), err
}

// names are those that every store takes: paths of a few elements without dots at their beginnings.
var names = regexp.MustCompile(`^[a-z0-9][a-z0-9_:.-]*(/[a-z0-9][a-z0-9_:.-]*)*$`)

func check(name string) error {
	if len(name) > 250 || !names.MatchString(name) {
		return fmt.Errorf("objects: malformed name %q", name)
	}
	return nil
}

// Dir keeps objects as files of a directory, which several processes may share.
type Dir string

// Put writes a temporary file and renames it. It implements [Store].
func (d Dir) Put(ctx context.Context, name string, r io.Reader) (n int64, err error) {
	if err := check(name); err != nil {
		return 0, err
	}
	path := filepath.Join(string(d), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return 0, fmt.Errorf("objects: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return 0, fmt.Errorf("objects: %w", err)
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err == nil {
			err = os.Rename(f.Name(), path)
		}
		if err != nil {
			err = fmt.Errorf("objects: %s: %w", name, errors.Join(err, os.Remove(f.Name())))
		}
	}()
	if n, err = io.Copy(f, canceled{ctx, r}); err != nil {
		return n, err
	}
	return n, f.Sync()
}

// Path returns the name of the file of an object.
func (d Dir) Path(name string) (string, error) {
	if err := check(name); err != nil {
		return "", err
	}
	return filepath.Join(string(d), filepath.FromSlash(name)), nil
}

// Open implements [Store].
func (d Dir) Open(_ context.Context, name string) (*Object, error) {
	if err := check(name); err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(string(d), filepath.FromSlash(name)))
	if err != nil {
		return nil, fmt.Errorf("objects: %w", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, fmt.Errorf("objects: %s: %w", name, errors.Join(err, f.Close()))
	}
	return &Object{at: f, Size: info.Size(), close: f.Close}, nil
}

// Delete implements [Store].
func (d Dir) Delete(_ context.Context, name string) error {
	if err := check(name); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(string(d), filepath.FromSlash(name))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("objects: %w", err)
	}
	return nil
}

// List implements [Store].
func (d Dir) List(ctx context.Context) (list []store.ObjectInfo, err error) {
	err = filepath.WalkDir(string(d), func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // deleted meanwhile, or no object yet
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(string(d), path)
		if name = filepath.ToSlash(name); err == nil && check(name) == nil { // no temporary file
			list = append(list, store.ObjectInfo{Name: name, Size: info.Size(), Modified: info.ModTime()})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("objects: %w", err)
	}
	slices.SortFunc(list, func(a, b store.ObjectInfo) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// SQL keeps objects in the database, in parts of a megabyte.
type SQL struct{ Store *store.Store }

// partBuffers has buffers of a part, which most uploads do not fill.
var partBuffers = sync.Pool{New: func() any { b := make([]byte, store.PartSize); return &b }}

// Put implements [Store].
func (s SQL) Put(ctx context.Context, name string, r io.Reader) (n int64, err error) {
	if err := check(name); err != nil {
		return 0, err
	}
	id := store.NewID()
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Store.DeleteObject(context.WithoutCancel(ctx), "", id))
		}
	}()
	buffer := partBuffers.Get().(*[]byte)
	defer partBuffers.Put(buffer)
	part := *buffer
	for number := int64(0); ; number++ {
		k, err := io.ReadFull(canceled{ctx, r}, part)
		if k > 0 {
			if err := s.Store.PutObjectPart(ctx, id, number, part[:k]); err != nil {
				return n, err
			}
			n += int64(k)
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return n, fmt.Errorf("objects: %s: %w", name, err)
		}
	}
	return n, s.Store.NameObject(ctx, name, id, n)
}

// Open implements [Store]. The object can be read until ctx ends.
func (s SQL) Open(ctx context.Context, name string) (*Object, error) {
	if err := check(name); err != nil {
		return nil, err
	}
	id, size, err := s.Store.Object(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("objects: %s: %w", name, err)
	}
	return &Object{at: &parts{ctx: ctx, store: s.Store, id: id, size: size}, Size: size, forward: store.PartSize, close: func() error { return nil }}, nil
}

// Delete implements [Store].
func (s SQL) Delete(ctx context.Context, name string) error {
	if err := check(name); err != nil {
		return err
	}
	return s.Store.DeleteObject(ctx, name, "")
}

// List implements [Store].
func (s SQL) List(ctx context.Context) ([]store.ObjectInfo, error) { return s.Store.Objects(ctx) }

// parts reads an object by its parts.
type parts struct {
	ctx   context.Context
	store *store.Store
	id    string
	size  int64
}

func (p *parts) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		if off >= p.size {
			return n, io.EOF
		}
		part, err := p.store.ObjectPart(p.ctx, p.id, off/store.PartSize)
		if err != nil {
			return n, err
		}
		at := int(off % store.PartSize)
		if at >= len(part) {
			return n, io.ErrUnexpectedEOF
		}
		k := copy(b[n:], part[at:])
		n, off = n+k, off+int64(k)
	}
	return n, nil
}

// A canceled reader ends with its context.
type canceled struct {
	ctx context.Context
	r   io.Reader
}

func (c canceled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// Fetch copies an object to a local file, which it replaces as a whole if check accepts the copy.
func Fetch(ctx context.Context, s Store, name, file string, check func(file string) error) (err error) {
	o, err := s.Open(ctx, name)
	if err != nil {
		return err
	}
	defer o.Close()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("objects: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return fmt.Errorf("objects: %w", err)
	}
	_, err = io.Copy(f, canceled{ctx, o.Reader()})
	if err = errors.Join(err, f.Close()); err == nil {
		if wrong := check(f.Name()); wrong != nil {
			err = unavailable(wrong)
		}
	}
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("objects: %s: %w", name, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
