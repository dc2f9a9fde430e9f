package analyzer

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"path"
)

// A File is one regular file of a layer, valid until Analyze returns.
type File struct {
	Path string      // slash-separated, clean, relative to the root, without a leading slash
	Mode fs.FileMode // permission and type bits

	content  io.ReaderAt
	size     int64
	data     []byte // the whole content, where it is in memory
	siblings map[string]*File
	account  *account // of what is held beyond the content
}

// NewFile returns a file with the given content, for tests and for programs that call an analyzer themselves.
// Siblings are found by their base names.
func NewFile(name string, mode fs.FileMode, content []byte, siblings ...*File) *File {
	f := &File{Path: name, Mode: mode, content: bytes.NewReader(content), size: int64(len(content)), data: content}
	if f.data == nil {
		f.data = []byte{}
	}
	for _, s := range siblings {
		if f.siblings == nil {
			f.siblings = make(map[string]*File)
		}
		f.siblings[path.Base(s.Path)] = s
	}
	return f
}

// newFileAt returns a file whose content is read on demand.
func newFileAt(name string, mode fs.FileMode, content io.ReaderAt, size int64) *File {
	return &File{Path: name, Mode: mode, content: content, size: size}
}

// Size returns the length of the content in bytes.
func (f *File) Size() int64 { return f.size }

// Open returns the content. Every call starts anew at offset 0, and any number may be read at once.
func (f *File) Open() *io.SectionReader { return io.NewSectionReader(f.content, 0, f.size) }

// Bytes returns the whole content, which the caller must neither change nor keep after Analyze returns. It fails only
// where the content is not in memory and cannot be read.
func (f *File) Bytes() ([]byte, error) {
	if f.data != nil {
		return f.data, nil
	}
	b := make([]byte, f.size)
	if _, err := io.ReadFull(f.Open(), b); err != nil {
		return nil, fmt.Errorf("read %s: %w", f.Path, err)
	}
	return b, nil
}

// Sibling returns a file of the same directory, which Info.With must name, or nil where the layer has none.
func (f *File) Sibling(base string) *File { return f.siblings[base] }
