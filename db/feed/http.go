package feed

import (
	"context"
	"net/http"
	"time"

	"github.com/hullmark/hullmark/internal/download"
)

// Errors that errors.Is finds in what fetching, opening and reading returns. What a server does not have is fs.ErrNotExist.
var (
	ErrTooLarge  = download.ErrTooLarge  // a limit is exceeded
	ErrNotData   = download.ErrNotData   // a page of HTML, which servers send instead of data
	ErrUnchanged = download.ErrUnchanged // the former state is still the present one
)

// Patience says how to deal with servers that are slow, busy or broken. A field that is zero has the stated default.
type Patience struct {
	Attempts   int           // requests in a row that bring nothing, before it is given up: 5
	Pause      time.Duration // before the second of them, and twice as long before each one after: 1 s
	RetryAfter time.Duration // longest pause that a server may ask for: 2 min
	Stall      time.Duration // without any byte, before a connection is given up: 1 min
}

func newClient(client *http.Client, limits Limits) download.Client {
	p := limits.Patience
	return download.Client{
		HTTP: client, Limit: limits.Download, Attempts: p.Attempts, Pause: p.Pause, Patience: p.RetryAfter, Stall: p.Stall,
	}
}

// get sends the request and leaves the body in d.
func (d *Data) get(ctx context.Context, client *http.Client) error {
	b, err := newClient(client, d.limits).Open(ctx, download.Request{URL: d.Location})
	if err != nil {
		return err
	}
	d.body, d.URL, d.Size, d.Fingerprint, d.Modified = b, b.URL, b.Size, b.Fingerprint, b.Modified
	return nil
}
