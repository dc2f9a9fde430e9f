// Package polite speaks with registries: it repeats requests that fail for a moment, waits as long as it is asked to, follows
// redirections only where that is safe, and keeps secrets out of errors.
package polite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

const (
	MaxTries = 5                      // of one request, and of resuming a blob without progress
	firstGap = 200 * time.Millisecond // between the first two tries; each further gap is twice as long
	maxGap   = 2 * time.Minute        // that a registry may ask for

	maxAnswer = 32 << 10 // bytes that are read of an error, or of the answer to a question whether a registry is there
)

// A RateLimitError says that a registry wants to be left alone for longer than anybody waits for an image.
type RateLimitError struct{ Wait time.Duration }

func (e *RateLimitError) Error() string {
	return fmt.Sprintf("it allows no further requests for %v", e.Wait.Round(time.Second))
}

// A Transport repeats requests to a registry that fail for a moment, and waits as long as the registry asks. It
// speaks plain HTTP only where that is allowed, whatever a redirection says.
type Transport struct {
	inner    http.RoundTripper
	own      *http.Transport // inner, if it was made here
	insecure bool
	Secrets  *Secrets // what requests carried

	// Stall is for how long a server may send less than 64 KiB while somebody waits for it; 0 means a minute.
	Stall time.Duration
}

// NewTransport returns a transport over inner; nil means one like http.DefaultTransport. It is to be closed.
func NewTransport(inner http.RoundTripper, insecure bool) *Transport {
	t := &Transport{inner: inner, insecure: insecure, Secrets: new(Secrets)}
	if inner == nil {
		t.own = &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: 8,
			IdleConnTimeout:     90 * time.Second,
			TLSHandshakeTimeout: 10 * time.Second,
			DisableCompression:  true, // a digest is of the bytes as they are kept
		}
		t.inner = t.own
	}
	return t
}

// Close ends connections that were kept for further requests.
func (t *Transport) Close() {
	if t.own != nil {
		t.own.CloseIdleConnections()
	}
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !t.insecure {
		return nil, fmt.Errorf("%s: plain HTTP is spoken only to registries that are named as insecure", req.URL.Host)
	}
	t.Secrets.addHeader(req.Header.Get("Authorization"))
	repeatable := req.Method == http.MethodGet || req.Method == http.MethodHead
	for try := 1; ; try++ {
		res, err := t.send(req)
		if err == nil && (res.StatusCode >= 400 || req.URL.Path == "/v2/") {
			res.Body = &cutBody{io.LimitReader(res.Body, maxAnswer), res.Body}
		}
		if !repeatable || try == MaxTries || req.Context().Err() != nil {
			return res, err
		}
		gap := Gap(try)
		if err != nil {
			if !Passing(err) {
				return nil, err
			}
		} else {
			if !busy(res.StatusCode) {
				return res, nil
			}
			if wanted, ok := retryAfter(res.Header, time.Now()); ok {
				if wanted > maxGap {
					return nil, errors.Join(&RateLimitError{Wait: wanted}, res.Body.Close())
				}
				gap = max(gap, wanted)
			}
		}
		if deadline, ok := req.Context().Deadline(); ok && time.Until(deadline) < gap {
			return res, err
		}
		if res != nil {
			io.Copy(io.Discard, res.Body) // so that the connection can be used again; it is cut
			res.Body.Close()
		}
		if err := Sleep(req.Context(), gap); err != nil {
			return nil, err
		}
	}
}

// A cutBody is a body of which only the beginning is read.
type cutBody struct {
	io.Reader
	io.Closer
}

// Again calls f until it succeeds, fails for good, or has been called MaxTries times. Unlike Transport it covers the
// reading of what is answered.
func Again(ctx context.Context, f func() error) error {
	for try := 1; ; try++ {
		err := f()
		if err == nil || !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.ECONNRESET) || try == MaxTries || ctx.Err() != nil {
			return err
		}
		if err := Sleep(ctx, Gap(try)); err != nil {
			return err
		}
	}
}

// Gap returns how long to wait after so many tries, spread so that many clients do not come back together.
func Gap(tries int) time.Duration {
	gap := firstGap << (tries - 1)
	return gap - gap/4 + rand.N(gap/2)
}

// Sleep waits for d, or until ctx is done.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// busy reports whether a status says that the same request may succeed later.
func busy(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// Passing reports whether an error of a connection may be gone at the next try. That nobody listens is not of that kind.
func Passing(err error) bool {
	var network net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || errors.As(err, &network) && network.Timeout()
}

// retryAfter reads the header Retry-After of RFC 9110, section 10.2.3: seconds or a date.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	s := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(s, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(s); err == nil {
		return at.Sub(now), true
	}
	return 0, false
}
