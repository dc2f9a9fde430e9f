package rpmdb

import (
	"errors"
	"fmt"
	"io"
)

// A file is the bytes that the database is in.
type file struct {
	r    io.ReaderAt
	size int64
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

// A pageSet remembers pages. Each page of a sound database is used once; who meets one again has met a cycle, or two
// owners, either of which would make the time to read the file unbounded.
type pageSet []uint64

func newPageSet(pages uint32) pageSet { return make(pageSet, (uint64(pages)+63)/64) }

// add reports whether page was not in the set yet. The page must be below the number given to newPageSet.
func (s pageSet) add(page uint32) bool {
	word, bit := page/64, uint64(1)<<(page%64)
	fresh := s[word]&bit == 0
	s[word] |= bit
	return fresh
}

func (s pageSet) has(page uint32) bool { return s[page/64]&(1<<(page%64)) != 0 }
