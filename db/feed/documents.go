package feed

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// A Document is one text of a location.
type Document struct {
	Name   string    // within a directory or an archive, slash-separated; "" where the location is the document
	Reader io.Reader // its content, uncompressed, until the next document is asked for
}

// maxNesting is how deep archives and compressions may lie in one another.
const maxNesting = 4

// Documents yields the documents that wants accepts, see Feed.Wants; nil accepts all. Directories and archives are read
// in the order of their names or entries, and those in them as well. Symbolic links and files whose names begin with a
// dot are left out. An error ends it.
func (d *Data) Documents(wants func(name string) bool) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		w := &walker{d: d, wants: wants, yield: yield}
		var err error
		switch {
		case d.dir != nil:
			err = w.directory()
		default:
			err = w.location()
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(Document{}, fmt.Errorf("feed: %s: %w", d.name(), err))
		}
	}
}

// name returns how errors call the location.
func (d *Data) name() string {
	if d.URL != "" {
		return d.URL
	}
	return d.Location
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
	return w.stream("", limit(w.d.stored(w.d.body), w.d.limits.Download, "body"), 0)
}

// file reads a local file, which is the only kind of zip archive that need not be held in memory.
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

// stream reads r, whatever it is.
func (w *walker) stream(name string, r io.Reader, depth int) error {
	br := bufio.NewReaderSize(r, 32<<10)
	first, err := br.Peek(sniffLen)
	if err != nil && err != io.EOF && len(first) == 0 {
		return err // one that comes later is met again by who reads on
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
		b, err := io.ReadAll(limit(br, w.d.limits.Memory, "zip archive in memory"))
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
		r = limit(r, w.d.limits.Document, "document")
	} else if looksLikeHTML(first) {
		return ErrNotData
	}
	if !w.yield(Document{Name: name, Reader: r}, nil) {
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

// member decides what err, met before a document of a directory or an archive began, means for the others: where they
// can still be read it becomes the error of reading a document of that name.
func (w *walker) member(name string, err error) error {
	switch {
	case err == nil || errors.Is(err, errStopped):
		return err
	case w.d.ctx.Err() != nil || w.d.made > w.d.limits.Decompressed:
		return fmt.Errorf("%s: %w", name, err)
	}
	if !w.yield(Document{Name: name, Reader: failing{err}}, nil) {
		return errStopped
	}
	return nil
}

// failing is the content of a document that cannot be read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
