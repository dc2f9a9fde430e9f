package walk

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/hullmark/hullmark/internal/compression"
)

// A section is an uncompressed layer in a file. Seek skips unwanted content by its length, without reading it.
type section struct {
	ctx    context.Context
	r      io.ReaderAt
	size   int64
	report func(read int64) // may be nil

	reported int64

	offset int64  // of the next byte that Read returns
	buf    []byte // bytes read ahead, from start on
	start  int64
	space  [sectionAhead]byte
}

const (
	// sectionNear is the number of bytes to read after skipped content: its last byte, which archive/tar reads as a check,
	// the padding, and the next header.
	sectionNear = 2 << 10

	// sectionAhead is the number of bytes to read if reading continues where it ended.
	sectionAhead = 32 << 10
)

// newSection returns the section of an uncompressed layer of size bytes in rc, or nil if rc is compressed or not a file.
func newSection(ctx context.Context, rc io.Reader, size int64, report func(int64)) *section {
	r, ok := rc.(io.ReaderAt)
	if !ok || size <= 0 {
		return nil
	}
	var first [4]byte
	if n, err := r.ReadAt(first[:], 0); err != nil && err != io.EOF || compression.Detect(first[:n]) != compression.None {
		return nil
	}
	return &section{ctx: ctx, r: r, size: size, report: report}
}

// Read implements io.Reader.
func (s *section) Read(p []byte) (int, error) {
	if s.offset >= s.size {
		return 0, io.EOF
	}
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	at := s.offset - s.start
	if at < 0 || at >= int64(len(s.buf)) {
		if s.report != nil && s.offset-s.reported >= 1<<20 {
			s.reported = s.offset
			s.report(s.offset)
		}
		ahead := sectionNear
		if at == int64(len(s.buf)) {
			ahead = sectionAhead
		}
		if len(p) >= ahead {
			n, err := s.readAt(p, s.offset)
			s.offset += int64(n)
			s.start, s.buf = s.offset, nil // as if the bytes had been in the buffer
			return n, err
		}
		n, err := s.readAt(s.space[:ahead], s.offset)
		if err != nil {
			return 0, err
		}
		s.start, s.buf, at = s.offset, s.space[:n], 0
	}
	n := copy(p, s.buf[at:])
	s.offset += int64(n)
	return n, nil
}

// readAt reads at least one byte.
func (s *section) readAt(p []byte, offset int64) (int, error) {
	n, err := s.r.ReadAt(p[:min(int64(len(p)), s.size-offset)], offset)
	if n > 0 {
		return n, nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF // the file has become shorter
	}
	return 0, err
}

// Seek lets archive/tar skip content. It moves forward only.
func (s *section) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekCurrent || offset < 0 {
		return 0, errors.New("a layer is read forward only")
	}
	if s.offset += offset; s.offset < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	return s.offset, nil
}

// place adds the offset to an error.
func (s *section) place(err error) error { return placed(s.offset, err) }

func placed(offset int64, err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("offset %d: %w", offset, err)
}
