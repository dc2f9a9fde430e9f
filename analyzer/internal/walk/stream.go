package walk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/compression"
)

const (
	chunkSize  = compression.BufferSize
	chunkCount = 8 // chunks of one layer in flight: decompressed but not walked yet

	storedSize  = 64 << 10
	storedCount = 3 // chunks read but not decompressed yet

	maxTries = 100 // reads without a byte or an error, as in bufio

	// ratioFree is the number of bytes to which a layer of any size may inflate.
	ratioFree = 1 << 30
)

// A stream returns the uncompressed bytes of one layer. Its goroutines read, hash and decompress ahead of the reader, so that
// a single layer keeps two processors busy.
type stream struct {
	ctx    context.Context
	stored *pipe // stored bytes for the decompressor; nil if the decompressor reads the source itself
	plain  *pipe // decompressed bytes
	offset int64 // bytes passed to the reader
	limits Limits
	window func(int64) error // see Options.Window

	hash hash.Hash // of the bytes in stored, or else in plain
}

// newStream starts to decompress r. close waits for the decompression to end.
func newStream(ctx context.Context, r io.Reader, o Options, hashStored bool) *stream {
	s := &stream{ctx: ctx, limits: o.Limits, window: o.Window, plain: newPipe(chunkSize, chunkCount), hash: sha256.New()}
	if hashStored {
		s.stored = newPipe(storedSize, storedCount)
		go s.load(r)
		r = s.stored
	}
	go s.fill(&source{ctx: ctx, r: r})
	return s
}

// load reads and hashes stored bytes in a goroutine.
func (s *stream) load(r io.Reader) {
	defer close(s.stored.chunks)
	var err error
	for err == nil {
		buf, ok := s.stored.freeChunk()
		if !ok {
			return
		}
		n := 0
		for tries := 0; n == 0 && err == nil; tries++ {
			if tries == maxTries {
				err = io.ErrNoProgress
				break
			}
			n, err = r.Read(buf)
		}
		s.hash.Write(buf[:n])
		if !s.stored.put(buf, buf[:n], err) {
			return
		}
	}
}

// A source counts the bytes that the decompressor reads, and fails when its context ends.
type source struct {
	ctx context.Context
	r   io.Reader
	n   int64
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.r.Read(p)
	s.n += int64(n)
	return n, err
}

// fill is the decompressing goroutine.
func (s *stream) fill(r *source) {
	defer close(s.plain.chunks)
	z, _, err := compression.NewReaderWindow(r, s.window)
	if err != nil {
		s.plain.put(nil, nil, err)
		return
	}
	defer z.Close()
	var total int64
	for err == nil {
		buf, ok := s.plain.freeChunk()
		if !ok {
			return
		}
		var data []byte
		if err = s.ctx.Err(); err == nil {
			data, err = z.Fill(buf)
		}
		if err == io.EOF && s.stored != nil {
			if _, more := io.Copy(io.Discard, s.stored); more != nil { // through the hash
				err = more
			}
		}
		switch total += int64(len(data)); {
		case total > s.limits.Bytes:
			data, err = nil, &analyzer.LimitError{What: "bytes in one layer", Limit: s.limits.Bytes}
		case total > ratioFree && total/s.limits.Ratio > r.n:
			data, err = nil, &analyzer.LimitError{What: "bytes for each stored byte of one layer", Limit: s.limits.Ratio}
		}
		if !s.plain.put(buf, data, err) {
			return
		}
	}
}

// next makes plain.cur non-empty, or returns the error that ends the stream.
func (s *stream) next() error {
	for len(s.plain.cur) == 0 {
		if err := s.plain.next(); err != nil {
			return err
		}
		if s.stored == nil {
			s.hash.Write(s.plain.cur)
		}
	}
	return nil
}

func (s *stream) Read(p []byte) (int, error) {
	if err := s.next(); err != nil {
		return 0, err
	}
	n := copy(p, s.plain.cur)
	s.plain.cur = s.plain.cur[n:]
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
		n := min(offset, int64(len(s.plain.cur)))
		s.plain.cur = s.plain.cur[n:]
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
		s.offset += int64(len(s.plain.cur))
		s.plain.cur = nil
	}
}

// digest returns the digest of the stream after its end.
func (s *stream) digest() string { return "sha256:" + hex.EncodeToString(s.hash.Sum(nil)) }

// close ends the goroutines and waits for them.
func (s *stream) close() {
	if s.stored != nil {
		s.stored.close()
	}
	s.plain.close()
}

// place adds the offset in the uncompressed stream to an error.
func (s *stream) place(err error) error { return placed(s.offset, err) }
