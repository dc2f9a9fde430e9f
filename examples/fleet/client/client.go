// Package client speaks to a service through its API.
package client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	maxAnswer = 64 << 20 // bytes of a JSON answer
	attempts  = 5
	maxPause  = time.Minute
	waitTime  = 50 // seconds that the service may hold back an answer
)

// A Client sends requests to a service. It repeats those that the service was too busy for.
type Client struct {
	URL   string // "https://fleet.example"
	Token string
	HTTP  *http.Client // http.DefaultClient if nil

	pause func(ctx context.Context, d time.Duration) error
}

// A Problem is an error of the service, in the form of RFC 9457.
type Problem struct {
	Type   string
	Title  string
	Status int
	Detail string
	Errors []struct {
		Line    int
		Message string
	}
	Wait time.Duration // after which the service wants the request again; 0 if it doesn't say
}

// Error names the problem and all its places.
func (p *Problem) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the service answers %d: ", p.Status)
	b.WriteString(p.Title)
	if p.Detail != "" {
		b.WriteString(": " + p.Detail)
	}
	for _, e := range p.Errors {
		b.WriteString("\n\t")
		if e.Line > 0 {
			fmt.Fprintf(&b, "line %d: ", e.Line)
		}
		b.WriteString(e.Message)
	}
	return b.String()
}

// NotFound reports whether an error says that the service does not have something.
func NotFound(err error) bool {
	p, ok := errors.AsType[*Problem](err)
	return ok && p.Status == http.StatusNotFound
}

// A Request is a request to a path of the API.
type Request struct {
	Method string // GET if empty
	Path   string // "/v1/images/" + client.Escape(digest)
	Query  url.Values
	Header http.Header
	Body   func() (io.ReadCloser, error) // called for each attempt; may be nil
	Type   string                        // of the body
}

// Escape makes a name an element of a path.
func Escape(name string) string { return url.PathEscape(name) }

