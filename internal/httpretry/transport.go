// Package httpretry sends HTTP requests to servers that are busy, slow or broken for a moment. It repeats requests that may be
// repeated, waits as long as Retry-After says, gives up servers that stall, and goes on reading where a connection broke.
package httpretry

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/hullmark/hullmark/internal/credmask"
)

// maxAnswer is the most bytes that are read of the body of an error.
const maxAnswer = 32 << 10

// A Transport sends requests through Base. It repeats GET and HEAD requests according to Policy, and returns the last response
// or error if all attempts fail. An error is as Base returns it: http.Client looks at its type. Callers pass errors through
// Secrets, which learns the credentials of every request.
type Transport struct {
	Base      http.RoundTripper
	Policy    Policy
	Stall     time.Duration // see StallError; 0 means a minute
	PlainHTTP bool          // requests may be sent without TLS
	Secrets   *credmask.Masker

	// Notify, if not nil, is called before each attempt, and with the reason before each pause. The reason has no credentials.
	Notify func(req *http.Request, pause time.Duration, reason error)
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !t.PlainHTTP {
		return nil, fmt.Errorf("%s: plain HTTP is not allowed", req.URL.Host)
	}
	t.Secrets.Request(req)
	ctx := req.Context()
	for l := (loop{policy: t.Policy.withDefaults()}); ; {
		t.notify(req, 0, nil)
		res, err := t.send(req)
		if err != nil && !l.policy.transient(err) {
			return nil, err
		}
		var asked time.Duration
		if err == nil {
			if res.StatusCode >= 400 {
				res.Body = &limitedBody{io.LimitReader(res.Body, maxAnswer), res.Body}
			}
			if !busy(res) {
				return res, nil
			}
			asked = RetryAfter(res.Header, time.Now())
		}
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			return res, err
		}
		if asked > l.policy.MaxWait {
			return nil, errors.Join(&RateLimitError{req.URL.Host, asked}, res.Body.Close())
		}
		pause, ok := l.next(ctx, asked)
		switch {
		case !ok && ctx.Err() != nil:
			if err == nil {
				res.Body.Close()
			}
			return nil, ctx.Err()
		case !ok && errors.Is(err, io.EOF): // instead of a header
			return nil, &attemptsError{io.ErrUnexpectedEOF, l.attempts}
		case !ok && err != nil:
			return nil, &attemptsError{err, l.attempts}
		case !ok:
			res.Status += tried(l.attempts)
			return res, nil
		case err == nil:
			err = errors.New(res.Status)
			io.Copy(io.Discard, res.Body) // so that the connection can be used again; it is limited
			res.Body.Close()
		}
		t.notify(req, pause, err)
		if err := sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

func (t *Transport) notify(req *http.Request, pause time.Duration, reason error) {
	if t.Notify != nil {
		t.Notify(req, pause, t.Secrets.Error(reason))
	}
}

// A limitedBody is the beginning of a body.
type limitedBody struct {
	io.Reader
	io.Closer
}
