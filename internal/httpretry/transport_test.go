package httpretry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hullmark/hullmark/internal/credmask"
	"github.com/hullmark/hullmark/internal/httpretry"
)

// quick repeats requests fast enough for tests.
var quick = httpretry.Policy{Attempts: 3, Pause: time.Millisecond}

// transport returns a transport to a server, and a count of its requests.
func transport(t *testing.T, handle func(n int, w http.ResponseWriter, r *http.Request)) (*httpretry.Transport, string, *atomic.Int32) {
	t.Helper()
	n := new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(int(n.Add(1)), w, r) }))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return &httpretry.Transport{Base: server.Client().Transport, Policy: quick, PlainHTTP: true, Secrets: new(credmask.Masker)}, server.URL, n
}

func request(t *testing.T, ctx context.Context, method, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTransport(t *testing.T) {
	status := func(code int, header ...string) func(int, http.ResponseWriter, *http.Request) {
		return func(_ int, w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
		}
	}
	first := func(times int, do func(int, http.ResponseWriter, *http.Request)) func(int, http.ResponseWriter, *http.Request) {
		return func(n int, w http.ResponseWriter, r *http.Request) {
			if n <= times {
				do(n, w, r)
			}
		}
	}
	abort := func(int, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	inAnHour := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	unix := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	soon := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)
	var limit *httpretry.RateLimitError
	for _, tt := range []struct {
		name   string
		method string
		handle func(int, http.ResponseWriter, *http.Request)
		want   int    // requests
		status string // of the last response
		is     error
		as     any
	}{
		{"good", "GET", first(0, nil), 1, "200 OK", nil, nil},
		{"503 twice", "GET", first(2, status(503)), 3, "200 OK", nil, nil},
		{"503 for ever", "GET", status(503), 3, "503 Service Unavailable (tried 3 times)", nil, nil},
		{"507", "HEAD", first(1, status(507)), 2, "200 OK", nil, nil},
		{"501", "GET", status(501), 1, "501 Not Implemented", nil, nil},
		{"404", "GET", status(404), 1, "404 Not Found", nil, nil},
		{"403", "GET", status(403), 1, "403 Forbidden", nil, nil},
		{"403 of a rate limit", "GET", first(1, status(403, "Retry-After", "0")), 2, "200 OK", nil, nil},
		{"403 of GitHub's limit", "GET", first(1, status(403, "X-RateLimit-Remaining", "0")), 2, "200 OK", nil, nil},
		{"429 of GitHub's limit for an hour", "GET", status(429, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", unix), 1, "", nil, &limit},
		{"429 of GitLab's limit for an hour", "GET", status(429, "RateLimit-Remaining", "0", "RateLimit-Reset", unix), 1, "", nil, &limit},
		{"403 with requests left", "GET", status(403, "X-RateLimit-Remaining", "7", "X-RateLimit-Reset", unix), 1, "403 Forbidden", nil, nil},
		{"429 until a past date", "GET", first(1, status(429, "Retry-After", soon)), 2, "200 OK", nil, nil},
		{"429 until nonsense", "GET", first(1, status(429, "Retry-After", "soon")), 2, "200 OK", nil, nil},
		{"429 until a date", "GET", status(429, "Retry-After", inAnHour), 1, "", nil, &limit},
		{"503 for too long", "GET", status(503, "Retry-After", "99999999999999999999"), 3, "503 Service Unavailable (tried 3 times)", nil, nil},
		{"503 for a day", "GET", status(503, "Retry-After", " 86400 "), 1, "", nil, &limit},
		{"POST", "POST", status(503), 1, "503 Service Unavailable", nil, nil},
		{"PATCH that breaks", "PATCH", abort, 1, "", io.EOF, nil},
		{"breaks twice", "GET", first(2, abort), 3, "200 OK", nil, nil},
		{"breaks for ever", "GET", abort, 3, "", io.ErrUnexpectedEOF, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			transport, url, n := transport(t, tt.handle)
			transport.Base = &http.Transport{DisableKeepAlives: true} // package http itself repeats requests on kept connections
			res, err := transport.RoundTrip(request(t, t.Context(), tt.method, url))
			if err == nil {
				res.Body.Close()
				if res.Status != tt.status {
					t.Errorf("status %s, want %s", res.Status, tt.status)
				}
			}
			if (err == nil) != (tt.status != "") || tt.is != nil && !errors.Is(err, tt.is) || tt.as != nil && !errors.As(err, tt.as) {
				t.Errorf("error %v, want %v", err, tt.is)
			}
			if int(n.Load()) != tt.want {
				t.Errorf("%d requests, want %d", n.Load(), tt.want)
			}
		})
	}
}

// TestCancel ends the context in a pause: RoundTrip returns at once.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	transport, url, _ := transport(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
	transport.Policy.Pause = time.Minute
	transport.Notify = func(_ *http.Request, pause time.Duration, reason error) {
		if pause > 0 {
			time.AfterFunc(10*time.Millisecond, cancel)
		}
	}
	start := time.Now()
	if _, err := transport.RoundTrip(request(t, ctx, "GET", url)); !errors.Is(err, context.Canceled) || time.Since(start) > 10*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	// A pause that does not end before the deadline is not begun.
	ctx, cancel = context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	start = time.Now()
	res, err := transport.RoundTrip(request(t, ctx, "GET", url))
	if err != nil || res.StatusCode != 503 || time.Since(start) > 3*time.Second {
		t.Errorf("%v, %v after %v", res, err, time.Since(start))
	}
}

// TestNotify reports attempts and pauses, and no credential that the server sends back.
func TestNotify(t *testing.T) {
	transport, url, _ := transport(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if n == 1 {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprintf(c, "HTTP/1.1 503 you sent %s\r\nContent-Length: 0\r\n\r\n", r.Header.Get("Authorization"))
			c.Close()
		}
	})
	var events []string
	transport.Notify = func(r *http.Request, pause time.Duration, reason error) {
		events = append(events, fmt.Sprint(pause > 0, reason))
	}
	r := request(t, t.Context(), "GET", url)
	r.Header.Set("Authorization", "Bearer secret-token")
	res, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if got, want := strings.Join(events, ", "), "false <nil>, true 503 you sent Bearer ***, false <nil>"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// failing is a transport whose connections fail.
func failing(err error) http.RoundTripper {
	return &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}}
}

