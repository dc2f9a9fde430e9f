package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hullmark/hullmark/internal/httpretry"
	"github.com/hullmark/hullmark/internal/terminal"
)

const (
	maxAnswer  = 64 << 10 // bytes of a response that are read
	maxExcerpt = 200      // characters of a response that an error has
)

// An outcome is the result of one attempt.
type outcome struct {
	status int           // 0 without an answer
	asked  time.Duration // the Retry-After of the answer
	err    error         // nil after an answer of 2xx
	local  bool          // nothing was sent
}

// attempt sends a delivery and stores the result. It returns a pause if the receiver needs one, and gone if it wants no further messages.
func (s *Sender) attempt(ctx context.Context, sub *Subscription, d *Delivery) (pause time.Duration, gone bool, err error) {
	o := s.send(ctx, sub, d)
	if err := ctx.Err(); err != nil && o.err != nil {
		return 0, false, err // the caller gave up, so the attempt does not count
	}
	// What happened is stored even if the caller gives up now.
	ctx = context.WithoutCancel(ctx)
	now := s.now()
	d.Attempts++
	d.Status, d.Error = o.status, ""
	gone = o.status == http.StatusGone
	switch {
	case o.err == nil:
		d.State = Sent
	case gone:
		if s.Disable != nil {
			if err := s.Disable(ctx, sub.ID); err != nil {
				return 0, false, err
			}
		}
		d.State = Dead
	default:
		o.asked = min(o.asked, maxAsked)
		wait, more := s.pause(d.Attempts)
		if !more {
			d.State, wait = Dead, maxHold
		}
		wait = max(wait, o.asked)
		d.Next = now.Add(wait)
		if o.throttles() {
			pause = max(o.asked, min(wait, maxHold), time.Second)
		}
	}
	if o.err != nil {
		d.Error = show(o.err.Error(), 2*maxExcerpt)
	}
	if err := s.Outbox.Save(ctx, *d); err != nil {
		return 0, false, err
	}
	s.done(*d)
	return pause, gone, nil
}

// throttles reports whether the failure is about the receiver and not about the message, so that others would fail, too.
func (o *outcome) throttles() bool {
	switch o.status {
	case 0, http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return !o.local
	}
	return false
}

// send makes the body of a delivery and sends it once.
func (s *Sender) send(ctx context.Context, sub *Subscription, d *Delivery) outcome {
	format := sub.Format
	if format == nil {
		format = JSON
	}
	body, err := format(d)
	if err != nil {
		return outcome{err: fmt.Errorf("webhook: body: %w", err), local: true}
	}
	attempt, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	if sub.Deliver != nil {
		return outcome{err: sub.Deliver(attempt, d.ID, body)}
	}
	req, err := s.request(attempt, sub, d.ID, body)
	if err != nil {
		return outcome{err: err, local: true}
	}
	res, err := s.client(sub).Do(req)
	if err != nil {
		if attempt.Err() != nil && ctx.Err() == nil {
			err = fmt.Errorf("no answer in %v", s.timeout())
		}
		return outcome{err: cause(err)}
	}
	defer res.Body.Close()
	answer := io.LimitReader(res.Body, maxAnswer)
	excerpt, _ := io.ReadAll(io.LimitReader(answer, 4*maxExcerpt))
	_, _ = io.Copy(io.Discard, answer) // so that the connection can be used again
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return outcome{status: res.StatusCode}
	}
	o := outcome{status: res.StatusCode, asked: httpretry.RetryAfter(res.Header, s.now())}
	text := fmt.Sprintf("webhook: status %d", res.StatusCode)
	if why := show(strings.TrimSpace(string(excerpt)), maxExcerpt); why != "" {
		text += ": " + why
	}
	o.err = errors.New(text)
	return o
}

// request returns the signed request of a delivery.
func (s *Sender) request(ctx context.Context, sub *Subscription, id string, body *Body) (*http.Request, error) {
	method := body.Method
	if method == "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.ReplaceAll(sub.URL, "{id}", id), bytes.NewReader(body.Content))
	if err != nil || req.URL.Host == "" || req.URL.Scheme != "http" && req.URL.Scheme != "https" {
		return nil, errors.New("webhook: the URL of the subscription is not valid")
	}
	for name, values := range body.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	req.Header.Set("Content-Type", body.ContentType)
	req.Header.Set("User-Agent", "hullmark")
	switch {
	case sub.Bearer != "":
		req.Header.Set("Authorization", "Bearer "+sub.Bearer)
	case sub.User != "" || sub.Password != "":
		req.SetBasicAuth(sub.User, sub.Password)
	}
	return req, sign(req.Header, id, s.now(), body.Content, sub.Secrets)
}

// client returns the client of a subscription, which follows no redirects and keeps no cookies.
func (s *Sender) client(sub *Subscription) *http.Client {
	c := sub.Client
	if c == nil {
		c = s.Client
	}
	if c == nil {
		s.once.Do(func() { s.public = NewClient() })
		c = s.public
	}
	return &http.Client{Transport: c.Transport, Timeout: c.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// cause returns an error of a client without the URL, which may contain a token, and without addresses.
func cause(err error) error {
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	var lookup *net.DNSError
	var connection *net.OpError
	switch {
	case errors.As(err, &lookup):
		return errors.New("webhook: lookup: " + lookup.Err)
	case errors.As(err, &connection):
		return fmt.Errorf("webhook: %s: %w", connection.Op, connection.Err)
	}
	return fmt.Errorf("webhook: %w", err)
}

// show returns text from outside for people: control characters and hidden ones become escapes, and more than n characters are cut with a mark.
func show(s string, n int) string { return terminal.Cut(terminal.Escape(cut(s, n+1)), n) }

// cut returns the first n characters of s. If there are more, the last of them is a mark.
func cut(s string, n int) string {
	end, count := 0, 0
	for i := range s {
		if count == n-1 {
			end = i
		}
		if count == n {
			return s[:end] + "…"
		}
		count++
	}
	return s
}
