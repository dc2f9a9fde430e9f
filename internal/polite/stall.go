package polite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	defaultStall = time.Minute

	// enough is how many bytes a server must send for its time to be counted anew.
	enough = 64 << 10
)

// A StallError says that a server sent nothing, or next to nothing, for too long. It is a net.Error: a timeout.
type StallError struct{ After time.Duration }

func (e *StallError) Error() string {
	return fmt.Sprintf("it sent less than %d KiB in %v", enough>>10, e.After)
}

func (e *StallError) Timeout() bool   { return true }
func (e *StallError) Temporary() bool { return true }

// send sends one request, and gives it up where the server stalls: before it answers, and while its answer is read. What
// counts is the time in which somebody waits for it.
func (t *Transport) send(req *http.Request) (*http.Response, error) {
	limit := t.Stall
	if limit <= 0 {
		limit = defaultStall
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	b := &stallBody{ctx: ctx, cancel: cancel, limit: limit}
	b.timer = time.AfterFunc(limit, b.stalled)
	res, err := t.inner.RoundTrip(req.WithContext(ctx))
	b.timer.Stop()
	if err != nil {
		err = b.explain(err)
		cancel(nil)
		return nil, err
	}
	b.ReadCloser, res.Body = res.Body, b
	return res, nil
}

// A stallBody is an answer that must keep coming.
type stallBody struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	limit  time.Duration
	timer  *time.Timer
	waited time.Duration // since the bytes are counted
	got    int
}

func (b *stallBody) stalled() { b.cancel(&StallError{b.limit}) }

// Read implements io.Reader.
func (b *stallBody) Read(p []byte) (int, error) {
	start := time.Now()
	b.timer.Reset(max(b.limit-b.waited, 0))
	n, err := b.ReadCloser.Read(p)
	b.timer.Stop()
	b.waited += time.Since(start)
	if b.got += n; b.got >= enough {
		b.got, b.waited = 0, 0
	}
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

// explain returns why the request was given up, where that was for the server's stalling, else err.
func (b *stallBody) explain(err error) error {
	var stall *StallError
	if errors.As(context.Cause(b.ctx), &stall) {
		return stall
	}
	return err
}
