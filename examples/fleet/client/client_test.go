package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// A scripted service gives one answer after the other.
func scripted(t *testing.T, answers ...func(http.ResponseWriter, *http.Request)) (*Client, *[]time.Duration, *int) {
	t.Helper()
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := min(n, len(answers)-1)
		n++
		answers[i](w, r)
	}))
	t.Cleanup(s.Close)
	pauses := new([]time.Duration)
	return &Client{URL: s.URL, Token: "secret", pause: func(_ context.Context, d time.Duration) error { *pauses = append(*pauses, d); return nil }}, pauses, &n
}

func status(code int, headers ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"type": "about:blank", "title": "title", "status": %d, "detail": "detail", "errors": [{"line": 7, "message": "unknown key"}]}`, code)
	}
}

func text(s string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, s) }
}

func broken(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }

// TestRetries: which answers a client repeats a request after, and when.
func TestRetries(t *testing.T) {
	for _, test := range []struct {
		name     string
		answers  []func(http.ResponseWriter, *http.Request)
		post     bool
		requests int
		pauses   string
		err      string
	}{
		{"at once", []func(http.ResponseWriter, *http.Request){text("{}")}, false, 1, "[]", ""},
		{"busy", []func(http.ResponseWriter, *http.Request){status(429, "Retry-After", "7"), status(503), text("{}")}, false, 3, "[7s 2s]", ""},
		{"busy for a post, which has a key", []func(http.ResponseWriter, *http.Request){status(429), broken, text("{}")}, true, 3, "[1s 2s]", ""},
		{"busy for long", []func(http.ResponseWriter, *http.Request){status(429, "Retry-After", "3600")}, false, 1, "[]", "the service answers 429: title: detail\n\tline 7: unknown key"},
		{"always busy", []func(http.ResponseWriter, *http.Request){status(503)}, false, 5, "[1s 2s 4s 8s]", "the service answers 503"},
		{"wrong", []func(http.ResponseWriter, *http.Request){status(400)}, false, 1, "[]", "the service answers 400"},
		{"a proxy's page", []func(http.ResponseWriter, *http.Request){func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(502)
			io.WriteString(w, "<html>")
		}}, false, 1, "[]", "the service answers 502: Bad Gateway"},
		{"cut off", []func(http.ResponseWriter, *http.Request){text("{")}, false, 1, "[]", "unexpected end of JSON"},
	} {
		c, pauses, n := scripted(t, test.answers...)
		method := http.MethodGet
		var body any
		if test.post {
			method, body = http.MethodPost, map[string]string{"a": "b"}
		}
		var into map[string]any
		err := c.JSON(t.Context(), method, "/v1/x", nil, body, &into)
		if *n != test.requests || fmt.Sprint(*pauses) != test.pauses || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %d requests, pauses %v, %v", test.name, *n, *pauses, err)
		}
		if errors.As(err, new(*Problem)) && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error has the token", test.name)
		}
	}
}

// TestPages: a list is read to its end, in pages.
func TestPages(t *testing.T) {
	c, _, n := scripted(t, text(`{"items": ["a", "b"], "next": "2"}`), func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("cursor") != "2" || r.URL.Query().Get("state") != "failed" || r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("%v %v", r.URL, r.Header)
		}
		io.WriteString(w, `{"items": ["c"]}`)
	})
	var got []string
	for item, err := range Pages[string](t.Context(), c, "/v1/x", map[string][]string{"state": {"failed"}}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, item)
	}
	if !slices.Equal(got, []string{"a", "b", "c"}) || *n != 2 {
		t.Errorf("%v in %d requests", got, *n)
	}
}
