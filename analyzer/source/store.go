package source

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/hullmark/hullmark/internal/compression"
)

// A store is a set of named blobs: an OCI layout or an unpacked docker archive in a directory, or the same in a tar file.
type store interface {
	// find returns where a blob begins, in an order in which blobs are cheapest to read, and its size.
	find(name string) (offset, size int64, ok bool)

	// open returns the content of a blob. Close may be called while Read is running.
	open(ctx context.Context, name string) (io.ReadCloser, error)

	close() error
}

// maxDocument is the most bytes that an index, manifest or configuration may have.
const maxDocument = 8 << 20

// document reads a small blob whole.
func document(ctx context.Context, s store, name string) ([]byte, error) {
	_, size, ok := s.find(name)
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	if size > maxDocument {
		return nil, fmt.Errorf("%s: %d bytes, more than %d", name, size, maxDocument)
	}
	r, err := s.open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var b bytes.Buffer
	if _, err := io.CopyN(&b, r, size); err != nil {
		return nil, fmt.Errorf("%s: %w", name, noEOF(err))
	}
	return b.Bytes(), nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// A dirStore is a store in a directory, out of which no link leads.
type dirStore struct{ root *os.Root }

func openDir(name string) (store, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &dirStore{root}, nil
}

func (d *dirStore) find(name string) (int64, int64, bool) {
	info, err := d.root.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return 0, 0, false
	}
	return 0, info.Size(), true
}

func (d *dirStore) open(_ context.Context, name string) (io.ReadCloser, error) {
	f, err := d.root.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: not a regular file", name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (d *dirStore) close() error { return d.root.Close() }

// An extent is where a file of a tar stream lies.
type extent struct{ offset, size int64 }

// A tarIndex says where the files of a tar stream are.
type tarIndex struct {
	files map[string]extent
	links map[string]string
}

// maxArchiveEntries bounds the index of a tar file that holds an image. It has a few entries for each layer.
const maxArchiveEntries = 100_000

// indexTar reads the headers of a tar stream. The offset of a file is what position says when its header has been read.
func indexTar(t *tar.Reader, position func() int64, each func(name string, size int64) error) (tarIndex, error) {
	x := tarIndex{files: make(map[string]extent), links: make(map[string]string)}
	for {
		h, err := t.Next()
		if err == io.EOF {
			return x, nil
		}
		if err != nil {
			if len(x.files) == 0 {
				return x, fmt.Errorf("not a tar file: %w", noEOF(err))
			}
			return x, fmt.Errorf("offset %d: %w", position(), noEOF(err))
		}
		if len(x.files)+len(x.links) >= maxArchiveEntries {
			return x, fmt.Errorf("more than %d entries", maxArchiveEntries)
		}
		name := path.Clean("/" + h.Name)[1:]
		switch h.Typeflag {
		case tar.TypeReg:
			x.files[name] = extent{position(), h.Size}
			delete(x.links, name)
			if each != nil {
				if err := each(name, h.Size); err != nil {
					return x, err
				}
			}
		case tar.TypeSymlink: // docker save writes an equal layer once, and links to it
			x.links[name] = path.Join("/", path.Dir(name), h.Linkname)[1:]
			delete(x.files, name)
		case tar.TypeLink:
			x.links[name] = path.Clean("/" + h.Linkname)[1:]
			delete(x.files, name)
		}
	}
}

// resolve follows links.
func (x *tarIndex) resolve(name string) (string, bool) {
	name = path.Clean("/" + name)[1:]
	for range 16 {
		if _, ok := x.files[name]; ok {
			return name, true
		}
		to, ok := x.links[name]
		if !ok {
			return name, false
		}
		name = to
	}
	return name, false
}

func (x *tarIndex) find(name string) (int64, int64, bool) {
	name, ok := x.resolve(name)
	e := x.files[name]
	return e.offset, e.size, ok
}

// A tarStore is a store in a plain tar file, where every blob can be read by itself.
type tarStore struct {
	tarIndex
	file *os.File
}

func (s *tarStore) open(_ context.Context, name string) (io.ReadCloser, error) {
	at, ok := s.resolve(name)
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	e := s.files[at]
	return &section{Reader: io.NewSectionReader(s.file, e.offset, e.size)}, nil
}

func (s *tarStore) close() error { return s.file.Close() }

// A section is part of a file that stays open.
type section struct{ io.Reader }

func (*section) Close() error { return nil }

// openArchive opens a tar file, plain or compressed.
func openArchive(name string) (_ store, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer closer(&err, f.Close)
	if info, err := f.Stat(); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	var first [4]byte
	n, err := f.ReadAt(first[:], 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if compression.Detect(first[:n]) != compression.None {
		return openStream(f)
	}
	// The file itself is the position: tar.Reader seeks over content that it does not need.
	position := func() int64 {
		offset, _ := f.Seek(0, io.SeekCurrent)
		return offset
	}
	x, err := indexTar(tar.NewReader(f), position, nil)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	for name, e := range x.files {
		if e.offset+e.size > info.Size() {
			return nil, fmt.Errorf("%s: %w", name, io.ErrUnexpectedEOF)
		}
	}
	return &tarStore{x, f}, nil
}

// blobName returns the name of a blob in an OCI layout.
func blobName(digest string) string { return "blobs/" + strings.Replace(digest, ":", "/", 1) }
