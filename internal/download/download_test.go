package download_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hullmark/hullmark/internal/download"
	"github.com/hullmark/hullmark/internal/httpretry"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

var content = []byte(strings.Repeat("0123456789abcdef", 4096))

const tag = `"state-1"`

// serve sends content as a server does that knows ranges and conditions.
func serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", tag)
	http.ServeContent(w, r, "x", time.Time{}, bytes.NewReader(content))
}

// cut sends n bytes of what is asked for, and breaks the connection.
func cut(w http.ResponseWriter, r *http.Request, n int) {
	rec := httptest.NewRecorder()
	serve(rec, r)
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
	w.Write(rec.Body.Bytes()[:n])
	panic(http.ErrAbortHandler)
}

// TestServers holds the client against servers that do all that servers do. The handler is given the number of the request.
func TestServers(t *testing.T) {
	for _, tt := range []struct {
		name     string
		handler  func(n int, w http.ResponseWriter, r *http.Request)
		want     string // in the error; "" for none
		is       error
		requests int
	}{
		{"good", func(n int, w http.ResponseWriter, r *http.Request) { serve(w, r) }, "", nil, 1},
		{"404", func(n int, w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }, "404 Not Found", fs.ErrNotExist, 1},
		{"403", func(n int, w http.ResponseWriter, r *http.Request) { w.WriteHeader(403) }, "403 Forbidden", nil, 1},
		{"304 unasked", func(n int, w http.ResponseWriter, r *http.Request) { w.WriteHeader(304) }, "304 Not Modified", nil, 1},
		{"500 for ever", func(n int, w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) }, "500 Internal Server Error (tried 4 times)", nil, 4},
		{"503 twice", func(n int, w http.ResponseWriter, r *http.Request) {
			if n < 3 {
				w.WriteHeader(503)
				return
			}
			serve(w, r)
		}, "", nil, 3},
		{"429", func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 1 {
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(429)
				return
			}
			serve(w, r)
		}, "", nil, 2},
		{"429 until a date", func(n int, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
			w.WriteHeader(429)
		}, "asks to retry after ", nil, 1},
		{"429 for too long", func(n int, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "100000000000")
			w.WriteHeader(429)
		}, "asks to retry after 298261h37m", nil, 1},
		{"redirect loop", func(n int, w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }, "stopped after 10 redirects", nil, 10},
		{"redirect to a file", func(n int, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		}, "unsupported protocol scheme", nil, 1},
		{"HTML", func(n int, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			io.WriteString(w, "<p>down")
		}, "not data", download.ErrNotData, 1},
		{"picture", func(n int, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			io.WriteString(w, "PNG")
		}, `content type "image/png"`, download.ErrNotData, 1},
		{"length too large", func(n int, w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Length", "1000000000000") },
			"body of 1000000000000 bytes", download.ErrTooLarge, 1},
		{"endless", func(n int, w http.ResponseWriter, r *http.Request) {
			for {
				if _, err := w.Write(content); err != nil {
					return
				}
			}
		}, "body of more than 1000000 bytes", download.ErrTooLarge, 1},
		{"cut off once", func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 1 {
				cut(w, r, 30_000)
			}
			serve(w, r)
		}, "", nil, 2},
		{"cut off for ever", func(n int, w http.ResponseWriter, r *http.Request) { cut(w, r, 10) }, "unexpected EOF (tried 4 times)", io.ErrUnexpectedEOF, 4},
		{"cut off, no ranges", func(n int, w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Range")
			if n == 1 {
				cut(w, r, 30_000)
			}
			serve(w, r)
		}, "", nil, 2},
		{"cut off, no validator", func(n int, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, "short")
		}, "unexpected EOF", io.ErrUnexpectedEOF, 1},
		{"cut off, then another state", func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 1 {
				cut(w, r, 30_000)
			}
			w.Header().Set("ETag", `"state-2"`)
			http.ServeContent(w, r, "x", time.Time{}, bytes.NewReader(content))
		}, "changed while it was read", download.ErrChanged, 2},
		{"wrong range", func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 1 {
				cut(w, r, 30_000)
			}
			w.Header().Set("Content-Range", "bytes 5-9/65536")
			w.WriteHeader(206)
			io.WriteString(w, "56789")
		}, `206 Partial Content of "bytes 5-9/65536"`, nil, 2},
		{"stalled before the header", func(n int, w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "stalled", nil, 4},
		{"stalled once in the body", func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 1 {
				w.Header().Set("ETag", tag)
				w.Header().Set("Content-Length", fmt.Sprint(len(content)))
				w.Write(content[:20_000])
				w.(http.Flusher).Flush()
				<-r.Context().Done()
				return
			}
			serve(w, r)
		}, "", nil, 2},
		{"empty", func(n int, w http.ResponseWriter, r *http.Request) {}, "", nil, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			leak.Check(t)
			var n atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { tt.handler(int(n.Add(1)), w, r) }))
			defer server.Close()
			defer server.Client().CloseIdleConnections()
			c := download.Client{HTTP: server.Client(), Limit: 1_000_000, Policy: httpretry.Policy{Attempts: 4, Pause: time.Millisecond}, Stall: 200 * time.Millisecond}
			b, err := c.Open(t.Context(), download.Request{URL: server.URL + "/"})
			var got []byte
			if err == nil {
				got, err = io.ReadAll(b)
				b.Close()
			} else if !strings.HasPrefix(err.Error(), server.URL) {
				t.Errorf("%v does not name the URL", err)
			}
			switch {
			case tt.want == "" && (err != nil || !bytes.Equal(got, content) && tt.name != "empty"):
				t.Errorf("%d bytes, %v", len(got), err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is)):
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if int(n.Load()) != tt.requests {
				t.Errorf("%d requests, want %d", n.Load(), tt.requests)
			}
		})
	}
}

