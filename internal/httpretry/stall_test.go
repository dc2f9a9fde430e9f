package httpretry_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/hullmark/hullmark/internal/credmask"
	"github.com/hullmark/hullmark/internal/httpretry"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

// A server that stops in the middle is given up; one whose reader takes its time is not.
func TestStall(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write(make([]byte, 1<<20))
		w.(http.Flusher).Flush()
		if r.URL.Path == "/stops" {
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	leak.Check(t)
	base := new(http.Transport)
	transport := &httpretry.Transport{Base: base, PlainHTTP: true, Stall: 100 * time.Millisecond, Secrets: new(credmask.Masker)}
	defer base.CloseIdleConnections()
	for _, path := range []string{"/stops", "/slow reader"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Path = path
		res, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		n := int64(0)
		for err == nil {
			var m int64
			m, err = io.CopyN(io.Discard, res.Body, 256<<10)
			n += m
			if path != "/stops" {
				time.Sleep(150 * time.Millisecond)
			}
		}
		var stall *httpretry.StallError
		var network net.Error
		if stalled := path == "/stops"; n != 1<<20 || errors.As(err, &stall) != stalled || errors.As(err, &network) != stalled || !stalled && err != io.EOF {
			t.Errorf("%s: %d bytes, %v", path, n, err)
		}
		res.Body.Close()
	}
}
