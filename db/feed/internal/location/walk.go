package location

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/hullmark/hullmark/internal/download"
	"github.com/hullmark/hullmark/internal/limit"
)

// A Document is one document of a location. It reads the content, decompressed, until the next document is yielded.
type Document struct {
	io.Reader
	Member string // slash-separated path in a directory or an archive; "" if the location is the document

	location string
}

// Name returns the path in a directory or an archive, or else the last element of the location.
func (d Document) Name() string { return cmp.Or(d.Member, path.Base(filepath.ToSlash(d.location))) }

// maxNesting is how many archives and compressions may contain each other.
const maxNesting = 4

// Documents yields the documents that wants accepts; nil accepts all. It reads directories in the order of names and archives in the
// order of entries, and archives in archives, too. It leaves out symbolic links and files whose names begin with a dot. An error ends
// it.
func (d *Data) Documents(wants func(name string) bool) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		w := &walker{d: d, wants: wants, yield: yield}
		var err error
		if d.dir != nil {
			err = w.directory()
		} else {
			err = w.location()
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(Document{}, fmt.Errorf("%s: %w", d.Name(), err))
		}
	}
}

var errStopped = errors.New("stopped")

type walker struct {
	d     *Data
	wants func(string) bool
	yield func(Document, error) bool
}

// location reads a single file or body.
func (w *walker) location() error {
	if f, ok := w.d.body.(*os.File); ok {
		return w.file("", f, w.d.Size)
	}
	return w.stream("", limit.Reader(w.d.stored(w.d.body), w.d.limits.Download, "body"), 0)
}

// file reads a local file. A zip archive that is a local file is not read into memory.
func (w *walker) file(name string, f *os.File, size int64) error {
	first := make([]byte, 4)
	if n, _ := f.ReadAt(first, 0); detect(first[:n]) == zipArchive {
		w.d.read += size
		return w.zip(name, f, size, 0)
	}
	return w.stream(name, w.d.stored(f), 0)
}

func (w *walker) directory() error {
	return fs.WalkDir(w.d.dir, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name != "." && strings.HasPrefix(path.Base(name), ".") {
			if e.IsDir() {
				return fs.SkipDir
			}
			w.d.Skipped++
			return nil
		}
		if err := w.d.ctx.Err(); err != nil {
			return err
		}
		if !e.Type().IsRegular() {
			return nil
		}
		return w.member(name, w.open(name))
	})
}

// open reads a file of the directory.
func (w *walker) open(name string) error {
	f, err := os.Open(filepath.Join(w.d.Location, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	if t := fi.ModTime(); t.After(w.d.Modified) {
		w.d.Modified = t
	}
	return w.file(name, f, fi.Size())
}

// stream reads r, which is a document, a compression or an archive.
func (w *walker) stream(name string, r io.Reader, depth int) error {
	br := bufio.NewReaderSize(r, 32<<10)
	first, err := br.Peek(sniffLen)
	if err != nil && err != io.EOF && len(first) == 0 {
		return err // the reader of the document meets later errors
	}
	f := detect(first)
	if f != plain && depth == maxNesting {
		return fmt.Errorf("more than %d archives and compressions in one another", maxNesting)
	}
	switch f {
	case plain:
		return w.document(name, br, first)
	case tarArchive:
		return w.tar(name, br, depth+1)
	case zipArchive:
		b, err := io.ReadAll(limit.Reader(br, w.d.limits.Memory, "zip archive in memory"))
		if err != nil {
			return err
		}
		return w.zip(name, bytes.NewReader(b), int64(len(b)), depth+1)
	}
	z, free, err := w.d.decompress(f, br)
	if err != nil {
		return err
	}
	defer free()
	return w.stream(withoutSuffix(name), z, depth+1)
}

func (w *walker) document(name string, r io.Reader, first []byte) error {
	if name != "" {
		if w.wants != nil && !w.wants(name) {
			w.d.Skipped++
			return nil
		}
		r = limit.Reader(r, w.d.limits.Document, "document")
	} else if IsHTML(first) {
		return download.ErrNotData
	}
	if !w.yield(Document{r, name, w.d.Location}, nil) {
		return errStopped
	}
	return nil
}

func (w *walker) tar(name string, r io.Reader, depth int) error {
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		member := path.Join(name, path.Clean("/" + h.Name)[1:])
		if err := w.member(member, w.stream(member, t, depth)); err != nil {
			return err
		}
	}
}

func (w *walker) zip(name string, r io.ReaderAt, size int64, depth int) error {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return err
	}
	for _, f := range z.File {
		if !f.Mode().IsRegular() {
			continue
		}
		member := path.Join(name, path.Clean("/" + f.Name)[1:])
		if err := w.member(member, w.zipped(member, f, depth)); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) zipped(name string, f *zip.File, depth int) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	return w.stream(name, madeReader{w.d, r}, depth)
}

// member handles an error of a member of a directory or an archive before its document begins. If the other members can still be
// read, it yields a document whose reader returns the error.
func (w *walker) member(name string, err error) error {
	switch {
	case err == nil || errors.Is(err, errStopped):
		return err
	case w.d.ctx.Err() != nil || w.d.made > w.d.limits.Decompressed:
		return fmt.Errorf("%s: %w", name, err)
	}
	if !w.yield(Document{failing{err}, name, w.d.Location}, nil) {
		return errStopped
	}
	return nil
}

// failing reads nothing but an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