// A request with a former state brings nothing if it is still the present one.
func TestUnchanged(t *testing.T) {
	modified := time.Date(2021, 2, 3, 4, 5, 6, 0, time.UTC)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/tag" {
			serve(w, r)
			return
		}
		http.ServeContent(w, r, "x", modified, bytes.NewReader(content))
	}))
	defer server.Close()
	for _, path := range []string{"/tag", "/time"} {
		b, err := download.Client{}.Open(t.Context(), download.Request{URL: server.URL + path})
		if err != nil {
			t.Fatal(err)
		}
		b.Close()
		if _, err := (download.Client{}).Open(t.Context(), download.Request{URL: server.URL + path, Fingerprint: b.Fingerprint}); !errors.Is(err, download.ErrUnchanged) {
			t.Errorf("%s with %q: %v", path, b.Fingerprint, err)
		}
	}
}

// What a former attempt has is not sent again, unless there is another state now.
func TestOffset(t *testing.T) {
	var sent atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		serve(rec, r)
		sent.Store(int64(rec.Body.Len()))
		serve(w, r)
	}))
	defer server.Close()
	for _, tt := range []struct {
		offset    int64
		validator string
		from      int64
	}{
		{60_000, tag, 60_000},
		{60_000, `"state-0"`, 0},
		{60_000, "", 0},
		{1 << 30, tag, 0}, // longer than the whole
	} {
		b, err := download.Client{Policy: httpretry.Policy{Pause: time.Millisecond}}.Open(t.Context(), download.Request{URL: server.URL, Offset: tt.offset, Validator: tt.validator})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(b)
		if err != nil || b.Offset != tt.from || !bytes.Equal(got, content[tt.from:]) || sent.Load() != int64(len(got)) {
			t.Errorf("%+v: from %d, %d bytes, %v", tt, b.Offset, len(got), err)
		}
	}
}

// Compressed bodies stay as they are sent, so that bytes can be counted.
func TestCompressed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			w.Write(content)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		z.Write(content)
		z.Close()
	}))
	defer server.Close()
	for _, plain := range []bool{false, true} {
		b, err := download.Client{}.Open(t.Context(), download.Request{URL: server.URL, Plain: plain})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(b)
		if err != nil || plain != bytes.Equal(got, content) || !plain && len(got) > 1000 {
			t.Errorf("plain %v: %d bytes, %v", plain, len(got), err)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(503)
		cancel()
	}))
	defer server.Close()
	start := time.Now()
	if _, err := (download.Client{Policy: httpretry.Policy{Pause: time.Hour}}).Open(ctx, download.Request{URL: server.URL}); !errors.Is(err, context.Canceled) || time.Since(start) > 10*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

func TestPasswords(t *testing.T) {
	for _, url := range []string{"http://user:secret@127.0.0.1:1/x", "http://user:secret@[::1:1/x", "ftp://user:secret@example.org/"} {
		if _, err := (download.Client{Policy: httpretry.Policy{Attempts: 1}}).Open(t.Context(), download.Request{URL: url}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
