package advice_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/analyzer/source/daemon"
	"github.com/hullmark/hullmark/examples/hullmark/advice"
)

// TestOpen is what users are told about errors of real sources, and of the operating system.
func TestOpen(t *testing.T) {
	t.Chdir(t.TempDir())
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	forbidden := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer forbidden.Close()
	empty := httptest.NewServer(http.NotFoundHandler())
	defer empty.Close()
	open := func(ref string) error {
		img, err := source.Open(t.Context(), ref, source.Options{})
		if err == nil {
			img.Close()
			t.Errorf("%s opens", ref)
		}
		return err
	}
	host := func(s *httptest.Server) string { return s.Listener.Addr().String() }
	plain := func() error {
		server := httptest.NewServer(http.NotFoundHandler())
		defer server.Close()
		_, err := http.Get("https" + strings.TrimPrefix(server.URL, "http"))
		return err
	}
	proxied := func() error {
		client := http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: host(closed)})}}
		_, err := client.Get("https://registry.example/v2/")
		return fmt.Errorf("source: %w", err)
	}
	for _, test := range []struct {
		name string
		err  error
		want string // "" for no advice
	}{
		{"an unknown authority", open(host(secure) + "/app:1"), "--ca-file"},
		{"a registry without TLS", plain(), "--insecure"},
		{"a registry that is not there", open(host(closed) + "/app:1"), "a local image needs no registry"},
		{"a proxy that is not there", proxied(), "; HTTPS_PROXY and HTTP_PROXY name the proxy"},
		{"a registry that denies", open(host(forbidden) + "/app:1"), "docker login"},
		{"a registry without the image", open(host(empty) + "/app:1"), ""},
		// A path is no reference to a registry.
		{"a file that is not there", open("./app.tar"), "; hullmark --help"},
		{"a directory that is not there", open("oci:app"), "; hullmark --help"},
		{"no daemon", fmt.Errorf("daemon: %w", daemon.ErrNoDaemon), "start Docker or Podman"},
		{"no file may be opened", &fs.PathError{Op: "open", Path: "x", Err: syscall.EMFILE}, "ulimit -n"},
		{"no permission", fmt.Errorf("source: %w", os.ErrPermission), "permission"},
		{"an interrupt", fmt.Errorf("source: %w", context.Canceled), ""},
	} {
		got := advice.Open(test.err)
		if test.want == "" && got != "" || !strings.Contains(got, test.want) || got != "" && !strings.HasPrefix(got, "; ") {
			t.Errorf("%s: %v%s, want %q", test.name, test.err, got, test.want)
		}
	}
}

// TestScan is what users are told about images that are damaged or hostile.
func TestScan(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("layer 1: %w", new(analyzer.DigestError)), "fetch it again"},
		{fmt.Errorf("layer 1: %w", new(analyzer.LimitError)), "do not run it"},
		{fmt.Errorf("layer 1: %w", syscall.EMFILE), "ulimit -n"},
		{io.ErrUnexpectedEOF, ""},
	} {
		if got := advice.Scan(test.err); test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%v%s, want %q", test.err, got, test.want)
		}
	}
}
