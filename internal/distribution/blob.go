package distribution

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/internal/httpretry"
)

// Blob opens a blob without checking its digest. Reading goes on where a connection broke. It fails if the blob has another size
// than d. Close ends a Read that waits.
func (r *Repository) Blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	return r.BlobRange(ctx, d, 0, d.Size)
}

// BlobRange opens n bytes of a blob from an offset on. The error wraps errors.ErrUnsupported if the registry sends only whole blobs.
func (r *Repository) BlobRange(ctx context.Context, d v1.Descriptor, offset, n int64) (io.ReadCloser, error) {
	if d.Size < 0 {
		return nil, fmt.Errorf("blob %s: the image names a size of %d bytes", d.Digest, d.Size)
	}
	if n != d.Size && (offset < 0 || n <= 0 || offset > d.Size-n) {
		return nil, fmt.Errorf("blob %s: %d bytes from %d on of %d", d.Digest, n, offset, d.Size)
	}
	operation := "blob " + d.Digest.String()
	hosts, from, last := r.hosts, r.hosts[0], int64(-1)
	b := &httpretry.Reader{
		Offset: offset, End: offset + n, Policy: httpretry.Policy{Impatient: true},
		Open: func(ctx context.Context, at int64) (body io.ReadCloser, err error) {
			q := blobRequest{d, at, offset + n, n != d.Size}
			if at == last { // the connection brought nothing
				r.dropPlace(d.Digest)
				hosts = hostsAfter(hosts, from)
			}
			last = at
			if body = r.openPlace(ctx, q); body != nil {
				return body, nil
			}
			err = r.each(ctx, hosts, operation, func(h *host, client *http.Client) error {
				from = h
				body, err = h.openBlob(ctx, client, q)
				return err
			})
			return body, err
		},
		Notify: func(pause time.Duration, reason error) {
			if r.options.Progress != nil {
				r.options.Progress(registry.Event{Host: from.RegistryStr(), Action: "read-blob", Pause: pause, Err: r.secrets.Error(reason)})
			}
		},
		Explain: func(err error) error { return from.explain(operation, err) },
	}
	if err := b.Connect(ctx); err != nil {
		return nil, err
	}
	return b, nil
}

// hostsAfter returns the hosts after h, or the last one.
func hostsAfter(hosts []*host, h *host) []*host {
	i := slices.Index(hosts, h) + 1
	return hosts[min(i, len(hosts)-1):]
}

// A blobRequest asks for the bytes of a blob from offset to end.
type blobRequest struct {
	v1.Descriptor
	offset, end int64
	part        bool // a part of the blob: the response must have status 206
}

func (q *blobRequest) header() http.Header {
	header := make(http.Header)
	if q.part || q.offset > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-%d", q.offset, q.end-1))
	}
	return header
}

// openBlob requests a blob from one host, and remembers the target of a redirect.
func (h *host) openBlob(ctx context.Context, client *http.Client, q blobRequest) (io.ReadCloser, error) {
	res, err := h.get(ctx, client, "blobs", q.Digest.String(), q.header())
	if err != nil {
		return nil, err
	}
	if err := q.accept(res); err != nil {
		return nil, errors.Join(err, res.Body.Close())
	}
	if at := res.Request.URL; at.Host != h.RegistryStr() {
		h.in.setPlace(q.Digest, place{client, at.String()})
	}
	return res.Body, nil
}

// A place is the target of a registry's redirect for a blob. Using it directly saves a request for each part.
type place struct {
	client *http.Client
	url    string
}

func (r *Repository) setPlace(digest v1.Hash, p place) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.places[digest] = p
}

// openPlace requests a blob from its place. It returns nil if there is no place or the request fails.
func (r *Repository) openPlace(ctx context.Context, q blobRequest) io.ReadCloser {
	r.mu.Lock()
	p, ok := r.places[q.Digest]
	r.mu.Unlock()
	if !ok {
		return nil
	}
	res, err := get(ctx, p.client, p.url, q.header())
	if err == nil {
		if err = q.accept(res); err == nil {
			return res.Body
		}
		res.Body.Close()
	}
	r.dropPlace(q.Digest)
	return nil
}

func (r *Repository) dropPlace(digest v1.Hash) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.places, digest)
}

// accept checks that a response has the requested bytes. If it has the whole blob, accept skips the bytes before the offset.
func (q *blobRequest) accept(res *http.Response) error {
	if err := transport.CheckError(res, http.StatusOK, http.StatusPartialContent); err != nil {
		return err
	}
	from, end := int64(0), q.Size
	switch {
	case res.StatusCode == http.StatusPartialContent:
		var size string
		got := res.Header.Get("Content-Range")
		if n, _ := fmt.Sscanf(got, "bytes %d-%d/%s", &from, &end, &size); n == 3 {
			end++
		}
		if from != q.offset || end <= from || end > q.end || size != "*" && size != fmt.Sprint(q.Size) {
			return fmt.Errorf("sent %q instead of bytes %d-%d/%d", got, q.offset, q.end-1, q.Size)
		}
	case q.part:
		return fmt.Errorf("the registry sends only whole blobs: %w", errors.ErrUnsupported)
	}
	switch n := res.ContentLength; {
	case n < 0 || from+n == end:
	case from+n < end:
		return fmt.Errorf("%d bytes of %s, but the image names %d: %w", from+n, mediaType(res), end, io.ErrUnexpectedEOF)
	default:
		return fmt.Errorf("%d bytes of %s, but the image names %d", from+n, mediaType(res), end)
	}
	if _, err := io.CopyN(io.Discard, res.Body, q.offset-from); err == io.EOF {
		return io.ErrUnexpectedEOF
	} else if err != nil {
		return err
	}
	return nil
}
