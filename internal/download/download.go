// Package download reads bodies from HTTP servers that misbehave: it tries again, waits as long as it is asked to, goes on
// where a connection broke, and gives up in bounded time and space.
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

	"github.com/hullmark/hullmark/internal/limit"
)

// Errors that errors.Is finds in what requests and bodies return. A status of 404 or 410 is fs.ErrNotExist.
var (
	ErrUnchanged = errors.New("unchanged")               // what Request.Fingerprint names is still there
	ErrTooLarge  = limit.ErrExceeded                     // a body exceeds Client.Limit
	ErrNotData   = errors.New("a page of HTML, no data") // what servers send instead of data
	ErrChanged   = errors.New("changed while it was read")
	errStalled   = errors.New("stalled")
	errRedirects = errors.New("stopped after 10 redirects")
)

// A Client says how to ask. A field that is zero has the stated default.
type Client struct {
	HTTP     *http.Client  // http.DefaultClient
	Limit    int64         // bytes of a body: 2 GiB
	Attempts int           // requests in a row that bring nothing: 5
	Pause    time.Duration // before the second of them, and twice as long before each one after: 1 s
	Patience time.Duration // longest time that Retry-After may ask for: 2 min
	Stall    time.Duration // without any byte: 1 min
}

func (c Client) withDefaults() Client {
	if c.HTTP == nil {
		c.HTTP = http.DefaultClient
	}
	if c.HTTP.CheckRedirect == nil {
		h := *c.HTTP
		h.CheckRedirect = func(_ *http.Request, via []*http.Request) error {
			if len(via) >= 10 {
				return errRedirects
			}
			return nil
		}
		c.HTTP = &h
	}
	if c.Limit == 0 {
		c.Limit = 2 << 30
	}
	if c.Attempts == 0 {
		c.Attempts = 5
	}
	for _, d := range []struct {
		v  *time.Duration
		to time.Duration
	}{{&c.Pause, time.Second}, {&c.Patience, 2 * time.Minute}, {&c.Stall, time.Minute}} {
		if *d.v == 0 {
			*d.v = d.to
		}
	}
	return c
}

// A Request says what to get.
type Request struct {
	URL         string
	Fingerprint string // of a former state, see Body.Fingerprint: get it only if it is another now
	Offset      int64  // bytes of a former attempt that need not be sent again,
	Validator   string // if this is still the body's fingerprint
	Plain       bool   // as it is, not compressed by the server
}

// Open sends the request until a body comes. Its errors name the URL.
func (c Client) Open(ctx context.Context, req Request) (*Body, error) {
	u, err := url.Parse(req.URL)
	if err != nil {
		return nil, errors.New("malformed URL") // what is wrong with it may be a password
	}
	b := &Body{URL: u.Redacted(), Size: -1, ctx: ctx, c: c.withDefaults(), req: req, fingerprint: req.Fingerprint}
	b.at, b.validator = req.Offset, req.Validator
	if b.validator == "" {
		b.at = 0
	}
	if err := b.connect(true); err != nil {
		return nil, fmt.Errorf("%s: %w", b.URL, err)
	}
	b.Offset = b.at
	return b, nil
}

// A Body is read as one stream, whatever happens to connections.
type Body struct {
	URL         string    // without a password
	Fingerprint string    // what tells this state from another: an ETag, or else a Last-Modified, "" if there is neither
	Modified    time.Time // Last-Modified, if any
	Size        int64     // in bytes, as sent, with those before Offset; -1 where unknown
	Offset      int64     // at which reading begins: that of the request, or 0

	ctx         context.Context
	c           Client
	req         Request
	fingerprint string // that makes the request conditional
	validator   string // of what has been read
	at          int64
	res         *http.Response
	cancel      context.CancelFunc
	watch       *time.Timer
	failures    int   // in a row
	progress    int64 // where the last one was
}

// Close ends reading.
func (b *Body) Close() error {
	b.hangUp()
	return nil
}

