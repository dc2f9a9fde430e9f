// Package fleettest starts services for tests, with databases, registries and advisories, and checks every answer by the document of the
// API.
package fleettest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"github.com/hullmark/hullmark/examples/fleet/api"
	"github.com/hullmark/hullmark/examples/fleet/seal"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

// Loopback are the addresses of registries in tests.
var Loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// A Service is a running service.
type Service struct {
	*serve.Service
	URL  string
	File string // of the advisories
	Stop func()
}

// Start starts a service that may use registries on the loopback interface. It ends with the test.
func Start(t testing.TB, o serve.Options) *Service {
	t.Helper()
	if o.Data == "" {
		o.Data = t.TempDir()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	if o.Database != "" && o.Key == "" {
		o.Key = filepath.Join(o.Data, "key")
		if _, err := seal.Load(o.Key, true); err != nil {
			t.Fatal(err)
		}
	}
	o.Allow, o.Receivers = Loopback, Loopback
	if o.Pauses == nil {
		o.Pauses = []time.Duration{10 * time.Millisecond}
	}
	if o.Advisories == "" && o.Mirror == "" {
		o.Advisories = filepath.Join(o.Data, "advisories.db")
	}
	if o.Look == 0 {
		o.Look = 200 * time.Millisecond
	}
	inner, err := serve.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := &Service{Service: inner, File: o.Advisories}
	var l net.Listener
	if o.Role != serve.Worker {
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		s.URL = "http://" + l.Addr().String()
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := inner.Run(ctx, l); err != nil {
			t.Errorf("run: %v", err)
		}
	}()
	s.Stop = sync.OnceFunc(func() {
		cancel()
		<-done
		if err := inner.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	t.Cleanup(s.Stop)
	return s
}

// A Client is a client with a token.
type Client struct {
	t      testing.TB
	URL    string
	Secret string
	// Unchecked answers are not compared with the document.
	Unchecked bool
}

// Client returns a client for a new token of a tenant, with all scopes by default.
func (s *Service) Client(t testing.TB, tenant string, scopes ...store.Scope) *Client {
	t.Helper()
	if scopes == nil {
		scopes = store.Scopes()
	}
	secret, err := s.Store.NewToken(t.Context(), &store.Token{Tenant: tenant, Name: "test", Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return &Client{t: t, URL: s.URL, Secret: secret}
}

// NewClient returns a client of a service at a URL.
func NewClient(t testing.TB, url, secret string) *Client {
	return &Client{t: t, URL: url, Secret: secret}
}

// check is a validator of the document.
var check = sync.OnceValues(func() (validator.Validator, error) {
	d, err := libopenapi.NewDocument(api.Document)
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(d)
	if len(errs) > 0 {
		return nil, fmt.Errorf("%v", errs)
	}
	return v, nil
})

// Validator returns a validator of the document.
func Validator(t testing.TB) validator.Validator {
	t.Helper()
	v, err := check()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// An Answer is an answer to a request.
type Answer struct {
	t      testing.TB
	Status int
	Header http.Header
	Body   []byte
}

// checking serializes the validator, which changes its caches.
var checking sync.Mutex

// Do sends a request, checks the answer by the document, and returns it. Headers are names and values in turn.
func (c *Client) Do(method, path string, body any, headers ...string) *Answer {
	c.t.Helper()
	var r io.Reader
	kind := ""
	switch b := body.(type) {
	case nil:
	case []byte:
		r, kind = bytes.NewReader(b), "application/octet-stream"
	case string:
		r, kind = strings.NewReader(b), "application/json"
	default:
		j, err := json.Marshal(b)
		if err != nil {
			c.t.Fatal(err)
		}
		r, kind = bytes.NewReader(j), "application/json"
	}
	q, err := http.NewRequestWithContext(c.t.Context(), method, c.URL+path, r)
	if err != nil {
		c.t.Fatal(err)
	}
	if kind != "" {
		q.Header.Set("Content-Type", kind)
	}
	if c.Secret != "" {
		q.Header.Set("Authorization", "Bearer "+c.Secret)
	}
	for i := 0; i < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(q)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	a := &Answer{c.t, response.StatusCode, response.Header, content}
	if !c.Unchecked && a.Status != http.StatusNotModified {
		response.Body = io.NopCloser(bytes.NewReader(content))
		checking.Lock()
		ok, errs := Validator(c.t).ValidateHttpResponse(q, response)
		checking.Unlock()
		if !ok {
			for _, e := range errs {
				c.t.Errorf("%s %s: the answer is not that of the document: %s: %s %v\n%.2000s", method, path, e.Message, e.Reason, e.SchemaValidationErrors, content)
			}
		}
	}
	return a
}

// Want fails the test unless the answer has a status.
func (a *Answer) Want(status int) *Answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("status %d, want %d: %.2000s", a.Status, status, a.Body)
	}
	return a
}

// Into decodes the body.
func (a *Answer) Into(v any) *Answer {
	a.t.Helper()
	if err := json.Unmarshal(a.Body, v); err != nil {
		a.t.Fatalf("%v: %.2000s", err, a.Body)
	}
	return a
}

// A Submission is as much of a submission as tests need.
type Submission struct {
	ID, State, Reason, Message, Image string
	Attempts                          int
}

// Get sends a request that must succeed, and decodes the answer.
func (c *Client) Get(path string, into any) *Answer {
	c.t.Helper()
	a := c.Do("GET", path, nil).Want(http.StatusOK)
	if into != nil {
		a.Into(into)
	}
	return a
}

// Submit submits a reference and returns the submission.
func (c *Client) Submit(reference string) Submission {
	c.t.Helper()
	var m Submission
	c.Do("POST", "/v1/submissions", map[string]any{"reference": reference}).Want(http.StatusAccepted).Into(&m)
	return m
}

// Wait waits until a submission ends.
func (c *Client) Wait(id string) Submission {
	c.t.Helper()
	var m Submission
	for range 3 {
		if c.Get("/v1/submissions/"+id+"?wait=60", &m); m.State == "analyzed" || m.State == "failed" {
			return m
		}
	}
	c.t.Fatalf("the submission does not end: %+v", m)
	return m
}

// Analyze submits a reference and waits until the image is analyzed. It returns the digest.
func (c *Client) Analyze(reference string) string {
	c.t.Helper()
	m := c.Wait(c.Submit(reference).ID)
	if m.State != "analyzed" {
		c.t.Fatalf("%s: %s: %s", reference, m.Reason, m.Message)
	}
	return m.Image
}

// Eventually repeats a look until it succeeds, for a minute at most.
func Eventually(t testing.TB, what string, look func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !look() {
		select {
		case <-deadline:
			t.Fatalf("%s: not within a minute", what)
		case <-tick.C:
		}
	}
}

// With returns a client with another token.
func (c *Client) With(secret string) *Client {
	other := *c
	other.Secret = secret
	return &other
}
