package distribution_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/internal/distribution"
)

// TestChallenges logs in to registries that ask for credentials in unusual ways, and reads an image.
func TestChallenges(t *testing.T) {
	const token = "Bearer token-1"
	challenge := func(headers ...string) func(*server, http.ResponseWriter) {
		return func(s *server, w http.ResponseWriter) {
			for _, h := range headers {
				w.Header().Add("WWW-Authenticate", strings.ReplaceAll(h, "URL", s.URL))
			}
			w.WriteHeader(http.StatusUnauthorized)
		}
	}
	for _, tt := range []struct {
		name      string
		challenge func(*server, http.ResponseWriter)
		accepts   string // the scheme of Authorization
	}{
		// A client that lacks Kerberos uses the other scheme. https://github.com/google/go-containerregistry/pull/1075
		{"Negotiate and Basic", challenge("Negotiate", `Basic realm="x"`), "Basic"},
		{"Negotiate and Basic in one header", challenge(`Negotiate, Basic realm="x"`), "Basic"},
		// One header may have several challenges; the registry's own scheme wins. https://github.com/prowler-cloud/prowler/pull/12691
		{"Basic and Bearer in one header", challenge(`Basic realm="x", Bearer realm="URL/token",service="s"`), "Bearer"},
		{"Basic and Bearer", challenge(`Basic realm="x"`, `Bearer realm="URL/token",service="s"`), "Bearer"},
		{"Bearer and Basic in one header", challenge(`Bearer realm="URL/token",scope="a,b", Basic realm="x, Bearer y"`), "Bearer"},
		// Names of schemes have no letter case. RFC 9110, 11.1
		{"lower case", challenge(`bearer realm="URL/token"`), "Bearer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, "app")
			s.wrong = func(w http.ResponseWriter, r *http.Request) bool {
				auth := r.Header.Get("Authorization")
				switch {
				case r.URL.Path == "/token":
					io.WriteString(w, `{"access_token":"token-1"}`)
				case tt.accepts == "Bearer" && auth != token, tt.accepts == "Basic" && !strings.HasPrefix(auth, "Basic "):
					tt.challenge(s, w)
				default:
					return false
				}
				return true
			}
			o := registry.Options{Keychain: keychain{&authn.Basic{Username: "ada", Password: "secret"}}}
			if err := read(t, t.Context(), s.host()+"/app:1", o); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestRejectedToken reads an image from a registry that answers 400 instead of 401 once a token has expired.
// The client gets a new token, once. https://github.com/oras-project/oras-go/issues/1227
func TestRejectedToken(t *testing.T) {
	for _, c := range []struct {
		valid int // tokens that the registry accepts after the first
		want  string
	}{{1, ""}, {0, "access denied: DENIED: Your Authorization Token is invalid."}} {
		s := serve(t, "app")
		issued := 0
		expired := false
		s.wrong = func(w http.ResponseWriter, r *http.Request) bool {
			auth := r.Header.Get("Authorization")
			switch {
			case r.URL.Path == "/token":
				issued++
				fmt.Fprintf(w, `{"token":"token-%d"}`, issued)
			case auth == "":
				w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token",service="s"`, s.URL))
				w.WriteHeader(http.StatusUnauthorized)
			case expired && (auth == "Bearer token-1" || c.valid == 0):
				w.WriteHeader(http.StatusBadRequest)
				io.WriteString(w, `{"errors":[{"code":"DENIED","message":"Your Authorization Token is invalid."}]}`)
			case s.isBlob(r) && r.Header.Get("Range") == "":
				expired = true
				cut(w, s.content, 100_000)
			default:
				return false
			}
			return true
		}
		err := read(t, t.Context(), s.host()+"/app:1", registry.Options{})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("error %v, want %q", err, c.want)
		}
		if issued != 2 {
			t.Errorf("%d tokens", issued)
		}
	}
}

// TestReferrersTag reads referrers from registries that lack the referrers API, and answer in other ways than 404.
func TestReferrersTag(t *testing.T) {
	s := serve(t, "app")
	subject := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[` +
		`{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":1,"digest":"sha256:` + strings.Repeat("1", 64) + `"}]}`
	hash, _, err := v1.SHA256(strings.NewReader(subject))
	if err != nil {
		t.Fatal(err)
	}
	index := strings.Replace(subject, strings.Repeat("1", 64), strings.Repeat("2", 64), 1)
	for _, tt := range []struct {
		name string
		api  func(w http.ResponseWriter)
		tag  string
		want int
	}{
		// A registry that takes the tag sha256-HEX for a digest returns the image itself, whose children don't refer to it.
		// https://github.com/oras-project/oras-go/issues/1396
		{"the image itself", func(w http.ResponseWriter) { w.WriteHeader(404) }, subject, 0},
		// 406 says that there is no API, too. https://github.com/google/go-containerregistry/issues/1962
		{"406", func(w http.ResponseWriter) { w.WriteHeader(406) }, index, 1},
		// A response with status 200 that is no index says nothing. https://github.com/sigstore/sigstore-js/pull/1187
		{"200 without an index", func(w http.ResponseWriter) { io.WriteString(w, "{}") }, index, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.wrong = func(w http.ResponseWriter, r *http.Request) bool {
				switch {
				case strings.Contains(r.URL.Path, "/referrers/"):
					tt.api(w)
				case strings.Contains(r.URL.Path, "/manifests/sha256-"):
					w.Header().Set("Content-Type", string(types.OCIImageIndex))
					io.WriteString(w, tt.tag)
				default:
					return false
				}
				return true
			}
			repo, err := distribution.Open(s.host()+"/app@"+hash.String(), registry.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer repo.Close()
			list, err := repo.Referrers(t.Context(), hash.String())
			if err != nil || len(list) != tt.want {
				t.Errorf("%v, %v, want %d", list, err, tt.want)
			}
		})
	}
}

// brokenKeychain is that of a user whose configuration names a helper that is not installed.
type brokenKeychain struct{}

func (brokenKeychain) Resolve(authn.Resource) (authn.Authenticator, error) {
	return nil, errors.New("docker-credential-none-such: not installed")
}

// TestBrokenKeychain reads a public image without credentials. For another image, the error names the reason.
// https://github.com/indexable-inc/index/issues/2954
func TestBrokenKeychain(t *testing.T) {
	for _, public := range []bool{true, false} {
		s := serve(t, "app")
		if !public {
			s.wrong = func(w http.ResponseWriter, _ *http.Request) bool {
				w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
				w.WriteHeader(http.StatusUnauthorized)
				return true
			}
		}
		err := read(t, t.Context(), s.host()+"/app:1", registry.Options{Keychain: brokenKeychain{}})
		switch {
		case public && err != nil:
			t.Error(err)
		case !public && (!errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "(no credentials: docker-credential-none-such: not installed)")):
			t.Errorf("not public: %v", err)
		}
	}
}
