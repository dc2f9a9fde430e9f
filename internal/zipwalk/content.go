package zipwalk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/inflate"
)

const (
	stored   = 0
	deflated = 8

	encrypted = 1 << 0 // flags
)

// minInflated is the size in bytes to which an entry may inflate regardless of Limits.Ratio. Runs of blanks compress well.
const minInflated = 1 << 20

// A File is a wanted entry.
type File struct {
	Name string // as in the directory, made valid UTF-8

	archive *Archive
	entry   entry
}

// Size returns the length of the content in bytes that the directory states.
func (f *File) Size() uint64 { return f.entry.content }

// Stored returns the number of bytes that the content takes in the archive, at most those of the whole archive.
func (f *File) Stored() int64 { return int64(min(f.entry.packed, uint64(f.archive.size))) }

// Read returns the content. With an error it returns the readable part. The error wraps analyzer.ErrTooLarge if the content
// exceeds limit or the rest of Limits.Content, and analyzer.ErrUnsupported if it is encrypted or its compression is unknown.
// Content that is damaged or differs in length from the directory is an error, too. Read must be called during the visit of the
// archive.
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

// section returns the stored bytes of an entry.
func (a *Archive) section(e *entry) (*io.SectionReader, error) {
	if e.flags&encrypted != 0 {
		return nil, fmt.Errorf("encrypted: %w", analyzer.ErrUnsupported)
	}
	if e.method != stored && e.method != deflated {
		return nil, fmt.Errorf("compression method %d: %w", e.method, analyzer.ErrUnsupported)
	}
	limit := uint64(a.directory.start)
	if e.offset > limit || e.packed > limit {
		return nil, fmt.Errorf("%d bytes at offset %d are outside the archive", e.packed, e.offset)
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
		return nil, fmt.Errorf("%d bytes at offset %d overlap the directory", e.packed, at)
	}
	return io.NewSectionReader(a.content, at, int64(e.packed)), nil
}

// inflate reads the content of an entry, up to a limit in bytes. With an error it returns the content before it. It calls Hold
// for the capacity of the content.
func (w *walk) inflate(src *io.SectionReader, e *entry, limit int64) ([]byte, error) {
	var from io.Reader = src
	if e.method == deflated {
		if w.inflater == nil {
			if err := w.Hold(inflate.Memory); err != nil {
				return nil, err
			}
			w.inflater = inflate.NewReader(src, inflate.Deflate)
		} else {
			w.inflater.Reset(src, inflate.Deflate)
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
		return content, fmt.Errorf("%d bytes, but the directory states %d", len(content), e.content)
	case crc32.ChecksumIEEE(content) != e.checksum:
		return content, errors.New("checksum mismatch")
	}
	return content, nil
}

// maxDeflate is the largest number of bytes to which one byte of deflate can inflate.
const maxDeflate = 1032

// readAll reads up to most bytes. It allocates the likely size first. If the archive states too small a size, it doubles the
// buffer.
func (w *walk) readAll(src io.Reader, likely uint64, most int64) ([]byte, error) {
	var content []byte
	size := int64(min(likely+1, uint64(most))) // one more byte to reach the end
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

// Free gives back the memory of content that Read returned, before the visit ends. The content must not be used any more.
func (f *File) Free(content []byte) {
	n := int64(cap(content))
	f.archive.read -= n
	f.archive.walk.Hold(-n)
}
