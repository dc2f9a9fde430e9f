package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/hullmark/hullmark/internal/polite"
)

// open opens a blob. Reading goes on where a connection broke.
func (r *repository) open(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	return r.openRange(ctx, d, 0, d.Size)
}

// openRange opens n bytes of a blob from offset on. A registry that sends all of it instead is an error.
func (r *repository) openRange(ctx context.Context, d v1.Descriptor, offset, n int64) (io.ReadCloser, error) {
	part := offset != 0 || n != d.Size
	if part && (offset < 0 || n <= 0 || offset > d.Size-n) {
		return nil, fmt.Errorf("blob %s: %d bytes from %d on of %d", d.Digest, n, offset, d.Size)
	}
	ctx, cancel := context.WithCancel(ctx)
	b := &blobReader{ctx: ctx, cancel: cancel, repository: r, desc: d, offset: offset, mark: offset, end: offset + n, part: part}
	if err := b.connect(); err != nil {
		cancel()
		return nil, err
	}
	return b, nil
}

// A blobReader reads a blob of a repository, of exactly the size that its descriptor names, or a part of it.
type blobReader struct {
	ctx        context.Context
	cancel     context.CancelFunc
	repository *repository
	desc       v1.Descriptor

	mu     sync.Mutex // held by Read, for which Close waits
	body   io.ReadCloser
	offset int64
	end    int64 // of what is read
	part   bool  // that is not all
	tries  int   // since offset was mark
	mark   int64 // where a try counts as progress
	err    error // for good
}

// progress is how many bytes a connection must bring for the tries to be counted anew.
const progress = 1 << 20

// connect asks for the blob from the current offset on.
func (b *blobReader) connect() error {
	header := make(http.Header)
	switch {
	case b.part:
		header.Set("Range", fmt.Sprintf("bytes=%d-%d", b.offset, b.end-1))
	case b.offset > 0:
		header.Set("Range", fmt.Sprintf("bytes=%d-", b.offset))
	}
	res, err := b.repository.do(b.ctx, "blobs", b.desc.Digest.String(), header)
	if err != nil {
		return err
	}
	if err := b.accept(res); err != nil {
		return errors.Join(err, res.Body.Close())
	}
	b.body = res.Body
	return nil
}

func (b *blobReader) accept(res *http.Response) error {
	if res.StatusCode == http.StatusNotFound {
		return fmt.Errorf("%s has no blob %s: %w", b.repository.RegistryStr(), b.desc.Digest, ErrNotFound)
	}
	if err := transport.CheckError(res, http.StatusOK, http.StatusPartialContent); err != nil {
		return err
	}
	from, end := int64(0), b.desc.Size
	if res.StatusCode == http.StatusPartialContent {
		if at := res.Header.Get("Content-Range"); !strings.HasPrefix(at, fmt.Sprintf("bytes %d-", b.offset)) {
			return fmt.Errorf("asked for the bytes from %d on, it sent %q", b.offset, at)
		}
		from, end = b.offset, b.end
	} else if b.part {
		return fmt.Errorf("%s sends whole blobs only: %w", b.repository.RegistryStr(), errors.ErrUnsupported)
	}
	if n := res.ContentLength; n >= 0 && from+n != end {
		return fmt.Errorf("blob %s has %d bytes, but the image names %d", b.desc.Digest, from+n, b.desc.Size)
	}
	_, err := io.CopyN(io.Discard, res.Body, b.offset-from) // of a server that knows no ranges
	return noEOF(err)
}

// Read implements io.Reader.
func (b *blobReader) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.err == nil {
		n, err := b.read(p)
		if err != nil {
			if b.err = b.recover(err); b.err != nil && b.err != io.EOF {
				b.err = b.repository.explain(b.err)
			}
		}
		if n > 0 || len(p) == 0 {
			return n, nil
		}
	}
	return 0, b.err
}

func (b *blobReader) read(p []byte) (int, error) {
	if b.body == nil {
		if err := b.connect(); err != nil {
			return 0, err
		}
	}
	left := b.end - b.offset
	n, err := b.body.Read(p[:min(int64(len(p)), left+1)])
	if int64(n) > left {
		return 0, &sizeError{b.desc}
	}
	b.offset += int64(n)
	if err == io.EOF && b.offset < b.end {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// recover returns nil if it is worth to try again after err.
func (b *blobReader) recover(err error) error {
	if err == io.EOF {
		return err
	}
	if b.body != nil {
		b.body.Close()
		b.body = nil
	}
	if b.ctx.Err() != nil {
		return b.ctx.Err()
	}
	if b.offset-b.mark >= progress {
		b.tries, b.mark = 0, b.offset
	}
	if b.tries++; b.tries >= polite.MaxTries || !polite.Passing(err) {
		return fmt.Errorf("offset %d of %d: %w", b.offset, b.desc.Size, err)
	}
	return polite.Sleep(b.ctx, polite.Gap(b.tries))
}

// Close implements io.Closer. It ends a Read that is running.
func (b *blobReader) Close() error {
	b.cancel()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.err = fs.ErrClosed
	}
	if b.body == nil {
		return nil
	}
	body := b.body
	b.body = nil
	return body.Close()
}

// A sizeError says that a blob goes on after its end.
type sizeError struct{ desc v1.Descriptor }

func (e *sizeError) Error() string {
	return fmt.Sprintf("blob %s has more bytes than the %d that the image names", e.desc.Digest, e.desc.Size)
}
