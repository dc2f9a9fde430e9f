package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hullmark/hullmark/internal/credmask"
	"github.com/hullmark/hullmark/internal/httpretry"
)

// A Body is read as one stream, whatever happens to connections.
type Body struct {
	URL         string    // without a password
	Fingerprint string    // tells this state from others: an ETag, or else a Last-Modified, "" if there is neither
	Modified    time.Time // Last-Modified, if any
	Size        int64     // in bytes, as sent, with those before Offset; -1 where unknown
	Offset      int64     // at which reading begins: that of the request, or 0

	limit     int64
	request   Request
	client    *http.Client
	secrets   *credmask.Masker
	reader    httpretry.Reader
	validator string // validator of the bytes before the offset of the reader
	opened    bool
	err       error // error of all further reads
}

// Read implements io.Reader.
func (b *Body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if left := b.limit - b.reader.Offset; int64(len(p)) > left+1 {
		p = p[:left+1]
	}
	n, err := b.reader.Read(p)
	if b.reader.Offset > b.limit {
		b.err = errors.Join(b.tooLarge(), b.Close())
		return 0, b.err
	}
	return n, err
}

func (b *Body) tooLarge() error {
	return fmt.Errorf("body of more than %d bytes: %w", b.limit, ErrTooLarge)
}

// Close ends reading.
func (b *Body) Close() error { return b.reader.Close() }

// A StatusError is the error of another status than those of a body.
type StatusError struct {
	Code   int
	Status string
}

func (e *StatusError) Error() string { return e.Status }

// errRestart reports that the bytes of a former attempt are of no use.
var errRestart = errors.New("former attempt")

// connect opens the body for the first time.
func (b *Body) connect(ctx context.Context) error {
	err := b.reader.Connect(ctx)
	if errors.Is(err, errRestart) {
		b.reader.Offset, b.validator = 0, ""
		err = b.reader.Connect(ctx)
	}
	b.Offset, b.opened = b.reader.Offset, true
	return err
}

// open requests the body from an offset on.
func (b *Body) open(ctx context.Context, offset int64) (io.ReadCloser, error) {
	r, err := b.newRequest(ctx, offset)
	if err != nil {
		return nil, err
	}
	res, err := b.client.Do(r)
	if err != nil {
		var u *url.Error // which names the URL of the last redirect
		if errors.As(err, &u) {
			err = u.Err
		}
		return nil, err
	}
	if err := b.accept(res, offset); err != nil {
		return nil, errors.Join(err, res.Body.Close())
	}
	return res.Body, nil
}

func (b *Body) newRequest(ctx context.Context, offset int64) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.request.URL, nil)
	if err != nil {
		return nil, errors.New("malformed URL")
	}
	r.Header.Set("User-Agent", "hullmark")
	r.Header.Set("Accept", "application/json, */*;q=0.9") // Bodhi has pages for people, too
	// The transport does not decompress if the header is set here: offsets and sizes are of the bytes sent.
	r.Header.Set("Accept-Encoding", "identity")
	if !b.request.Plain {
		r.Header.Set("Accept-Encoding", "gzip")
	}
	if f := b.request.Fingerprint; b.opened {
	} else if isTag(f) {
		r.Header.Set("If-None-Match", f)
	} else if f != "" {
		r.Header.Set("If-Modified-Since", f)
	}
	if offset > 0 {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
		if !strings.HasPrefix(b.validator, "W/") {
			r.Header.Set("If-Range", b.validator)
		}
	}
	return r, nil
}

// accept checks the status and the header of a response, and skips bytes before the offset.
func (b *Body) accept(res *http.Response, offset int64) error {
	restart := func(why error) error {
		if b.opened || offset == 0 {
			return why
		}
		return fmt.Errorf("%w: %w", errRestart, why)
	}
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusPartialContent:
		var start, end, size int64
		if n, _ := fmt.Sscanf(res.Header.Get("Content-Range"), "bytes %d-%d/%d", &start, &end, &size); n != 3 || start != offset || offset == 0 {
			return restart(fmt.Errorf("%s of %q", res.Status, res.Header.Get("Content-Range")))
		}
		if f := fingerprint(res.Header); f != "" && f != b.validator {
			return restart(ErrChanged)
		}
		return b.describe(res, size)
	case http.StatusRequestedRangeNotSatisfiable:
		return restart(ErrChanged)
	case http.StatusNotModified:
		if b.request.Fingerprint != "" && !b.opened {
			return ErrUnchanged
		}
		return errors.New(res.Status)
	case http.StatusNotFound, http.StatusGone:
		return fmt.Errorf("%s: %w", res.Status, fs.ErrNotExist)
	default:
		return &StatusError{res.StatusCode, res.Status}
	}
	if !b.opened { // all of it comes
		b.reader.Offset, b.validator = 0, ""
		return b.describe(res, res.ContentLength)
	}
	if fingerprint(res.Header) != b.validator {
		return ErrChanged
	}
	if _, err := io.CopyN(io.Discard, res.Body, offset); err == io.EOF {
		return io.ErrUnexpectedEOF
	} else if err != nil {
		return err
	}
	return b.describe(res, res.ContentLength)
}

// describe sets the fields of b from a response.
func (b *Body) describe(res *http.Response, size int64) error {
	h := res.Header
	if size > b.limit {
		return fmt.Errorf("body of %d bytes: %w", size, ErrTooLarge)
	}
	if t := mediaType(h.Get("Content-Type")); !isData(t) && !(b.request.Page && t == "text/html") {
		return fmt.Errorf("%w: content type %.40q", ErrNotData, b.secrets.Text(t))
	}
	b.Size, b.reader.End = size, size
	if f := fingerprint(h); f != "" {
		b.validator = f
	}
	b.Fingerprint, b.reader.Once = b.validator, b.validator == ""
	if t, err := http.ParseTime(h.Get("Last-Modified")); err == nil {
		b.Modified = t.UTC()
	}
	return nil
}
