package source

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/compression"
)

// A store is a set of named blobs: an OCI layout or an unpacked docker archive in a directory, or the same in a tar file.
type store interface {
	// find returns where a blob begins, in an order in which blobs are cheapest to read, and its size. The error is
	// fs.ErrNotExist only if the store lacks the blob.
	find(name string) (offset, size int64, err error)

	// open returns the content of a blob. Close may be called while Read is running.
	open(ctx context.Context, name string) (io.ReadCloser, error)

	close() error
}

// maxDocument is the most bytes that an index, manifest or configuration may have.
const maxDocument = 8 << 20

func documentTooLarge() error {
	return &analyzer.LimitError{What: "bytes in an index, manifest or configuration", Limit: maxDocument}
}

// document reads a small blob.
func document(ctx context.Context, s store, name string) ([]byte, error) {
	_, size, err := s.find(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if size > maxDocument {
		return nil, fmt.Errorf("%s: %w", name, documentTooLarge())
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

// A dirStore is a store in a directory. It does not follow links that lead out of the directory.
type dirStore struct{ root *os.Root }

func openDir(_ context.Context, name string) (store, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &dirStore{root}, nil
}

func (d *dirStore) find(name string) (int64, int64, error) {
	info, err := d.root.Stat(name)
	var refused syscall.Errno
	switch {
	case err == nil && info.Mode().IsRegular():
		return 0, info.Size(), nil
	case errors.As(err, &refused):
		return 0, 0, refused
	}
	return 0, 0, fs.ErrNotExist // a directory, or a link that leads out
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

const (
	// maxArchiveEntries bounds the index of a tar file that holds an image. It has a few entries for each layer.
	maxArchiveEntries = 100_000

	// maxArchive is the most bytes that an archive may have, decompressed.
	maxArchive = 1 << 40
)

func archiveTooLarge() error {
	return &analyzer.LimitError{What: "bytes in an archive", Limit: maxArchive}
}

// indexTar reads the headers of a tar stream. It calls position for the offset of a file after each header. It returns
// errRootArchive as soon as the names are those of a root file system.
func indexTar(t *tar.Reader, position func() int64, each func(name string, size int64) error) (tarIndex, error) {
	x := tarIndex{files: make(map[string]extent), links: make(map[string]string)}
	var root rootSigns
	for {
		h, err := t.Next()
		if err == io.EOF {
			if root.likely(1) {
				err = errRootArchive
			} else {
				err = nil
			}
			return x, err
		}
		if err != nil {
			if len(x.files) == 0 {
				return x, fmt.Errorf("not a tar file: %w", noEOF(err))
			}
			return x, fmt.Errorf("offset %d: %w", position(), noEOF(err))
		}
		if len(x.files)+len(x.links) >= maxArchiveEntries {
			return x, &analyzer.LimitError{What: "entries in an archive", Limit: maxArchiveEntries}
		}
		if position() > maxArchive || h.Size > maxArchive {
			return x, archiveTooLarge()
		}
		name := entryName(h.Name)
		if root.see(name); root.likely(3) {
			return x, errRootArchive
		}
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
			x.links[name] = entryName(h.Linkname)
			delete(x.files, name)
		}
	}
}

// entryName returns the path that a name in an archive stands for.
func entryName(name string) string { return path.Clean("/" + name)[1:] }

// resolve follows links.
func (x *tarIndex) resolve(name string) (string, bool) {
	name = entryName(name)
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

func (x *tarIndex) find(name string) (int64, int64, error) {
	name, ok := x.resolve(name)
	if !ok {
		return 0, 0, fs.ErrNotExist
	}
	e := x.files[name]
	return e.offset, e.size, nil
}

// A tarStore is a store in a plain tar file. It can read each blob on its own.
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
	return &section{io.NewSectionReader(s.file, e.offset, e.size)}, nil
}

func (s *tarStore) close() error { return s.file.Close() }

// A section is part of a file that stays open.
type section struct{ *io.SectionReader }

func (*section) Close() error { return nil }

// openArchive opens a tar file, plain or compressed.
func openArchive(ctx context.Context, name string) (store, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, format, err := inspect(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if format == compression.None {
		return openTar(f, info.Size())
	}
	return openStream(ctx, func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(io.NewSectionReader(f, 0, info.Size())), nil
	}, f.Close)
}

// inspect returns how a regular file is compressed.
func inspect(f *os.File) (os.FileInfo, compression.Format, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, errors.New("not a regular file")
	}
	var first [4]byte
	n, err := f.ReadAt(first[:], 0)
	if err != nil && err != io.EOF {
		return nil, 0, err
	}
	return info, compression.Detect(first[:n]), nil
}

// openTar indexes a plain tar file of size bytes.
func openTar(f *os.File, size int64) (_ store, err error) {
	defer closer(&err, f.Close)
	// The file itself is the position: tar.Reader seeks over content that it does not need.
	position := func() int64 {
		offset, _ := f.Seek(0, io.SeekCurrent)
		return offset
	}
	x, err := indexTar(tar.NewReader(f), position, nil)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(x.files)) {
		if e := x.files[name]; e.offset+e.size > size {
			return nil, fmt.Errorf("%s: %w", name, io.ErrUnexpectedEOF)
		}
	}
	return &tarStore{x, f}, nil
}

// blobName returns the name of a blob in an OCI layout.
func blobName(digest string) string { return "blobs/" + strings.Replace(digest, ":", "/", 1) }
