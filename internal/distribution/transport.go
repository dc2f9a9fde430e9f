package distribution

import (
	"cmp"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer/source/registry"
)

// newTransport returns a transport like http.DefaultTransport that does not decompress.
func newTransport(o registry.Options) *http.Transport {
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: cmp.Or(o.ConnectTimeout, 30*time.Second), KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 8,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: cmp.Or(o.ConnectTimeout, 10*time.Second),
		DisableCompression:  true, // digests are of the stored bytes
	}
	if o.RootCAs != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: o.RootCAs}
	}
	return t
}

// maxGreeting is the most bytes of an answer of /v2/.
const maxGreeting = 32 << 10

// greeting limits the answers of /v2/, because package transport reads them to their end, and separates challenges.
type greeting struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (g greeting) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := g.RoundTripper.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	separate(res.Header)
	if req.URL.Path == "/v2/" {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, maxGreeting), res.Body}
	}
	return res, nil
}

// notify reports a request to Options.Progress.
func (r *Repository) notify(req *http.Request, pause time.Duration, reason error) {
	if r.options.Progress == nil {
		return
	}
	for req.Response != nil { // the answer that redirected here
		req = req.Response.Request
	}
	action := "log-in"
	switch path := req.URL.Path; {
	case req.Method != http.MethodGet && strings.HasPrefix(path, "/v2/"):
		action = "push"
	case strings.Contains(path, "/manifests/"), strings.Contains(path, "/referrers/"):
		action = "read-manifest"
	case strings.Contains(path, "/blobs/"):
		action = "read-blob"
	}
	r.options.Progress(registry.Event{Host: req.URL.Host, Action: action, Pause: pause, Err: reason})
}
