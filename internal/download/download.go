// Package download reads bodies from HTTP servers as package httpretry does, and deals with what feeds need besides: conditional
// requests, downloads that a former attempt began, and servers that send something else than data.
package download

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/hullmark/hullmark/internal/credmask"
	"github.com/hullmark/hullmark/internal/httpretry"
	"github.com/hullmark/hullmark/internal/limit"
)

// Errors that errors.Is finds in the errors of requests and bodies. A status of 404 or 410 is fs.ErrNotExist.
var (
	ErrUnchanged = errors.New("unchanged") // the state of Request.Fingerprint is the present one
	ErrTooLarge  = limit.ErrExceeded       // a body exceeds Client.Limit
	ErrNotData   = errors.New("a web page or a picture, not data")
	ErrChanged   = errors.New("changed while it was read")
)

// A Client says how to send requests. A field that is zero has the stated default.
type Client struct {
	HTTP   *http.Client                            // http.DefaultClient; its CheckRedirect is used if set
	Limit  int64                                   // bytes of a body: 2 GiB
	Policy httpretry.Policy                        // for requests and broken connections
	Stall  time.Duration                           // see httpretry.StallError: 1 min
	Notify func(pause time.Duration, reason error) // called before a pause; may be nil

	// Secrets gets the credentials of all requests, those of redirects too. Documents may repeat them, so errors about a document
	// should go through it. With nil each body has its own.
	Secrets *credmask.Masker
}

// A Request says what to get.
type Request struct {
	URL         string
	Fingerprint string // fingerprint of a former state, see Body.Fingerprint: the error is ErrUnchanged if it is still the present one
	Offset      int64  // bytes of a former attempt, which are not sent again
	Validator   string // if this is still the body's fingerprint
	Plain       bool   // not compressed by the server
	Page        bool   // it may be a web page, such as the list of a directory
}

// Open sends the request until a body comes. Its errors name the URL, and neither they nor those of the body have credentials
// in their text.
func (c Client) Open(ctx context.Context, req Request) (*Body, error) {
	u, err := url.Parse(req.URL)
	if err != nil {
		return nil, errors.New("malformed URL") // its text may have a password
	}
	b := &Body{URL: u.Redacted(), Size: -1, limit: cmp.Or(c.Limit, 2<<30), request: req, secrets: c.Secrets}
	if b.secrets == nil {
		b.secrets = new(credmask.Masker)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, b.secrets.Errorf("%s: unsupported scheme", b.URL)
	}
	b.client = c.client(u, b.secrets)
	b.reader.Open, b.reader.Policy, b.reader.Explain, b.reader.End = b.open, c.Policy, b.secrets.Error, -1
	if c.Notify != nil {
		b.reader.Notify = func(pause time.Duration, reason error) { c.Notify(pause, b.secrets.Error(reason)) }
	}
	if req.Validator != "" {
		b.reader.Offset, b.validator = req.Offset, req.Validator
	}
	if err := b.connect(ctx); err != nil {
		return nil, b.secrets.Errorf("%s: %w", b.URL, err)
	}
	return b, nil
}

// client returns a client that sends requests through a transport of package httpretry.
func (c Client) client(u *url.URL, secrets *credmask.Masker) *http.Client {
	h := *http.DefaultClient
	if c.HTTP != nil {
		h = *c.HTTP
	}
	t := &httpretry.Transport{
		Base: h.Transport, Policy: c.Policy, Stall: c.Stall, PlainHTTP: u.Scheme == "http", Secrets: secrets,
		Notify: func(_ *http.Request, pause time.Duration, reason error) {
			if c.Notify != nil && reason != nil {
				c.Notify(pause, reason)
			}
		},
	}
	if t.Base == nil {
		t.Base = http.DefaultTransport
	}
	h.Transport = t
	if h.CheckRedirect == nil {
		h.CheckRedirect = t.CheckRedirect
	}
	return &h
}
