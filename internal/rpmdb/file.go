package rpmdb

import (
	"errors"
	"fmt"
	"io"
)

// A file is a file of a database.
type file struct {
	r    io.ReaderAt
	size int64
	blob *reservation
}

// A reservation is the memory for the bytes of the largest header.
type reservation struct {
	hold func(n int64) error
	held int64
}

// reserve reserves memory for a header of size bytes, unless one as large was read before.
func (r *reservation) reserve(size int64) error {
	if size <= r.held {
		return nil
	}
	if err := r.hold(size - r.held); err != nil {
		return fmt.Errorf("%d bytes: %w", size, err)
	}
	r.held = size
	return nil
}

// read fills p with the bytes at off.
func (f file) read(p []byte, off int64) error {
	if off < 0 || off > f.size-int64(len(p)) {
		return fmt.Errorf("bytes %d to %d: %w", off, off+int64(len(p)), errPastEnd)
	}
	n, err := f.r.ReadAt(p, off)
	if n == len(p) {
		return nil // io.ReaderAt may return io.EOF with the last bytes
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

var errPastEnd = errors.New("past the end of the file")

// A pageSet is a set of pages. A valid database uses each page once. A second use means a cycle or two owners, and would make
// the reading time unbounded.
type pageSet []uint64

func newPageSet(pages uint32) pageSet { return make(pageSet, (uint64(pages)+63)/64) }

// add adds a page and reports whether it is new. The page must be less than the argument of newPageSet.
func (s pageSet) add(page uint32) bool {
	word, bit := page/64, uint64(1)<<(page%64)
	fresh := s[word]&bit == 0
	s[word] |= bit
	return fresh
}

func (s pageSet) has(page uint32) bool { return s[page/64]&(1<<(page%64)) != 0 }
