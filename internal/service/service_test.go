package service_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/service"
)

// TestBusy: a service without time is asked again with the same key, and one that wants hours is not.
func TestBusy(t *testing.T) {
	for _, test := range []struct {
		retryAfter string
		want       string
		requests   int
	}{{"1", "a digest", 3}, {"36000", "", 1}} {
		keys := make(map[string]bool)
		n := 0
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n++
			body, _ := io.ReadAll(r.Body)
			if keys[r.Header.Get("Idempotency-Key")] = true; r.Header.Get("Authorization") != "Bearer secret" || string(body) != "content" {
				t.Errorf("%v %q", r.Header, body)
			}
			if n < 3 {
				w.Header().Set("Retry-After", test.retryAfter)
				w.WriteHeader(http.StatusTooManyRequests)
				fmt.Fprint(w, `{"title": "Too Many Requests", "detail": "as many images \u001b[31mas it may"}`)
				return
			}
			fmt.Fprint(w, `{"id": "1", "state": "analyzed", "image": "a digest"}`)
		}))
		got, err := (&service.Client{URL: s.URL, Token: "secret"}).Upload(t.Context(), "/v1/sboms", "name", func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("content")), nil })
		if got.Image != test.want || n != test.requests || len(keys) != 1 || (err != nil) != (test.want == "") {
			t.Errorf("Retry-After %s: %+v after %d requests with %d keys, %v", test.retryAfter, got, n, len(keys), err)
		}
		if err != nil && (strings.Contains(err.Error(), "\x1b") || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "answers 429")) {
			t.Errorf("%q", err)
		}
		s.Close()
	}
}
