// Package service is a client of a service with the API of examples/fleet, as far as the command hullmark needs it.
package service

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/internal/terminal"
)

const (
	attempts  = 5
	maxPause  = time.Minute // between two of them
	maxAnswer = 1 << 30     // bytes
	atOnce    = 16          // platforms that a submission analyzes
)

// A Client sends requests to a service.
type Client struct{ URL, Token string }

// do sends a request and returns the answer. It repeats a request that the service has no time for. Body is called for each attempt, and may be nil.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, body func() (io.ReadCloser, error)) ([]byte, error) {
	key := rand.Text() // a repeated request is the same one
	for try := 1; ; try++ {
		answer, wait, err := c.send(ctx, method, path+"?"+query.Encode(), key, body)
		if err == nil || wait == 0 || wait > maxPause || try == attempts {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(wait):
		}
	}
}

// send sends a request once. After an error that may pass it returns the time to wait.
func (c *Client) send(ctx context.Context, method, path, key string, body func() (io.ReadCloser, error)) (answer []byte, wait time.Duration, err error) {
	var content io.Reader
	if body != nil {
		b, err := body()
		if err != nil {
			return nil, 0, err
		}
		content = b
	}
	q, err := http.NewRequestWithContext(ctx, method, c.URL+path, content)
	if err != nil {
		return nil, 0, err
	}
	q.Header.Set("Authorization", "Bearer "+c.Token)
	if body != nil {
		q.Header.Set("Idempotency-Key", key)
		q.Header.Set("Content-Type", "application/octet-stream")
		if strings.HasPrefix(path, "/v1/submissions") {
			q.Header.Set("Content-Type", "application/json")
		}
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		return nil, time.Second, err
	}
	defer r.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(r.Body, maxAnswer+1))
	if err == nil && len(answer) > maxAnswer {
		err = errors.New("the answer is too large")
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", c.URL, err)
	}
	if r.StatusCode < 400 {
		return answer, 0, nil
	}
	var p struct{ Title, Detail string }
	_ = json.Unmarshal(answer, &p) // a proxy answers otherwise
	err = fmt.Errorf("%s answers %d: %s", c.URL, r.StatusCode, terminal.Escape(cmp.Or(p.Detail, p.Title, http.StatusText(r.StatusCode))))
	if r.StatusCode == http.StatusTooManyRequests || r.StatusCode == http.StatusServiceUnavailable {
		seconds, _ := strconv.Atoi(r.Header.Get("Retry-After"))
		wait = max(time.Second, time.Duration(seconds)*time.Second)
	}
	return nil, wait, err
}

// A Submission is the state of a submission.
type Submission struct{ ID, State, Reason, Message, Image, Index string }

// An analysisError reports an image that the service cannot analyze.
type analysisError struct{ text string }

func (e *analysisError) Error() string { return e.text }

// An Index is an image for several platforms, as the service knows it.
type Index struct {
	Platforms []struct{ Platform, Digest, State, Reason string }
	More      int // further ones, which the service does not keep
}

// LeftOut reports whether a reason is that no submission asked for an image.
func LeftOut(reason string) bool { return reason == "not-selected" || reason == "limit" }

// rest returns the platforms that no submission asked for.
func (x *Index) rest() (list []string) {
	for _, p := range x.Platforms {
		if LeftOut(p.Reason) && p.Platform != "" {
			list = append(list, p.Platform)
		}
	}
	return list
}

// index returns an index.
func (c *Client) index(ctx context.Context, digest string) (*Index, error) {
	answer, err := c.do(ctx, http.MethodGet, "/v1/images/"+url.PathEscape(digest), nil, nil)
	if err != nil {
		return nil, err
	}
	x := new(Index)
	if err := json.Unmarshal(answer, x); err != nil {
		return nil, fmt.Errorf("%s: %w", c.URL, err)
	}
	return x, nil
}

// Analyze submits an image in a registry, and returns it when it is analyzed. If the reference names an index, Analyze returns that instead. The service chooses the
// platforms to analyze unless there is one; with all, Analyze submits those, too, that the service leaves out.
func (c *Client) Analyze(ctx context.Context, reference string, platform *v1.Platform, all bool) (image string, x *Index, err error) {
	body := map[string]any{"reference": reference}
	if platform != nil {
		body["platform"] = platform.String()
	}
	m, err := c.reference(ctx, body)
	if err != nil || m.Index == "" {
		return m.Image, nil, err
	}
	ref, err := name.ParseReference(reference)
	if err != nil {
		return "", nil, err
	}
	body = map[string]any{"reference": ref.Context().Digest(m.Index).Name()} // the tag may move
	for before := -1; ; {
		if x, err = c.index(ctx, m.Index); err != nil {
			return "", nil, err
		}
		rest := x.rest()
		if !all || len(rest) == 0 || len(rest) == before {
			return "", x, nil
		}
		before, body["platforms"] = len(rest), rest[:min(len(rest), atOnce)]
		if _, err := c.reference(ctx, body); err != nil {
			if _, failed := errors.AsType[*analysisError](err); !failed { // the index has the reason of the others
				return "", nil, err
			}
		}
	}
}

// Report returns the report about an image, as JSON.
func (c *Client) Report(ctx context.Context, digest string) ([]byte, error) {
	return c.do(ctx, http.MethodGet, "/v1/images/"+url.PathEscape(digest)+"/report", url.Values{"format": {"json"}}, nil)
}

// reference submits an image in a registry.
func (c *Client) reference(ctx context.Context, body map[string]any) (Submission, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return Submission{}, err
	}
	return c.Upload(ctx, "/v1/submissions", "", func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil })
}

// Upload sends a submission to a path of the API, and waits until it is analyzed. Body is called for each attempt. Reference may name the image.
func (c *Client) Upload(ctx context.Context, path, reference string, body func() (io.ReadCloser, error)) (Submission, error) {
	query := make(url.Values)
	if reference != "" {
		query.Set("reference", reference)
	}
	answer, err := c.do(ctx, http.MethodPost, path, query, body)
	for err == nil {
		var m Submission
		if err = json.Unmarshal(answer, &m); err != nil {
			return Submission{}, fmt.Errorf("%s: %w", c.URL, err)
		}
		switch m.State {
		case "analyzed":
			return m, nil
		case "failed":
			return Submission{}, &analysisError{fmt.Sprintf("%s: the analysis failed: %s: %s", c.URL, terminal.Escape(m.Reason), terminal.Escape(m.Message))}
		}
		answer, err = c.do(ctx, http.MethodGet, "/v1/submissions/"+url.PathEscape(m.ID), url.Values{"wait": {"50"}}, nil)
	}
	return Submission{}, err
}
