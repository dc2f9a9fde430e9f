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
	ctx, cancel := context.WithCancel(ctx)
	b := &blobReader{ctx: ctx, cancel: cancel, repository: r, desc: d}
	if err := b.connect(); err != nil {
		cancel()
		return nil, err
	}
	return b, nil
}

// A blobReader reads a blob of a repository, of exactly the size that its descriptor names.
type blobReader struct {
	ctx        context.Context
	cancel     context.CancelFunc
	repository *repository
	desc       v1.Descriptor

	mu     sync.Mutex // held by Read, for which Close waits
	body   io.ReadCloser
	offset int64
	tries  int   // since offset was mark
	mark   int64 // where a try counts as progress
	err    error // for good
}

// progress is how many bytes a connection must bring for the tries to be counted anew.
const progress = 1 << 20

// connect asks for the blob from the current offset on.
func (b *blobReader) connect() error {
	header := make(http.Header)
	if b.offset > 0 {
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
	from := int64(0)
	if res.StatusCode == http.StatusPartialContent {
		if at := res.Header.Get("Content-Range"); !strings.HasPrefix(at, fmt.Sprintf("bytes %d-", b.offset)) {
			return fmt.Errorf("asked for the bytes from %d on, it sent %q", b.offset, at)
		}
		from = b.offset
	}
	if n := res.ContentLength; n >= 0 && from+n != b.desc.Size {
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
	left := b.desc.Size - b.offset
	n, err := b.body.Read(p[:min(int64(len(p)), left+1)])
	if int64(n) > left {
		return 0, &sizeError{b.desc}
	}
	b.offset += int64(n)
	if err == io.EOF && b.offset < b.desc.Size {
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
