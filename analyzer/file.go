package analyzer

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"

	"github.com/hullmark/hullmark/analyzer/internal/content"
)

// A File is one regular file of a layer, or an entry of any kind for an analyzer with Info.Entries. It is valid until Analyze returns.
type File struct {
	Path string      // slash-separated, clean, relative to the root, without a leading slash
	Mode fs.FileMode // permission and type bits

	// Entry has the attributes of the file, for an analyzer with Info.Entries; else it is nil. It must not be changed.
	Entry *Entry

	content  *content.Content
	siblings map[string]*File // by base name
}

// NewFile returns a file with the given content, for tests and for programs that call an analyzer themselves. Sibling finds
// the siblings by their base names.
func NewFile(name string, mode fs.FileMode, data []byte, siblings ...*File) *File {
	return NewFileAt(name, mode, content.Of(data, nil), int64(len(data)), siblings...)
}

// NewFileAt is like NewFile, but the file reads its content on demand, the first size bytes of r.
func NewFileAt(name string, mode fs.FileMode, r io.ReaderAt, size int64, siblings ...*File) *File {
	c, ok := r.(*content.Content) // of NewFile or the engine
	if !ok {
		c = content.At(r, size, nil)
	}
	f := &File{Path: name, Mode: mode, content: c}
	if len(siblings) > 0 {
		f.siblings = make(map[string]*File, len(siblings))
		for _, s := range siblings {
			f.siblings[path.Base(s.Path)] = s
		}
	}
	return f
}

// Size returns the length of the content in bytes.
func (f *File) Size() int64 { return f.content.Size() }

// Open returns a reader at the start of the content. Any number of them may be in use at once.
func (f *File) Open() *io.SectionReader { return io.NewSectionReader(f.content, 0, f.content.Size()) }

// Bytes returns the whole content. The caller must neither change it nor keep it after Analyze returns. Bytes fails only if
// the content is not in memory and cannot be read.
func (f *File) Bytes() ([]byte, error) {
	if b := f.content.Bytes(); b != nil {
		return b, nil
	}
	b := make([]byte, f.Size())
	if _, err := io.ReadFull(f.Open(), b); err != nil {
		return nil, fmt.Errorf("read %s: %w", f.Path, err)
	}
	return b, nil
}

// Sibling returns the file of the same directory with a base name that Info.Siblings lists, or nil if the layer has no such file.
func (f *File) Sibling(base string) *File { return f.siblings[base] }

// Hold accounts for n bytes that Analyze is about to hold beyond the content of the file, such as an archive inflated from
// it. A negative n gives bytes back; the return of Analyze gives back the rest. Call Hold before allocating the bytes.
//
// Hold returns an error that wraps [ErrTooLarge] if Analyze would hold more than 128 MiB at once or 1 GiB in all; a Scanner's
// limits Memory and Inflated replace these numbers. The answer for a file is always the same. Among all analyzers of
// all scans that share a Budget, one at a time may hold more than 8 MiB. The others wait in Hold, which returns the context's error if the
// context ends first. So do not call Hold with a lock that another call of Analyze needs.
func (f *File) Hold(ctx context.Context, n int64) error { return f.content.Hold(ctx, n) }