func (b *Body) hangUp() {
	if b.res != nil {
		b.watch.Stop()
		b.cancel()
		b.res.Body.Close()
		b.res = nil
	}
}

// enough is how many bytes a connection must bring to be no failure. One that brings a few each time would go on for ever.
const enough = 1 << 20

// Read implements io.Reader. After a broken connection it goes on in a new one, if the server can do that.
func (b *Body) Read(p []byte) (int, error) {
	for {
		if b.res == nil {
			return 0, io.EOF
		}
		if int64(len(p)) > b.c.Limit-b.at+1 {
			p = p[:b.c.Limit-b.at+1]
		}
		b.watch.Reset(b.c.Stall)
		n, err := b.res.Body.Read(p)
		if b.at += int64(n); b.at > b.c.Limit {
			b.hangUp()
			return 0, fmt.Errorf("%w: body of more than %d bytes", ErrTooLarge, b.c.Limit)
		}
		switch {
		case err == nil:
			return n, nil
		case err == io.EOF && (b.Size < 0 || b.at == b.Size):
			b.hangUp()
			return n, io.EOF
		case err == io.EOF:
			err = io.ErrUnexpectedEOF
		}
		err = b.reason(err)
		b.hangUp()
		if b.ctx.Err() != nil || b.validator == "" {
			return n, err
		}
		if b.at-b.progress >= enough {
			b.failures = 0
		}
		b.progress = b.at
		if err := b.again(err, 0); err != nil {
			return n, err
		}
		if err := b.connect(false); err != nil {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
	}
}

// reason tells a stall from a cancellation: the context of a connection ends for both.
func (b *Body) reason(err error) error {
	if b.ctx.Err() != nil {
		return b.ctx.Err()
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w: no byte in %v", errStalled, b.c.Stall)
	}
	return err
}

// again waits before the next attempt after a failure, for as long as the server asks or longer. It returns why where
// there is none.
func (b *Body) again(why error, asked time.Duration) error {
	if asked > b.c.Patience {
		return fmt.Errorf("%w; try again in %v", why, asked.Round(time.Second))
	}
	if b.failures++; b.failures >= b.c.Attempts {
		if b.c.Attempts > 1 {
			why = fmt.Errorf("%w (tried %d times)", why, b.failures)
		}
		return why
	}
	pause := b.c.Pause << min(b.failures-1, 10)
	select {
	case <-time.After(max(asked, min(pause, b.c.Patience))):
		return nil
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
}

// connect sends requests until one brings a body that goes on at b.at. The first one may also make a new start.
func (b *Body) connect(first bool) error {
	for {
		asked, err := b.send(first)
		if err == nil {
			return nil
		}
		b.hangUp()
		var p permanent
		if b.ctx.Err() != nil {
			return b.ctx.Err()
		} else if errors.As(err, &p) {
			return p.error
		}
		if err := b.again(err, asked); err != nil {
			return err
		}
	}
}

// permanent is an error that another attempt would not change.
type permanent struct{ error }

func (b *Body) newRequest(ctx context.Context) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.req.URL, nil)
	if err != nil {
		return nil, permanent{errors.New("malformed URL")}
	}
	if r.URL.Scheme != "http" && r.URL.Scheme != "https" {
		return nil, permanent{fmt.Errorf("unsupported scheme %q", r.URL.Scheme)}
	}
	r.Header.Set("User-Agent", "hullmark")
	// Said here, it is not taken back by the transport: bytes are counted, and asked for, as they are sent.
	r.Header.Set("Accept-Encoding", "identity")
	if !b.req.Plain {
		r.Header.Set("Accept-Encoding", "gzip")
	}
	if f := b.fingerprint; isTag(f) {
		r.Header.Set("If-None-Match", f)
	} else if f != "" {
		r.Header.Set("If-Modified-Since", f)
	}
	if b.at > 0 {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", b.at))
		if !strings.HasPrefix(b.validator, "W/") {
			r.Header.Set("If-Range", b.validator)
		}
	}
	return r, nil
}

