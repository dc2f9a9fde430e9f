package serve_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
)

// TestCredentials submits images of a registry that asks for passwords, one for each team's repositories. The longest prefix counts, other
// tenants have none of it, and no answer and no row has a password.
func TestCredentials(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		inner := fleettest.NewRegistry(t)
		inner.Push(t, "team/app:1", fleettest.Image(t, fleettest.Layer(t, "a", "a")))
		inner.Push(t, "team/secret/app:1", fleettest.Image(t, fleettest.Layer(t, "b", "b")))
		proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: inner.Host})
		outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			want := "team-password"
			if strings.Contains(q.URL.Path, "/team/secret/") {
				want = "secret-password"
			}
			if _, got, _ := q.BasicAuth(); got != want && (q.URL.Path != "/v2/" || got == "") {
				w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			proxy.ServeHTTP(w, q)
		}))
		defer outer.Close()
		host := strings.TrimPrefix(outer.URL, "http://")
		s := fleettest.Start(t, serve.Options{Database: address})
		c, other := s.Client(t, "team"), s.Client(t, "other")
		set := func(prefix, password, expires string) {
			body := map[string]any{"prefix": prefix, "username": "robot", "password": password}
			if expires != "" {
				body["expires"] = expires
			}
			c.Do("POST", "/v1/credentials", body).Want(http.StatusCreated)
		}
		want := func(c *fleettest.Client, repository, state, reason string) {
			t.Helper()
			m := c.Wait(c.Submit(host + "/" + repository).ID)
			if m.State != state || m.Reason != reason {
				t.Errorf("%s: %+v, want %s %s", repository, m, state, reason)
			}
		}
		want(c, "team/app:1", "failed", "access-denied")
		set(host, "team-password", "")
		set(host+"/team/secret", "secret-password", "")
		want(c, "team/app:1", "analyzed", "")
		want(c, "team/secret/app:1", "analyzed", "")
		want(other, "team/app:1", "failed", "access-denied")
		set(host+"/team/secret", "secret-password", "2020-01-01T00:00:00Z")
		want(c, "team/secret/app:1", "failed", "credential-expired")
		for _, path := range []string{"/v1/credentials", "/v1/audit", "/v1/submissions"} {
			if a := c.Get(path, nil); strings.Contains(string(a.Body), "-password") {
				t.Errorf("%s has a password: %s", path, a.Body)
			}
		}
		var sealed []byte
		if err := s.Store.DB.QueryRowContext(t.Context(), "SELECT secret FROM fleet_credentials LIMIT 1").Scan(&sealed); err != nil || strings.Contains(string(sealed), "password") {
			t.Errorf("the row has %q, %v", sealed, err)
		}
	})
}
