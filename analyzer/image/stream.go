package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"github.com/hullmark/hullmark/internal/compression"
)

const (
	chunkSize  = 256 << 10
	chunkCount = 4 // chunks of one layer in flight: decompressed but not walked yet

	// ratioFree is how much a layer may inflate to whatever its size is.
	ratioFree = 1 << 30
)

// A stream is the uncompressed bytes of one layer. It decompresses in a goroutine of its own, ahead of its reader, so
// that even a single layer keeps two processors busy.
type stream struct {
	ctx    context.Context
	chunks chan chunk    // closed by the decompressing goroutine, after the last chunk
	free   chan []byte   // chunks to fill again
	quit   chan struct{} // closed by close

	cur    []byte // unread rest of the chunk being read
	full   []byte // that chunk, whole
	err    error  // what the next read returns once cur is empty
	offset int64  // bytes given to the reader
	limits Limits
	read   counter // stored bytes

	// One of them hashes every byte on its way, before or after decompression.
	stored, plain hash.Hash
}

// A counter counts what is read through it.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

type chunk struct {
	data []byte
	err  error // after data
}

// newStream starts decompressing r, which close waits for.
func newStream(ctx context.Context, r io.Reader, limits Limits, hashStored bool) *stream {
	s := &stream{
		ctx:    ctx,
		chunks: make(chan chunk, chunkCount),
		free:   make(chan []byte, chunkCount),
		quit:   make(chan struct{}),
		limits: limits,
	}
	s.read.Reader = r
	r = &s.read
	if hashStored {
		s.stored = sha256.New()
		r = io.TeeReader(r, s.stored)
	} else {
		s.plain = sha256.New()
	}
	for range chunkCount {
		s.free <- nil // allocated when first needed: most layers of most images are small
	}
	go s.fill(r)
	return s
}

// fill is the decompressing goroutine.
func (s *stream) fill(r io.Reader) {
	defer close(s.chunks)
	z, _, err := compression.NewReader(r)
	if err != nil {
		s.chunks <- chunk{err: err}
		return
	}
	defer z.Close()
	var total int64
	for err == nil {
		var buf []byte
		select {
		case buf = <-s.free:
		case <-s.quit:
			return
		}
		if buf == nil {
			buf = make([]byte, chunkSize)
		}
		n := 0
		for n < len(buf) && err == nil {
			if err = s.ctx.Err(); err != nil {
				break
			}
			var m int
			m, err = z.Read(buf[n:])
			n += m
		}
		if err == io.EOF && s.stored != nil {
			if _, more := io.Copy(io.Discard, r); more != nil { // through the hash
				err = more
			}
		}
		switch total += int64(n); {
		case total > s.limits.Bytes:
			n, err = 0, &LimitError{What: "bytes in one layer", Limit: s.limits.Bytes}
		case total > ratioFree && total/s.limits.Ratio > s.read.n:
			n, err = 0, &LimitError{What: "bytes for each stored byte of one layer", Limit: s.limits.Ratio}
		}
		select {
		case s.chunks <- chunk{buf[:n], err}:
		case <-s.quit:
			return
		}
	}
}

// next makes cur non-empty, or returns the error that ends the stream.
func (s *stream) next() error {
	for len(s.cur) == 0 {
		if s.err != nil {
			return s.err
		}
		if s.full != nil {
			s.free <- s.full[:cap(s.full)] // has room: there are chunkCount chunks in all
			s.full = nil
		}
		c, ok := <-s.chunks
		if !ok {
			return io.ErrUnexpectedEOF
		}
		s.cur, s.full, s.err = c.data, c.data, c.err
		if s.plain != nil {
			s.plain.Write(c.data)
		}
	}
	return nil
}

func (s *stream) Read(p []byte) (int, error) {
	if err := s.next(); err != nil {
		return 0, err
	}
	n := copy(p, s.cur)
	s.cur = s.cur[n:]
	s.offset += int64(n)
	return n, nil
}

// Seek lets archive/tar skip content without copying it. It moves forward only.
func (s *stream) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekCurrent || offset < 0 {
		return 0, errors.New("a stream moves forward only")
	}
	for offset > 0 {
		if err := s.next(); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return s.offset, err
		}
		n := min(offset, int64(len(s.cur)))
		s.cur = s.cur[n:]
		s.offset += n
		offset -= n
	}
	return s.offset, nil
}

// drain reads the stream to its end.
func (s *stream) drain() error {
	for {
		if err := s.next(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		s.offset += int64(len(s.cur))
		s.cur = nil
	}
}

// digest returns the digest of what was read, once it has been read to its end.
func (s *stream) digest() string {
	h := s.stored
	if h == nil {
		h = s.plain
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// close ends the decompressing goroutine and waits for it.
func (s *stream) close() {
	close(s.quit)
	for range s.chunks {
	}
}

// place says where in the uncompressed stream an error was met.
func (s *stream) place(err error) error { return placed(s.offset, err) }