func isTag(f string) bool { return strings.HasPrefix(f, `"`) || strings.HasPrefix(f, "W/") }

// send sends one request. The duration is how long to wait before the next one.
func (b *Body) send(first bool) (time.Duration, error) {
	ctx, cancel := context.WithCancel(b.ctx)
	r, err := b.newRequest(ctx)
	if err != nil {
		cancel()
		return 0, err
	}
	watch := time.AfterFunc(b.c.Stall, cancel)
	res, err := b.c.HTTP.Do(r)
	if err != nil {
		watch.Stop()
		cancel()
		var u *url.Error // which names the place that was redirected to
		if errors.As(err, &u) {
			err = u.Err
		}
		if errors.Is(err, io.EOF) { // where a header should be
			err = io.ErrUnexpectedEOF
		}
		if isPermanent(err) {
			return 0, permanent{err}
		}
		return 0, b.reason(err)
	}
	b.res, b.cancel, b.watch = res, cancel, watch
	return b.answer(first)
}

// answer judges the status and the header of a response.
func (b *Body) answer(first bool) (time.Duration, error) {
	res := b.res
	status := errors.New(res.Status)
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusPartialContent:
		var start, end, size int64
		if n, _ := fmt.Sscanf(res.Header.Get("Content-Range"), "bytes %d-%d/%d", &start, &end, &size); n != 3 || start != b.at || b.at == 0 {
			return 0, b.restart(first, fmt.Errorf("%s of %q", res.Status, res.Header.Get("Content-Range")))
		}
		if f := fingerprint(res.Header); f != "" && f != b.validator {
			return 0, b.restart(first, ErrChanged)
		}
		return 0, b.accept(size)
	case http.StatusRequestedRangeNotSatisfiable:
		return 0, b.restart(first, ErrChanged)
	case http.StatusNotModified:
		if b.fingerprint != "" {
			return 0, permanent{ErrUnchanged}
		}
		return 0, permanent{status}
	case http.StatusNotFound, http.StatusGone:
		return 0, permanent{fmt.Errorf("%s: %w", res.Status, fs.ErrNotExist)}
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return retryAfter(res.Header.Get("Retry-After")), status
	default:
		return 0, permanent{status}
	}
	if b.at > 0 { // all of it comes again, of the same state or of another
		if !first && fingerprint(res.Header) != b.validator {
			return 0, permanent{ErrChanged}
		}
		if !first {
			if _, err := io.CopyN(io.Discard, watched{b}, b.at); err != nil {
				return 0, b.reason(err)
			}
		} else {
			b.at = 0
		}
	}
	return 0, b.accept(res.ContentLength)
}

// watched reads the response, and starts the watch again for each read.
type watched struct{ b *Body }

func (w watched) Read(p []byte) (int, error) {
	w.b.watch.Reset(w.b.c.Stall)
	return w.b.res.Body.Read(p)
}

// restart gives up what has been read, where nobody has seen it yet.
func (b *Body) restart(first bool, why error) error {
	if !first || b.at == 0 {
		return permanent{why}
	}
	b.at, b.validator = 0, ""
	return why
}

// accept takes over what a response says of itself.
func (b *Body) accept(size int64) error {
	h := b.res.Header
	if t := mediaType(h.Get("Content-Type")); size > b.c.Limit {
		return permanent{fmt.Errorf("%w: body of %d bytes", ErrTooLarge, size)}
	} else if !isData(t) {
		return permanent{fmt.Errorf("%w: content type %.40q", ErrNotData, t)}
	}
	b.Size, b.validator, b.fingerprint = size, fingerprint(h), ""
	b.Fingerprint = b.validator
	if t, err := http.ParseTime(h.Get("Last-Modified")); err == nil {
		b.Modified = t.UTC()
	}
	return nil
}

func fingerprint(h http.Header) string {
	if tag := h.Get("ETag"); isTag(tag) {
		return tag
	}
	if m := h.Get("Last-Modified"); m != "" {
		if _, err := http.ParseTime(m); err == nil {
			return m
		}
	}
	return ""
}
