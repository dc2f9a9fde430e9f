package httpretry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/hullmark/hullmark/internal/credmask"
	"github.com/hullmark/hullmark/internal/httpretry"
)

// A cut is a connection that brings some bytes of a content and then fails.
type cut struct {
	n   int
	err error
}

// TestReader reads a content over connections that break.
func TestReader(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<17) // 2 MiB
	reset := syscall.ECONNRESET
	for _, tt := range []struct {
		name string
		cuts []cut // after which all the rest comes
		once bool
		is   error
		want int // connections
	}{
		{"no cut", nil, false, nil, 1},
		{"cut once", []cut{{1000, reset}}, false, nil, 2},
		{"cut where it ends", []cut{{len(content), io.ErrUnexpectedEOF}}, false, nil, 1},
		{"cut, and the rest where it ends", []cut{{10, reset}, {len(content) - 10, reset}}, false, nil, 2},
		{"cut early", []cut{{1000, io.EOF}}, false, nil, 2},
		{"cut by a proxy of HTTP/2", []cut{{1000, errors.New("stream error: stream ID 1; INTERNAL_ERROR; received from peer")}}, false, nil, 2},
		{"cut often", []cut{{1, reset}, {1, reset}, {1, reset}, {1, reset}}, false, reset, 3},
		{"cut often with progress", []cut{{600_000, reset}, {600_000, reset}, {600_000, reset}}, false, nil, 4},
		{"not resumed", []cut{{1000, reset}}, true, reset, 1},
		{"cannot be resumed", []cut{{1000, reset}, {-1, errors.ErrUnsupported}}, false, reset, 2},
		{"refused", []cut{{1000, reset}, {-1, syscall.ECONNREFUSED}}, false, syscall.ECONNREFUSED, 2},
		{"breaks before a header", []cut{{1000, reset}, {-1, io.ErrUnexpectedEOF}}, false, nil, 3},
		{"too much", []cut{{len(content) + 1, nil}}, false, errors.ErrUnsupported, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			connections, notified := 0, 0
			r := httpretry.Reader{
				End: int64(len(content)), Policy: quick, Once: tt.once, Notify: func(time.Duration, error) { notified++ },
				Explain: func(err error) error { return fmt.Errorf("explained: %w", err) },
			}
			r.Open = func(_ context.Context, offset int64) (io.ReadCloser, error) {
				connections++
				rest := content[offset:]
				if connections > len(tt.cuts) {
					return io.NopCloser(bytes.NewReader(rest)), nil
				}
				c := tt.cuts[connections-1]
				switch {
				case c.n < 0:
					return nil, fmt.Errorf("open: %w", c.err)
				case c.err == nil:
					return io.NopCloser(bytes.NewReader(append(bytes.Clone(rest), 0))), nil
				}
				return io.NopCloser(io.MultiReader(bytes.NewReader(rest[:c.n]), iotest.ErrReader(c.err))), nil
			}
			if err := r.Connect(t.Context()); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(&r)
			if tt.name == "too much" {
				if err == nil || !strings.Contains(err.Error(), "more bytes than announced") {
					t.Error(err)
				}
				return
			}
			if tt.is == nil && (err != nil || !bytes.Equal(got, content)) || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("%d bytes, %v, want %v", len(got), err, tt.is)
			}
			if connections != tt.want || notified < connections-1 {
				t.Errorf("%d connections, want %d; %d pauses", connections, tt.want, notified)
			}
			if tt.is != nil && !strings.HasPrefix(err.Error(), "explained: ") {
				t.Error(err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestHTTP2 resumes a body whose HTTP/2 stream a server resets, as proxies in front of registries do.
func TestHTTP2(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<12)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("HTTP/%d", r.ProtoMajor)
		}
		if r.Header.Get("Range") == "" {
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
			w.Write(content[:1000])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	client := &http.Client{Transport: &httpretry.Transport{Base: server.Client().Transport, Policy: quick, Secrets: new(credmask.Masker)}}
	r := httpretry.Reader{End: int64(len(content)), Policy: quick, Open: func(ctx context.Context, offset int64) (io.ReadCloser, error) {
		req, err := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
		if err != nil {
			return nil, err
		}
		if offset > 0 {
			req.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
		}
		res, err := client.Do(req)
		if err != nil {
			return nil, err
		}
		return res.Body, nil
	}}
	if err := r.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(&r); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestClose ends a Read that waits.
func TestClose(t *testing.T) {
	pr, pw := io.Pipe()
	defer pw.Close()
	r := httpretry.Reader{End: 10, Open: func(ctx context.Context, _ int64) (io.ReadCloser, error) {
		context.AfterFunc(ctx, func() { pw.CloseWithError(ctx.Err()) })
		return pr, nil
	}}
	if err := r.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := r.Read(make([]byte, 10))
		done <- err
	}()
	time.Sleep(10 * time.Millisecond)
	r.Close()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := r.Read(make([]byte, 10)); err == nil {
		t.Error("read after Close")
	}
}
