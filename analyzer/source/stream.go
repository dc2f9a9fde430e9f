package source

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hullmark/hullmark/internal/compression"
)

// A Stream is an archive of images that can be read only from its beginning, but several times: a compressed file, the export of
// a daemon, an object in a store.
type Stream struct {
	// Ref becomes Image.Ref.
	Ref string

	// Image is the name of one of the archive's images; it may be empty if there is only one.
	Image string

	// Open returns the archive from its beginning, plain or compressed, with the same content each time. It is called twice
	// or more, from several goroutines. When its context ends, a Read that waits must return.
	Open func(ctx context.Context) (io.ReadCloser, error)

	// Close, if not nil, is called when the last image is closed, or when opening fails.
	Close func() error
}

// OpenStream opens an image in an archive that "docker save" wrote, or that holds an OCI image layout. It reads the archive once to
// index it. Layers that are opened in their order in the archive take one more reading. The archive is never stored. The image can be
// used until ctx ends.
func OpenStream(ctx context.Context, a Stream, o Options) (*Image, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("source: %s: %w", a.Ref, err)
	}
	s, err := openStream(ctx, a.Open, a.Close)
	if err != nil {
		return nil, fmt.Errorf("source: %s: %w", a.Ref, err)
	}
	k, err := recogniseStore(s)
	if err != nil {
		return nil, fmt.Errorf("source: %s: %w", a.Ref, errors.Join(err, s.close()))
	}
	set, err := k.find(ctx, location{store: s, tag: a.Image}, o)
	if err != nil {
		return nil, fmt.Errorf("source: %s: %w", a.Ref, err)
	}
	img, err := set.openPlatform(ctx, o.Platform)
	if err != nil {
		return nil, fmt.Errorf("source: %s: %w", a.Ref, err)
	}
	img.Ref = a.Ref
	return img, nil
}

// A streamStore is a store in a tar stream, where reaching a blob takes reading everything before it. One reader passes through the
// stream and serves the blobs on its way; opening a later blob waits until the reader is free. So the stream is read twice if blobs are
// opened in their order: once to index it, once to read them. A blob that the reader has passed costs another pass.
type streamStore struct {
	tarIndex
	ctx   context.Context // ends all readers
	start func(context.Context) (io.ReadCloser, error)
	end   func() error
	small map[string][]byte // documents read while indexing
	large []int64           // offsets of the other files, sorted

	mu     sync.Mutex
	free   *sync.Cond    // busy became false
	reader *streamReader // the shared reader, unless it is busy; may be nil
	busy   bool
	until  int64 // the end of the blob that the busy reader reads
	closed bool
}

const (
	maxSmall = 32 << 20 // bytes of documents that the index pass keeps
	tiny     = 4 << 10  // bytes of a file that is kept even if it is not a document

	// grace is how long opening a blob waits for the blobs before it. Goroutines open layers nearly in order, and another pass
	// costs more than waiting.
	grace = 20 * time.Millisecond
)

func openStream(ctx context.Context, start func(context.Context) (io.ReadCloser, error), end func() error) (_ store, err error) {
	if end == nil {
		end = func() error { return nil }
	}
	defer closer(&err, end)
	s := &streamStore{ctx: ctx, start: start, end: end, small: make(map[string][]byte)}
	s.free = sync.NewCond(&s.mu)
	r, err := s.newReader(ctx)
	if err != nil {
		return nil, err
	}
	defer r.close()
	kept := int64(0)
	s.tarIndex, err = indexTar(r.tar, func() int64 { return r.offset }, func(name string, size int64) error {
		if size > maxDocument || kept+size > maxSmall {
			return nil
		}
		var b bytes.Buffer
		if _, err := io.CopyN(&b, r.tar, min(size, 1)); err != nil {
			return noEOF(err)
		}
		if first := b.Bytes(); size > tiny && first[0] != '{' && first[0] != '[' {
			return nil
		}
		if _, err := io.CopyN(&b, r.tar, size-1); err != nil {
			return noEOF(err)
		}
		kept += size
		s.small[name] = b.Bytes()
		return nil
	})
	if err != nil {
		return nil, err
	}
	for name, e := range s.files {
		if _, ok := s.small[name]; !ok {
			s.large = append(s.large, e.offset)
		}
	}
	slices.Sort(s.large)
	return s, nil
}

// A streamReader reads the stream from entry to entry. One blob uses it at a time.
type streamReader struct {
	raw, z  io.ReadCloser
	tar     *tar.Reader
	name    string // name of the current entry of the archive
	offset  int64  // in the decompressed stream
	ctx     context.Context
	cancel  context.CancelFunc
	aborted atomic.Bool
	broken  bool // a read went wrong
}