// Do sends a request and returns the answer, which the caller closes. An answer of 4xx or 5xx is a *[Problem]. A request that is too much for
// the service now (429, 503) is sent again after the time that it asks for, up to five times; so are requests without an answer, if
// they change nothing or have an Idempotency-Key.
func (c *Client) Do(ctx context.Context, r *Request) (*http.Response, error) {
	for try := 1; ; try++ {
		response, err := c.send(ctx, r)
		if err == nil {
			return response, nil
		}
		wait := min(maxPause, time.Second<<(try-1))
		p, ok := errors.AsType[*Problem](err)
		switch {
		case try == attempts || ctx.Err() != nil:
			return nil, err
		case ok && p.Status != http.StatusTooManyRequests && p.Status != http.StatusServiceUnavailable:
			return nil, err
		case !ok && !repeatable(r):
			return nil, err
		case ok && p.Wait > maxPause:
			return nil, err
		case ok && p.Wait > 0:
			wait = p.Wait
		}
		pause := c.pause
		if pause == nil {
			pause = sleep
		}
		if pause(ctx, wait) != nil {
			return nil, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// repeatable reports whether a request may be sent again although the service may have carried it out.
func repeatable(r *Request) bool {
	return r.Method == "" || r.Method == http.MethodGet || r.Method == http.MethodPut || r.Method == http.MethodDelete || r.Header.Get("Idempotency-Key") != ""
}

func (c *Client) send(ctx context.Context, r *Request) (*http.Response, error) {
	target := strings.TrimSuffix(c.URL, "/") + r.Path
	if len(r.Query) > 0 {
		target += "?" + r.Query.Encode()
	}
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	var body io.Reader
	if r.Body != nil {
		b, err := r.Body()
		if err != nil {
			return nil, err
		}
		body = b
	}
	q, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	for k, v := range r.Header {
		q.Header[k] = v
	}
	if r.Type != "" {
		q.Header.Set("Content-Type", r.Type)
	}
	if c.Token != "" {
		q.Header.Set("Authorization", "Bearer "+c.Token)
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(q)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if response.StatusCode < 400 {
		return response, nil
	}
	defer response.Body.Close()
	return nil, problemOf(response)
}

// problemOf reads a problem. A proxy may answer otherwise.
func problemOf(response *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	p := new(Problem)
	if err != nil || json.Unmarshal(text, p) != nil || p.Title == "" {
		p = &Problem{Title: http.StatusText(response.StatusCode)}
	}
	p.Status = response.StatusCode
	if s, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && s > 0 {
		p.Wait = time.Duration(s) * time.Second
	}
	return p
}

// JSON sends a request with a value as its body, if it isn't nil, and decodes the answer, if into isn't nil.
func (c *Client) JSON(ctx context.Context, method, path string, query url.Values, body, into any, headers ...string) error {
	r := &Request{Method: method, Path: path, Query: query, Header: make(http.Header)}
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("client: %w", err)
		}
		r.Type = "application/json"
		r.Body = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if method == http.MethodPost && r.Header.Get("Idempotency-Key") == "" {
		r.Header.Set("Idempotency-Key", rand.Text())
	}
	response, err := c.Do(ctx, r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if into == nil {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	if len(text) > maxAnswer {
		return fmt.Errorf("client: %s: an answer of more than %d bytes", path, maxAnswer)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("client: %s: %w", path, err)
	}
	return nil
}

// Pages yields the items of all pages of a list.
func Pages[T any](ctx context.Context, c *Client, path string, query url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		query := copyOf(query)
		for {
			var page struct {
				Items []T
				Next  string
			}
			if err := c.JSON(ctx, http.MethodGet, path, query, nil, &page); err != nil {
				yield(zero, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			query.Set("cursor", page.Next)
		}
	}
}

// copyOf returns a copy of a query.
func copyOf(query url.Values) url.Values {
	c := make(url.Values)
	for k, v := range query {
		c[k] = v
	}
	return c
}

// A Submission is an image that the service analyzes or has analyzed.
type Submission struct {
	ID        string
	Kind      string
	Reference string
	State     string
	Reason    string
	Message   string
	Image     string
	Index     string // "" if the reference names one image
	Attempts  int
	Submitted time.Time
	Finished  time.Time
}

// Ended reports whether the analysis has ended.
func (s *Submission) Ended() bool { return s.State == "analyzed" || s.State == "failed" }

// Named returns the digest of the index or image that the reference names.
func (s *Submission) Named() string { return cmp.Or(s.Index, s.Image) }

// Submit submits an image in a registry. Platform has those of an index to analyze, separated by commas; "" is the choice of the service. Again analyzes it also if it is analyzed already.
func (c *Client) Submit(ctx context.Context, reference, platform string, annotations map[string]string, again bool) (*Submission, error) {
	body := map[string]any{"reference": reference}
	if platform != "" {
		body["platforms"] = strings.Split(platform, ",")
	}
	if len(annotations) > 0 {
		body["annotations"] = annotations
	}
	if again {
		body["again"] = true
	}
	var s Submission
	return &s, c.JSON(ctx, http.MethodPost, "/v1/submissions", nil, body, &s)
}

// Upload submits an archive of an image, or an SBOM with path "/v1/sboms". Open opens it for each attempt.
func (c *Client) Upload(ctx context.Context, path, reference, contentType string, open func() (io.ReadCloser, error)) (*Submission, error) {
	r := &Request{Method: http.MethodPost, Path: path, Body: open, Type: contentType, Query: make(url.Values), Header: make(http.Header)}
	if reference != "" {
		r.Query.Set("reference", reference)
	}
	r.Header.Set("Idempotency-Key", rand.Text())
	response, err := c.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var s Submission
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&s); err != nil {
		return nil, fmt.Errorf("client: %s: %w", path, err)
	}
	return &s, nil
}

// Wait waits until a submission ends.
func (c *Client) Wait(ctx context.Context, id string) (*Submission, error) {
	for {
		var s Submission
		if err := c.JSON(ctx, http.MethodGet, "/v1/submissions/"+Escape(id), url.Values{"wait": {strconv.Itoa(waitTime)}}, nil, &s); err != nil {
			return nil, err
		}
		if s.Ended() {
			return &s, nil
		}
	}
}

// An Image is an image of the service.
type Image struct {
	Digest    string
	Kind      string
	Reference string
	Platform  string
	State     string
	Reason    string
	Message   string
	Submitted time.Time
	Finished  time.Time
	Tags      []struct{ Name string }
}
