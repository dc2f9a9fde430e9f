package httpretry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	defaultStall = time.Minute

	// minProgress is the least number of bytes that a server must send in the time of a stall.
	minProgress = 64 << 10
)

// A StallError reports that a server sent less than 64 KiB while a reader waited for After. It is a net.Error: a timeout.
type StallError struct {
	After  time.Duration
	Silent bool // the server sent nothing at all
}

func (e *StallError) Error() string {
	if e.Silent {
		return fmt.Sprintf("stalled: sent nothing for %v", e.After)
	}
	return fmt.Sprintf("stalled: less than %d KiB in %v", minProgress>>10, e.After)
}

func (e *StallError) Timeout() bool   { return true }
func (e *StallError) Temporary() bool { return true }

// send sends one request. It gives up a server that stalls before it answers or while its answer is read; the time between two
// reads does not count.
func (t *Transport) send(req *http.Request) (*http.Response, error) {
	limit := t.Stall
	if limit <= 0 {
		limit = defaultStall
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	b := &stallBody{ctx: ctx, cancel: cancel, limit: limit}
	b.silent.Store(true)
	b.timer = time.AfterFunc(limit, b.stalled)
	res, err := t.Base.RoundTrip(req.WithContext(ctx))
	b.timer.Stop()
	if err != nil {
		err = b.explain(err)
		cancel(nil)
		return nil, err
	}
	b.ReadCloser, res.Body = res.Body, b
	return res, nil
}

// A stallBody is a body that must keep coming.
type stallBody struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	limit  time.Duration
	timer  *time.Timer
	waited time.Duration // for the bytes in got
	got    int
	silent atomic.Bool // got is 0
}

func (b *stallBody) stalled() { b.cancel(&StallError{b.limit, b.silent.Load()}) }

// Read implements io.Reader.
func (b *stallBody) Read(p []byte) (int, error) {
	start := time.Now()
	b.timer.Reset(max(b.limit-b.waited, 0))
	n, err := b.ReadCloser.Read(p)
	b.timer.Stop()
	b.waited += time.Since(start)
	if b.got += n; b.got >= minProgress {
		b.got, b.waited = 0, 0
	}
	b.silent.Store(b.got == 0)
	if err != nil && err != io.EOF {
		err = b.explain(err)
	}
	return n, err
}

// Close implements io.Closer.
func (b *stallBody) Close() error {
	b.timer.Stop()
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}

// explain returns the StallError if the request was given up for one, else err.
func (b *stallBody) explain(err error) error {
	var stall *StallError
	if errors.As(context.Cause(b.ctx), &stall) {
		return stall
	}
	return err
}