// newReader opens the stream. The end of ctx ends only the opening; the reader can be used as long as the store.
func (s *streamStore) newReader(ctx context.Context) (*streamReader, error) {
	alive, cancel := context.WithCancel(s.ctx)
	stop := context.AfterFunc(ctx, cancel)
	raw, err := s.start(alive)
	if err != nil {
		cancel()
		return nil, err
	}
	z, _, err := compression.NewReader(raw)
	if err != nil {
		cancel()
		return nil, errors.Join(err, raw.Close())
	}
	r := &streamReader{raw: raw, z: z, ctx: ctx, cancel: cancel}
	r.tar = tar.NewReader(r)
	if !stop() {
		r.close()
		return nil, context.Cause(ctx)
	}
	return r, nil
}

// Read implements io.Reader, of the decompressed stream.
func (r *streamReader) Read(p []byte) (int, error) {
	if r.aborted.Load() {
		return 0, context.Canceled
	}
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.z.Read(p)
	r.offset += int64(n)
	if r.offset > maxArchive {
		return 0, archiveTooLarge()
	}
	return n, err
}

// seek goes on to the content of an entry.
func (r *streamReader) seek(name string, offset int64) error {
	for r.offset < offset {
		h, err := r.tar.Next()
		if err != nil {
			return noEOF(err)
		}
		r.name = entryName(h.Name)
	}
	if r.offset != offset || r.name != name {
		return fmt.Errorf("%s: the archive has changed since it was opened", name)
	}
	return nil
}

// abort ends a Read that is running in another goroutine.
func (r *streamReader) abort() {
	r.aborted.Store(true)
	r.cancel()
}

func (r *streamReader) close() {
	r.cancel()
	r.z.Close()
	r.raw.Close()
}

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
	return &streamBlob{store: s, reader: r, shared: shared, name: at, start: e.offset, left: e.size}, nil
}

// acquire returns a reader that has not passed the beginning of e yet, the shared one if possible.
func (s *streamStore) acquire(ctx context.Context, e extent) (r *streamReader, shared bool, err error) {
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.free.Broadcast()
	})
	defer stop()
	var late atomic.Bool
	timer := time.AfterFunc(grace, func() {
		late.Store(true)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.free.Broadcast()
	})
	defer timer.Stop()
	s.mu.Lock()
	for ctx.Err() == nil && !s.closed && (s.busy && s.until <= e.offset || !s.busy && !late.Load() && s.passes(e)) {
		s.free.Wait()
	}
	if err := ctx.Err(); err != nil || s.closed {
		s.mu.Unlock()
		return nil, false, errors.Join(err, closedError(s.closed))
	}
	if shared = !s.busy; shared {
		s.busy, s.until = true, e.offset+e.size
		r, s.reader = s.reader, nil
	}
	s.mu.Unlock() // opening may take long, and other goroutines may give up meanwhile
	if r != nil && r.offset <= e.offset {
		r.ctx = ctx
		return r, shared, nil
	}
	if r != nil {
		r.close()
	}
	if r, err = s.newReader(ctx); err != nil && shared {
		s.release(nil)
	}
	return r, shared, err
}

// passes reports whether the shared reader would pass another blob on its way to e.
func (s *streamStore) passes(e extent) bool {
	from := int64(0)
	if s.reader != nil && s.reader.offset <= e.offset {
		from = s.reader.offset
	}
	i, _ := slices.BinarySearch(s.large, from)
	return i < len(s.large) && s.large[i] < e.offset
}

func closedError(closed bool) error {
	if closed {
		return fs.ErrClosed
	}
	return nil
}

// release returns the shared reader; nil if it cannot be used again.
func (s *streamStore) release(r *streamReader) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = false
	if r != nil && s.closed {
		r.close()
	} else {
		s.reader = r
	}
	s.free.Broadcast()
}

func (s *streamStore) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reader != nil {
		s.reader.close()
		s.reader = nil
	}
	s.closed = true
	s.free.Broadcast()
	return s.end()
}

// A streamBlob is one blob of a streamStore. It owns its reader until it is closed.
type streamBlob struct {
	store  *streamStore
	reader *streamReader
	shared bool
	name   string

	mu     sync.Mutex // held by Read, for which Close waits
	closed bool
	start  int64
	left   int64
}

// Read implements io.Reader.
func (b *streamBlob) Read(p []byte) (n int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, fs.ErrClosed
	}
	if b.left == 0 {
		return 0, io.EOF
	}
	r := b.reader
	defer func() { r.broken = r.broken || err != nil }()
	if b.start >= 0 {
		if err := r.seek(b.name, b.start); err != nil {
			return 0, err
		}
		b.start = -1
	}
	n, err = r.tar.Read(p[:min(int64(len(p)), b.left)])
	if b.left -= int64(n); b.left == 0 {
		return n, nil // an error after the last byte does not break the reader
	}
	return n, noEOF(err)
}

// Close implements io.Closer. It ends a Read that is running.
func (b *streamBlob) Close() error {
	if !b.mu.TryLock() {
		b.reader.abort()
		b.mu.Lock()
	}
	defer b.mu.Unlock()
	if b.closed {
		return nil
	}
	b.closed = true
	r := b.reader
	if !b.shared || r.broken || r.aborted.Load() {
		r.close()
		r = nil
	}
	if b.shared {
		b.store.release(r)
	}
	return nil
}