// TestIdentity asks whether errors of the system are still what they were, and how often they are tried.
func TestIdentity(t *testing.T) {
	unknown := &net.DNSError{Err: "no such host", Name: "registry.example", IsNotFound: true}
	passing := &net.DNSError{Err: "server misbehaving", Name: "registry.example", IsTemporary: true}
	for _, tt := range []struct {
		err        error
		persistent bool
		want       int
	}{
		{syscall.EMFILE, false, 1}, {syscall.EMFILE, true, 3}, {syscall.ECONNREFUSED, false, 1}, {syscall.ECONNREFUSED, true, 3},
		{unknown, true, 1}, {passing, false, 3}, {syscall.ECONNRESET, false, 3},
	} {
		attempts := 0
		transport := &httpretry.Transport{Base: failing(tt.err), Policy: quick, Secrets: new(credmask.Masker)}
		transport.Policy.Persistent = tt.persistent
		transport.Notify = func(_ *http.Request, pause time.Duration, _ error) {
			if pause == 0 {
				attempts++
			}
		}
		client := &http.Client{Transport: transport}
		_, err := client.Get("https://registry.example/?token=x")
		if err = transport.Secrets.Error(err); !errors.Is(err, tt.err) || attempts != tt.want {
			t.Errorf("%v after %d attempts, want %v after %d", err, attempts, tt.err, tt.want)
		}
		var dns *net.DNSError
		if errors.As(tt.err, &dns) && !errors.As(err, &dns) {
			t.Errorf("%v is no DNS error", err)
		}
	}
}

// TestRedirects asks which redirects are followed.
func TestRedirects(t *testing.T) {
	for _, tt := range []struct {
		from, to  string
		plainHTTP bool
		want      string
	}{
		{"https://registry.example/", "https://cdn.example/", false, ""},
		{"https://registry.example/", "http://cdn.example/", false, "redirected from HTTPS to http"},
		{"https://registry.example/", "http://cdn.example/", true, ""},
		{"https://registry.example/", "https://10.0.0.1/", true, "private address 10.0.0.1"},
		{"https://registry.example/", "https://169.254.169.254/latest", false, "private address"},
		{"https://registry.example/", "https://[::1]/", false, "private address ::1"},
		{"https://10.0.0.2/", "https://10.0.0.1/", false, ""},
		{"http://localhost:5000/", "http://127.0.0.1:9000/", true, ""},
	} {
		transport := &httpretry.Transport{PlainHTTP: tt.plainHTTP}
		err := transport.CheckRedirect(request(t, t.Context(), "GET", tt.to), []*http.Request{request(t, t.Context(), "GET", tt.from)})
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s to %s: %v, want %q", tt.from, tt.to, err, tt.want)
		}
	}
	transport := &httpretry.Transport{Base: failing(syscall.EMFILE), Secrets: new(credmask.Masker)}
	if _, err := transport.RoundTrip(request(t, t.Context(), "GET", "http://registry.example/")); err == nil || !strings.Contains(err.Error(), "plain HTTP is not allowed") {
		t.Error(err)
	}
}
