package zipwalk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"

	"github.com/hullmark/hullmark/analyzer"
)

const (
	stored   = 0
	deflated = 8

	encrypted = 1 << 0 // flags
)

// ratioFree is how many bytes an entry may inflate to whatever its size is: runs of blanks compress well.
const minInflated = 1 << 20

// A File is an entry that was wanted.
type File struct {
	Name string // as in the directory, valid UTF-8

	archive *Archive
	entry   entry
}

// Size returns the length of the content in bytes, as the directory announces it.
func (f *File) Size() uint64 { return f.entry.content }

// Read returns the content, or as much of it as can be had, and an error that says what is wrong: it is longer than limit
// or than what is left of Limits.Content (analyzer.ErrTooLarge), encrypted or compressed in an unknown way
// (analyzer.ErrUnsupported), damaged, or not as long as the directory announces. It must be called while the archive is
// being visited.
func (f *File) Read(limit int64) ([]byte, error) {
	src, err := f.archive.section(&f.entry)
	if err != nil {
		return nil, err
	}
	w := f.archive.walk
	content, err := w.inflate(src, &f.entry, min(limit, w.unread))
	w.unread -= int64(len(content))
	f.archive.read += int64(cap(content))
	return content, err
}

// section returns the bytes of an entry as they are stored.
func (a *Archive) section(e *entry) (*io.SectionReader, error) {
	if e.flags&encrypted != 0 {
		return nil, fmt.Errorf("encrypted: %w", analyzer.ErrUnsupported)
	}
	if e.method != stored && e.method != deflated {
		return nil, fmt.Errorf("compression method %d: %w", e.method, analyzer.ErrUnsupported)
	}
	limit := uint64(a.directory.start)
	if e.offset > limit || e.packed > limit {
		return nil, fmt.Errorf("%d bytes at offset %d lie outside the archive", e.packed, e.offset)
	}
	var header [localSize]byte
	at := a.directory.base + int64(e.offset)
	if _, err := a.content.ReadAt(header[:], at); err != nil {
		return nil, noEOF(err)
	}
	if string(header[:4]) != localSignature {
		return nil, fmt.Errorf("no local header at offset %d", at)
	}
	at += localSize + int64(binary.LittleEndian.Uint16(header[26:])) + int64(binary.LittleEndian.Uint16(header[28:]))
	if at+int64(e.packed) > a.directory.start {
		return nil, fmt.Errorf("%d bytes at offset %d reach into the directory", e.packed, at)
	}
	return io.NewSectionReader(a.content, at, int64(e.packed)), nil
}

// inflate reads the content of an entry, up to a limit in bytes. With an error it returns what came before it. As many
// bytes are held as the content has capacity.
func (w *walk) inflate(src *io.SectionReader, e *entry, limit int64) ([]byte, error) {
	var from io.Reader = src
	if e.method == deflated {
		if w.inflater == nil {
			w.inflater = flate.NewReader(src)
		} else if err := w.inflater.(flate.Resetter).Reset(src, nil); err != nil {
			return nil, err
		}
		from = w.inflater
	}
	content, err := w.readAll(from, min(e.content, uint64(src.Size())*maxDeflate+64), limit+1)
	switch {
	case int64(len(content)) > limit:
		return content[:limit], fmt.Errorf("more than %d bytes: %w", limit, analyzer.ErrTooLarge)
	case err != nil:
		return content, noEOF(err)
	case uint64(len(content)) != e.content:
		return content, fmt.Errorf("holds %d bytes and announces %d", len(content), e.content)
	case crc32.ChecksumIEEE(content) != e.checksum:
		return content, errors.New("its checksum differs")
	}
	return content, nil
}

// maxDeflate is how many bytes one byte of deflate can stand for.
const maxDeflate = 1032

// readAll reads up to so many bytes, and allocates at first what is likely, then, where an archive says too little, twice as
// much each time.
func (w *walk) readAll(src io.Reader, likely uint64, most int64) ([]byte, error) {
	var content []byte
	size := int64(min(likely+1, uint64(most))) // one more, to meet the end
	for {
		if err := w.Hold(size); err != nil {
			return content, err
		}
		larger := make([]byte, len(content), size)
		copy(larger, content)
		w.Hold(-int64(cap(content)))
		for content = larger; len(content) < cap(content); {
			n, err := src.Read(content[len(content):cap(content)])
			content = content[:len(content)+n]
			if err == io.EOF {
				return content, nil
			}
			if err != nil {
				return content, err
			}
		}
		if size == most {
			return content, nil
		}
		size = min(2*size, most)
	}
}
