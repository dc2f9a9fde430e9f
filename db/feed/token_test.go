package feed_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hullmark/hullmark/db/feed"
)

// TestTokens sends tokens to their hosts by https, and to no other host.
func TestTokens(t *testing.T) {
	const value, key = "secret-of-github", "secret-of-nvd"
	var mu sync.Mutex
	got := make(map[string]string) // by host and path
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		got[r.Host+r.URL.Path] = r.Header.Get("Authorization") + r.Header.Get("apiKey")
		mu.Unlock()
		if to := r.FormValue("to"); to != "" {
			http.Redirect(w, r, "https://"+to, http.StatusFound)
			return
		}
		http.Error(w, value, http.StatusTeapot)
	})
	server, plain := httptest.NewTLSServer(handler), httptest.NewServer(handler)
	defer server.Close()
	defer plain.Close()
	client := server.Client()
	transport := client.Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.InsecureSkipVerify = true
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) { // all hosts are the servers
		to := server.Listener.Addr().String()
		if strings.HasSuffix(addr, ":80") {
			to = plain.Listener.Addr().String()
		}
		return new(net.Dialer).DialContext(ctx, network, to)
	}
	client.Transport = transport
	authorized := make(map[string]bool)
	fetch := func(ctx context.Context, f *feed.Fetcher) (feed.Fetched, error) {
		_, err := f.Get(ctx, feed.Item{URL: f.Dataset.URLs[0]})
		mu.Lock()
		authorized[f.Dataset.URLs[0]] = f.Authorized(f.Dataset.URLs[0])
		mu.Unlock()
		return feed.Fetched{}, err
	}
	f := feed.Feed{Name: "test"}
	for i, u := range []string{
		"https://codeload.github.com/a", "https://raw.githubusercontent.com/a", "https://services.nvd.nist.gov/a", "https://notgithub.com/a", "https://github.com.example/a",
		"http://github.com/a", "https://github.com/b?to=other.example/b", "https://services.nvd.nist.gov/b?to=github.com/c",
	} {
		f.Datasets = append(f.Datasets, feed.Dataset{Name: fmt.Sprint(i), URLs: []string{u}, Fetch: fetch})
	}
	o := feed.UpdateOptions{Options: feed.Options{Client: client, Tokens: []feed.Token{{Host: "github.com", Value: value}, {Host: "services.nvd.nist.gov", Header: "apiKey", Value: key}}}}
	r, err := feed.Update(t.Context(), filepath.Join(t.TempDir(), "a.db"), []feed.Feed{f}, o)
	if err == nil || strings.Contains(fmt.Sprint(err, r), value) || strings.Contains(fmt.Sprint(err, r), key) {
		t.Errorf("%v, or a token in %+v", err, r)
	}
	for name, want := range map[string]string{
		"codeload.github.com/a": "Bearer " + value, "raw.githubusercontent.com/a": "Bearer " + value, "services.nvd.nist.gov/a": key, "notgithub.com/a": "", "github.com.example/a": "",
		"github.com/a": "", "github.com/b": "Bearer " + value, "other.example/b": "", "services.nvd.nist.gov/b": key, "github.com/c": "Bearer " + value,
	} {
		if is, ok := got[name]; !ok || is != want {
			t.Errorf("%s got %q (%v), want %q", name, is, ok, want)
		}
	}
	if !authorized["https://codeload.github.com/a"] || authorized["https://notgithub.com/a"] || authorized["http://github.com/a"] {
		t.Errorf("authorized: %v", authorized)
	}
	o.Mirror = server.URL
	clear(got)
	if _, err := feed.Update(t.Context(), filepath.Join(t.TempDir(), "a.db"), []feed.Feed{f}, o); err == nil {
		t.Error("no error")
	}
	for name, is := range got {
		if is != "" && strings.HasPrefix(name, "127.") {
			t.Errorf("the mirror got %q for %s", is, name)
		}
	}
	if authorized["https://codeload.github.com/a"] {
		t.Error("authorized at a mirror")
	}
}
