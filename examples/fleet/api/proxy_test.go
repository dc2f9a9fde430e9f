package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/examples/fleet/api"
	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

// TestWhoami: the service tells the bearer of a token, or the user of a proxy, who they are.
func TestWhoami(t *testing.T) {
	s := fleettest.Start(t, serve.Options{Proxy: &api.Proxy{Addresses: fleettest.Loopback, Header: "Remote-User", Users: []api.ProxyUser{{Name: "alice", Tenant: "team", Scopes: []store.Scope{store.Read}}}}})
	for _, test := range []struct {
		client  *fleettest.Client
		headers []string
		status  int
		want    string
	}{
		{s.Client(t, "other", store.Submit), nil, 200, `{"tenant":"other","name":"test","scopes":["submit"],"proxy":false}`},
		{s.Client(t, "other").With(""), []string{"Remote-User", "alice"}, 200, `{"tenant":"team","name":"alice","scopes":["read"],"proxy":true}`},
		{s.Client(t, "other").With(""), nil, 401, "the request has no token"},
		{s.Client(t, "other").With(""), []string{"Remote-User", "mallory"}, 403, "the user has no tenant"},
		{s.Client(t, "other"), []string{"Remote-User", "alice"}, 401, "a token and the name of a user"},
	} {
		a := test.client.Do("GET", "/v1/whoami", nil, test.headers...)
		if a.Status != test.status || !strings.Contains(string(a.Body), test.want) {
			t.Errorf("%v: %d %s, want %d %s", test.headers, a.Status, a.Body, test.status, test.want)
		}
	}
}

// TestCrossSite sends requests as browsers do for pages of other sites, through a proxy that authenticates them by its cookies. They change nothing,
// read nothing, and hold no streams open. The page's own requests pass, also if the proxy changes Host and lacks TLS (goharbor/harbor 11074: CSRF token
// invalid over HTTP; portainer/portainer 12748: origin invalid behind a proxy), and so do programs (goharbor/harbor 19502: a client that is no
// browser is refused).
func TestCrossSite(t *testing.T) {
	s := fleettest.Start(t, serve.Options{Proxy: &api.Proxy{Addresses: fleettest.Loopback, Header: "Remote-User", Users: []api.ProxyUser{{Name: "alice", Tenant: "team", Scopes: store.Scopes()}}}})
	c := s.Client(t, "team")
	host := strings.TrimPrefix(s.URL, "http://")
	const token = `{"name": "stolen", "scopes": ["admin"]}`
	for _, test := range []struct {
		name, method, path string
		headers            []string
		status             int
	}{
		{"a form of another site", "POST", "/v1/tokens", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Origin", "https://evil.example", "Content-Type", "text/plain"}, 403},
		{"a form of a sandboxed frame", "POST", "/v1/tokens", []string{"Sec-Fetch-Site", "cross-site", "Origin", "null", "Content-Type", "text/plain"}, 403},
		{"a form of another host of the site", "POST", "/v1/tokens", []string{"Sec-Fetch-Site", "same-site", "Origin", "https://other.fleet.example"}, 403},
		{"a form in an old browser", "POST", "/v1/tokens", []string{"Origin", "http://evil.example", "Content-Type", "text/plain"}, 403},
		{"without TLS, of no origin", "POST", "/v1/tokens", []string{"Origin", "null"}, 403},
		{"without TLS, of another port", "POST", "/v1/tokens", []string{"Origin", "http://" + host + "0"}, 403},
		{"another site whose proxy states a host", "POST", "/v1/tokens", []string{"Origin", "http://evil.example", "X-Forwarded-Host", "fleet.example"}, 403},
		{"another site although the hosts agree", "POST", "/v1/tokens", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://fleet.example", "X-Forwarded-Host", "fleet.example"}, 403},
		{"no origin and an empty forwarded host", "POST", "/v1/tokens", []string{"Origin", "http://", "X-Forwarded-Host", ""}, 403},
		{"a deletion", "DELETE", "/v1/tokens/none", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, 403},
		{"an override of the method", "GET", "/v1/tokens", []string{"Sec-Fetch-Site", "cross-site", "X-HTTP-Method-Override", "POST"}, 403},
		{"a script element", "GET", "/v1/images", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"}, 403},
		{"a frame", "GET", "/v1/images", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403},
		{"a stream", "GET", "/v1/events", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors", "Accept", "text/event-stream"}, 403},
		{"a link to a report", "GET", "/v1/images", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 200},
		{"the page", "POST", "/v1/tokens", []string{"Sec-Fetch-Site", "same-origin", "Origin", "https://fleet.example"}, 201},
		{"the page without TLS", "POST", "/v1/tokens", []string{"Origin", s.URL}, 201},
		{"the page without TLS, through a proxy that changes Host", "POST", "/v1/tokens", []string{"Origin", "http://fleet.example", "X-Forwarded-Host", "fleet.example"}, 201},
		{"the page reads", "GET", "/v1/images", []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors"}, 200},
		{"a program", "POST", "/v1/tokens", nil, 201},
		{"an address that the reader typed", "GET", "/v1/images", []string{"Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate"}, 200},
	} {
		var body any
		if test.method == "POST" {
			body = token
		}
		a := c.With("").Do(test.method, test.path, body, append([]string{"Remote-User", "alice"}, test.headers...)...)
		if a.Status != test.status {
			t.Errorf("%s: %d %s, want %d", test.name, a.Status, a.Body, test.status)
		}
		if test.name == "a stream" {
			continue // with a token, it would go on
		}
		// A token is in no cookie, so a request with one is always the page's own.
		with := c.Do(test.method, test.path, body, test.headers...)
		if with.Status == http.StatusForbidden {
			t.Errorf("%s with a token: %d %s", test.name, with.Status, with.Body)
		}
		if a.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: the answer may be read by other sites", test.name)
		}
	}
	// A browser asks before it sends headers that forms cannot have.
	for _, path := range []string{"/v1/tokens", "/v1/whoami"} {
		c.Unchecked = true
		a := c.With("").Do("OPTIONS", path, nil, "Remote-User", "alice", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "x-forwarded-host")
		if a.Status < 400 || a.Header.Get("Access-Control-Allow-Origin")+a.Header.Get("Access-Control-Allow-Headers") != "" {
			t.Errorf("OPTIONS %s: %d %v", path, a.Status, a.Header)
		}
	}
}
