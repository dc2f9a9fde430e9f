package httpretry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"
)

// minResume is how many bytes a connection must bring for the attempts to be counted anew. A server that sends a few bytes each
// time would keep a reader busy for ever.
const minResume = 1 << 20

// A Reader reads a body as one stream. Where a connection breaks it opens another one from there on, unless Once is set. Close
// ends a Read that waits.
type Reader struct {
	// Open opens the body from an offset on. If it cannot go on where another connection ended, its error wraps
	// errors.ErrUnsupported, and Read returns why that connection broke.
	Open    func(ctx context.Context, offset int64) (io.ReadCloser, error)
	Policy  Policy
	Offset  int64                                   // where to read next
	Once    bool                                    // no connection after the first
	End     int64                                   // offset after the last byte; negative if it is not known
	Notify  func(pause time.Duration, reason error) // called before a pause; may be nil
	Explain func(err error) error                   // makes an error that Read returns; may be nil

	ctx    context.Context
	cancel context.CancelFunc
	mu     sync.Mutex // held by Read, for which Close waits
	body   io.ReadCloser
	loop   loop
	mark   int64 // offset of the last broken connection
	err    error // of all further reads
}

// Connect opens the body for the first time. The end of ctx ends reading.
func (r *Reader) Connect(ctx context.Context) error {
	r.ctx, r.cancel = context.WithCancel(ctx)
	r.loop.policy = r.Policy.withDefaults()
	body, err := r.Open(r.ctx, r.Offset)
	if err != nil {
		r.cancel()
		return err
	}
	r.body, r.mark = body, r.Offset
	return nil
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.err == nil {
		n, err := r.read(p)
		if err != nil && err != io.EOF {
			if err = r.resume(err); err != nil && r.Explain != nil {
				err = r.Explain(err)
			}
		}
		r.err = err
		if n > 0 || len(p) == 0 {
			return n, nil
		}
	}
	return 0, r.err
}

func (r *Reader) read(p []byte) (int, error) {
	if r.End >= 0 {
		p = p[:min(int64(len(p)), r.End-r.Offset+1)]
	}
	n, err := r.body.Read(p)
	r.Offset += int64(n)
	switch {
	case r.End < 0:
	case r.Offset > r.End:
		return 0, errTooLong
	case r.Offset == r.End && err != nil:
		err = io.EOF // however the connection ended, all of the body came
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

var errTooLong = errors.New("the server sent more bytes than announced")

// resume opens another connection after err broke the last one. It returns the error of reading if that fails.
func (r *Reader) resume(err error) error {
	r.body.Close()
	r.body = nil
	if r.Offset-r.mark >= minResume {
		r.loop.attempts, r.mark = 0, r.Offset
	}
	for err != errTooLong && !r.Once {
		if r.ctx.Err() != nil {
			return r.ctx.Err()
		}
		pause, ok := r.loop.next(r.ctx, 0)
		if !ok {
			err = &attemptsError{err, r.loop.attempts}
			break
		}
		if r.Notify != nil {
			r.Notify(pause, err)
		}
		if err := sleep(r.ctx, pause); err != nil {
			return err
		}
		body, failed := r.Open(r.ctx, r.Offset)
		switch {
		case failed == nil:
			r.body = body
			return nil
		case errors.Is(failed, errors.ErrUnsupported):
			return err
		case !r.Policy.transient(failed):
			return failed
		}
		err = failed
	}
	return fmt.Errorf("offset %d: %w", r.Offset, err)
}

// Close implements io.Closer.
func (r *Reader) Close() error {
	r.cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = fs.ErrClosed
	}
	if r.body == nil {
		return nil
	}
	body := r.body
	r.body = nil
	return body.Close()
}
