package source

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/hullmark/hullmark/internal/compression"
)

// A streamStore is a store in a compressed tar file, in which no blob can be reached but by decompressing what lies in
// front of it. One reader goes through the file and hands out blobs on its way; who asks for a blob further on waits until
// it is free. So the file is decompressed twice if blobs are asked for in the order in which they lie: once to index it,
// once to read them. A blob that the reader has passed costs another pass.
type streamStore struct {
	tarIndex
	file  *os.File
	small map[string][]byte // documents met while indexing

	mu     sync.Mutex
	free   *sync.Cond // the reader is not in use any more
	reader *streamReader
	busy   bool
	until  int64 // where the blob ends that it is being used for
}

// maxSmall is how many bytes of documents the index pass keeps.
const maxSmall = 32 << 20

func openStream(f *os.File) (store, error) {
	s := &streamStore{file: f, small: make(map[string][]byte)}
	s.free = sync.NewCond(&s.mu)
	r, err := s.newReader()
	if err != nil {
		return nil, err
	}
	defer r.close()
	kept := int64(0)
	t := tar.NewReader(r)
	s.tarIndex, err = indexTar(t, func() int64 { return r.offset }, func(name string, size int64) error {
		if size > maxDocument || kept+size > maxSmall {
			return nil
		}
		var b bytes.Buffer // a layer, mostly, is larger than what is looked at first
		if _, err := io.CopyN(&b, t, min(size, 1)); err != nil {
			return noEOF(err)
		}
		if first := b.Bytes(); len(first) == 0 || first[0] != '{' && first[0] != '[' {
			return nil
		}
		if _, err := io.CopyN(&b, t, size-1); err != nil {
			return noEOF(err)
		}
		kept += size
		s.small[name] = b.Bytes()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// A streamReader reads the decompressed file.
type streamReader struct {
	z      io.ReadCloser
	offset int64
}

func (s *streamStore) newReader() (*streamReader, error) {
	z, _, err := compression.NewReader(io.NewSectionReader(s.file, 0, 1<<62))
	if err != nil {
		return nil, err
	}
	return &streamReader{z: z}, nil
}

func (r *streamReader) Read(p []byte) (int, error) {
	n, err := r.z.Read(p)
	r.offset += int64(n)
	return n, err
}

func (r *streamReader) close() { r.z.Close() }

func (s *streamStore) open(ctx context.Context, name string) (io.ReadCloser, error) {
	at, ok := s.resolve(name)
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	if b, ok := s.small[at]; ok {
		return io.NopCloser(bytes.NewReader(b)), nil
	}
	e := s.files[at]
	r, shared, err := s.acquire(ctx, e)
	if err != nil {
		return nil, err
	}
	return &streamBlob{ctx: ctx, store: s, reader: r, shared: shared, start: e.offset, left: e.size}, nil
}

// acquire returns a reader that has not passed the beginning of e yet, the shared one if possible.
func (s *streamStore) acquire(ctx context.Context, e extent) (r *streamReader, shared bool, err error) {
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.free.Broadcast()
	})
	defer stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.busy && s.until <= e.offset {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		s.free.Wait()
	}
	if s.busy {
		r, err := s.newReader()
		return r, false, err
	}
	if s.reader == nil || s.reader.offset > e.offset {
		if s.reader != nil {
			s.reader.close()
			s.reader = nil
		}
		if s.reader, err = s.newReader(); err != nil {
			return nil, false, err
		}
	}
	s.busy, s.until = true, e.offset+e.size
	return s.reader, true, nil
}

func (s *streamStore) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reader != nil && !s.busy {
		s.reader.close()
		s.reader = nil
	}
	return s.file.Close()
}

// A streamBlob is one blob of a streamStore. It owns its reader until it is closed.
type streamBlob struct {
	ctx    context.Context
	store  *streamStore
	shared bool

	mu     sync.Mutex // Close waits for a Read that is running
	reader *streamReader
	start  int64
	left   int64
}

func (b *streamBlob) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.reader == nil {
		return 0, errors.New("read of a closed blob")
	}
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if b.left == 0 {
		return 0, io.EOF
	}
	for b.reader.offset < b.start {
		if err := b.ctx.Err(); err != nil {
			return 0, err
		}
		if _, err := io.CopyN(io.Discard, b.reader, min(b.start-b.reader.offset, 1<<20)); err != nil {
			return 0, noEOF(err)
		}
	}
	n, err := b.reader.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err == io.EOF && b.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (b *streamBlob) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.reader == nil {
		return nil
	}
	r := b.reader
	b.reader = nil
	if !b.shared {
		r.close()
		return nil
	}
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	b.store.busy = false
	b.store.free.Broadcast()
	return nil
}
