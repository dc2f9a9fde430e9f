package distribution_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	fake "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/internal/distribution"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

// A server is a registry with an image that may misbehave.
type server struct {
	*httptest.Server
	registry http.Handler
	blob     v1.Descriptor // the only layer of the image
	content  []byte

	mu       sync.Mutex
	requests []string
	wrong    func(w http.ResponseWriter, r *http.Request) bool // answers a request, or reports false
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path+" "+r.Header.Get("Range"))
	wrong := s.wrong
	s.mu.Unlock()
	if wrong == nil || !wrong(w, r) {
		s.registry.ServeHTTP(w, r)
	}
}

// misbehave sets the function that answers requests before the registry; nil for none.
func (s *server) misbehave(wrong func(http.ResponseWriter, *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong = wrong
}

func (s *server) host() string { return strings.TrimPrefix(s.URL, "http://") }

// asked counts the requests with some text in them.
func (s *server) asked(text string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if strings.Contains(r, text) {
			n++
		}
	}
	return n
}

// image is the image of all servers.
var image = sync.OnceValues(func() (v1.Image, error) { return random.Image(200_000, 1) })

// serve starts a registry with the image as NAME:1.
func serve(t *testing.T, repository string) *server {
	t.Helper()
	s := &server{registry: fake.New(fake.Logger(log.New(io.Discard, "", 0)), fake.WithReferrersSupport(true))}
	s.Server = httptest.NewServer(s)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	img, err := image()
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(s.host() + "/" + repository + ":1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	m, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	rc, err := layers[0].Compressed()
	if err != nil {
		t.Fatal(err)
	}
	if s.content, err = io.ReadAll(rc); err != nil {
		t.Fatal(err)
	}
	s.blob, s.requests = m.Layers[0], nil
	return s
}

// read reads the manifest and the layer of an image.
func read(t *testing.T, ctx context.Context, ref string, o registry.Options) error {
	t.Helper()
	repo, err := distribution.Open(ref, o)
	if err != nil {
		return err
	}
	defer repo.Close()
	raw, _, err := repo.Manifest(ctx, repo.Ref.Identifier(), types.DockerManifestSchema2)
	if err != nil {
		return err
	}
	m, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	for _, d := range append(m.Layers, m.Config) {
		body, err := repo.VerifiedBlob(ctx, d)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, body)
		if err = errors.Join(err, body.Close()); err != nil {
			return err
		}
	}
	return nil
}

// isBlob reports whether a request is for the layer.
func (s *server) isBlob(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, s.blob.Digest.String())
}

// cut sends the first n bytes of a response and resets the connection.
func cut(w http.ResponseWriter, content []byte, n int) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(content), content[:n])
	time.Sleep(20 * time.Millisecond) // for the bytes to be read before the reset
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
}

// TestKnownFaults recreates what registries, proxies and mirrors did to other clients.
func TestKnownFaults(t *testing.T) {
	token := "1"
	for _, tt := range []struct {
		name  string
		known string // where it was reported
		wrong func(s *server) func(w http.ResponseWriter, r *http.Request) bool
		want  string // in the error; "" for none
		blobs int    // requests for the layer
	}{
		{"connection reset in a blob", "anchore/stereoscope#695", func(s *server) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				if s.isBlob(r) && r.Header.Get("Range") == "" {
					cut(w, s.content, 100_000)
					return true
				}
				return false
			}
		}, "", 2},
		{"connection reset after the last byte", "an open range at the end is 416", func(s *server) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				if !s.isBlob(r) {
					return false
				}
				w.Write(s.content)
				w.(http.Flusher).Flush() // in chunks, the last of which is missing
				panic(http.ErrAbortHandler)
			}
		}, "", 1},
		{"range ignored by a resumed download", "containers/container-libs#1114", func(s *server) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				if s.isBlob(r) && r.Header.Get("Range") == "" {
					cut(w, s.content, 100_000)
					return true
				}
				r.Header.Del("Range")
				return false
			}
		}, "", 2},
		{"another range than requested", "openai/tart#1255", func(s *server) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				switch {
				case !s.isBlob(r):
					return false
				case r.Header.Get("Range") == "":
					cut(w, s.content, 100_000)
				default:
					w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(s.content)-1, len(s.content)))
					w.WriteHeader(http.StatusPartialContent)
					w.Write(s.content)
				}
				return true
			}
		}, `sent "bytes 0-`, 2},
		{"token expires in a blob", "NVIDIA/enroot#278", func(s *server) func(http.ResponseWriter, *http.Request) bool {
			token = "1"
			return func(w http.ResponseWriter, r *http.Request) bool {
				switch {
				case r.URL.Path == "/token":
					fmt.Fprintf(w, `{"token":"token-%s","expires_in":1}`, token)
				case r.Header.Get("Authorization") != "Bearer token-"+token:
					w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token",service="s",error="invalid_token"`, s.URL))
					w.WriteHeader(http.StatusUnauthorized)
				case s.isBlob(r) && r.Header.Get("Range") == "":
					token = "2"
					cut(w, s.content, 100_000)
				default:
					return false
				}
				return true
			}
		}, "", 3},
		{"credentials and a signed URL are too much", "renovatebot/renovate#3877, open-policy-agent/opa#6580", func(s *server) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				switch {
				case strings.HasPrefix(r.URL.Path, "/storage/") && r.Header.Get("Authorization") != "":
					http.Error(w, "Only one auth mechanism allowed", http.StatusBadRequest)
				case strings.HasPrefix(r.URL.Path, "/storage/"):
					w.Write(s.content)
				case r.Header.Get("Authorization") == "":
					w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
					w.WriteHeader(http.StatusUnauthorized)
				case s.isBlob(r):
					http.Redirect(w, r, strings.Replace(s.URL, "127.0.0.1", "localhost", 1)+"/storage/x?X-Amz-Signature=1", http.StatusTemporaryRedirect)
				default:
					return false
				}
				return true
			}
		}, "", 1},
		{"no Content-Length, and the type of a web page", "google/go-containerregistry#1061, oras-project/oras-go#374", func(s *server) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				rec := httptest.NewRecorder()
				s.registry.ServeHTTP(rec, r)
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				w.WriteHeader(rec.Code)
				w.(http.Flusher).Flush()
				w.Write(rec.Body.Bytes())
				return true
			}
		}, "", 1},
		{"a web page with status 200", "proxies that ask a user to sign in", func(s *server) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/v2/" {
					return false
				}
				w.Header().Set("Content-Type", "text/html")
				io.WriteString(w, "<!DOCTYPE html><title>Sign in")
				return true
			}
		}, "manifest 1: a web page, not a manifest", 0},
		{"a web page instead of a blob", "the same", func(s *server) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				if !s.isBlob(r) {
					return false
				}
				w.Header().Set("Content-Type", "text/html")
				io.WriteString(w, "<!DOCTYPE html><title>Sign in")
				return true
			}
		}, "29 bytes of text/html, but the image names", 1},
		{"compressed by a proxy", "nginx with gzip for all types", func(s *server) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				if !s.isBlob(r) {
					return false
				}
				w.Header().Set("Content-Encoding", "gzip")
				w.Write(s.content)
				return true
			}
		}, `Content-Encoding "gzip", which was not asked for`, 1},
		{"rate limit until a date", "Retry-After of RFC 9110 may be a date", func(s *server) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				if !s.isBlob(r) || s.asked(s.blob.Digest.String()) > 1 {
					return false
				}
				w.Header().Set("Retry-After", time.Now().Add(1500*time.Millisecond).UTC().Format(http.TimeFormat))
				w.WriteHeader(http.StatusTooManyRequests)
				return true
			}
		}, "", 2},
		{"rate limit without a time", "aquasecurity/trivy-action#389", func(s *server) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				if !s.isBlob(r) || s.asked(s.blob.Digest.String()) > 1 {
					return false
				}
				w.WriteHeader(http.StatusTooManyRequests)
				io.WriteString(w, `{"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 78.409µs, allowed: 44000/minute"}]}`)
				return true
			}
		}, "", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, "app")
			s.misbehave(tt.wrong(s))
			o := registry.Options{Keychain: keychain{&authn.Basic{Username: "ada", Password: "secret"}}}
			err := read(t, t.Context(), s.host()+"/app:1", o)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%s: error %v, want %q", tt.known, err, tt.want)
			}
			if n := s.asked(s.blob.Digest.String()); n != tt.blobs {
				t.Errorf("%d requests for the layer, want %d: %q", n, tt.blobs, s.requests)
			}
		})
	}
}

type keychain struct{ authn.Authenticator }

func (k keychain) Resolve(authn.Resource) (authn.Authenticator, error) { return k.Authenticator, nil }

// TestMirrors reads an image from mirrors in all states. The registry is asked only for what they lack.
func TestMirrors(t *testing.T) {
	origin := serve(t, "app")
	status := func(code int) func(s *server) func(http.ResponseWriter, *http.Request) bool {
		return func(*server) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				w.WriteHeader(code)
				return true
			}
		}
	}
	blob := func(do func(s *server, w http.ResponseWriter)) func(s *server) func(http.ResponseWriter, *http.Request) bool {
		return func(s *server) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				if s.isBlob(r) {
					do(s, w)
				}
				return s.isBlob(r)
			}
		}
	}
	for _, tt := range []struct {
		name  string
		known string
		wrong func(s *server) func(http.ResponseWriter, *http.Request) bool
		want  []string // that the registry is asked for
	}{
		{"good", "", func(*server) func(http.ResponseWriter, *http.Request) bool { return nil }, nil},
		{"without the repository", "", status(404), []string{"manifests", "blobs"}},
		{"down behind a proxy", "containerd/containerd#4531", status(503), []string{"manifests", "blobs"}},
		{"that denies access", "containerd/containerd#7321", status(403), []string{"manifests", "blobs"}},
		{"without the blob", "aquasecurity/trivy#2579", blob(func(_ *server, w http.ResponseWriter) { w.WriteHeader(404) }), []string{"blobs"}},
		{"with an empty blob", "containerd/containerd#9552", blob(func(s *server, w http.ResponseWriter) { cut(w, s.content, 0) }), []string{"blobs"}},
		{"with half a blob", "distribution/distribution#4191", blob(func(s *server, w http.ResponseWriter) { cut(w, s.content, len(s.content)/2) }), []string{"blobs"}},
		{"that asks for patience", "", blob(func(_ *server, w http.ResponseWriter) {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(429)
		}), []string{"blobs"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mirror := serve(t, "proxy/app")
			mirror.wrong, origin.requests = tt.wrong(mirror), nil
			nowhere := httptest.NewServer(nil)
			nowhere.Close()
			o := registry.Options{Mirrors: map[string][]string{
				origin.host(): {strings.TrimPrefix(nowhere.URL, "http://"), mirror.host() + "/proxy"},
			}}
			start := time.Now()
			if err := read(t, t.Context(), origin.host()+"/app:1", o); err != nil {
				t.Errorf("%s: %v", tt.known, err)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
			for _, part := range []string{"manifests", "blobs"} {
				if got, want := origin.asked("/"+part+"/") > 0, slices.Contains(tt.want, part); got != want {
					t.Errorf("asked the registry for %s: %v, want %v", part, got, want)
				}
			}
		})
	}
}

// TestDockerHub finds the mirror of Docker Hub by either of its names, aquasecurity/trivy-operator#2671.
func TestDockerHub(t *testing.T) {
	for _, hub := range []string{"docker.io", "index.docker.io"} {
		mirror := serve(t, "library/app")
		o := registry.Options{Mirrors: map[string][]string{hub: {mirror.host()}}}
		if err := read(t, t.Context(), "app:1", o); err != nil {
			t.Errorf("%s: %v", hub, err)
		}
	}
}

// TestErrors asks what errors are, and what they say.
func TestErrors(t *testing.T) {
	status := func(code int, header ...string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/v2/" {
				return false
			}
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			return true
		}
	}
	var limit *registry.RateLimitError
	dial := func(err error) http.RoundTripper {
		return &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, err }}
	}
	dns := &net.DNSError{Err: "no such host", Name: "registry.example", IsNotFound: true}
	for _, tt := range []struct {
		name  string
		wrong func(http.ResponseWriter, *http.Request) bool
		o     registry.Options
		want  string
		is    error
		as    any
	}{
		{"404", status(404), registry.Options{}, ": manifest 1: not found", fs.ErrNotExist, nil},
		{"403", status(403), registry.Options{}, ": manifest 1: access denied: unexpected status code 403", fs.ErrPermission, nil},
		{"429", status(429, "Retry-After", "3600"), registry.Options{}, ": manifest 1: 127.0.0.1:", nil, &limit},
		{"501", status(501), registry.Options{}, ": manifest 1: unexpected status code 501", nil, nil},
		{"too many files", nil, registry.Options{Transport: dial(syscall.EMFILE)}, ": log in: ", syscall.EMFILE, nil},
		{"unknown host", nil, registry.Options{Transport: dial(dns)}, ": log in: ", dns, new(*net.DNSError)},
		{"two transports", nil, registry.Options{Transport: http.DefaultTransport, RootCAs: x509.NewCertPool()}, "Transport is set together with", nil, nil},
		{"a bad mirror", nil, registry.Options{Mirrors: map[string][]string{"": nil}}, "", nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, "app")
			s.misbehave(tt.wrong)
			if tt.name == "a bad mirror" {
				tt.o.Mirrors, tt.want = map[string][]string{s.host(): {"user:secret@mirror"}}, "mirror ***@mirror: "
			}
			err := read(t, t.Context(), s.host()+"/app:1", tt.o)
			if err == nil || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) || tt.as != nil && !errors.As(err, tt.as) {
				t.Errorf("error %v, want %q and %v", err, tt.want, tt.is)
			}
		})
	}
	if limit == nil || limit.Wait != time.Hour || limit.Host == "" {
		t.Errorf("%+v", limit)
	}
	for _, ref := range []string{"", "UPPER/case", "user:secret@registry.example/app:1", "https://user:secret@registry.example/app"} {
		if _, err := distribution.Open(ref, registry.Options{}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", ref, err)
		}
	}
}

// TestCertificate reaches a registry whose certificate only RootCAs know.
func TestCertificate(t *testing.T) {
	s := serve(t, "app")
	secure := httptest.NewUnstartedServer(s)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	ref := strings.TrimPrefix(secure.URL, "https://") + "/app:1"
	pool := x509.NewCertPool()
	pool.AddCert(secure.Certificate())
	if err := read(t, t.Context(), ref, registry.Options{RootCAs: pool, ConnectTimeout: time.Second}); err != nil {
		t.Error(err)
	}
	var unknown x509.UnknownAuthorityError
	if err := read(t, t.Context(), ref, registry.Options{}); !errors.As(err, &unknown) {
		t.Errorf("without the authority: %v", err)
	}
}

// TestEvents reports what the client does, and when it repeats it.
func TestEvents(t *testing.T) {
	s := serve(t, "app")
	first := true
	s.wrong = func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case strings.Contains(r.URL.Path, "/manifests/") && s.asked("/manifests/") == 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case s.isBlob(r) && first:
			first = false
			cut(w, s.content, 1000)
		default:
			return false
		}
		return true
	}
	leak.Check(t)
	var events []string
	o := registry.Options{Progress: func(e registry.Event) {
		if text := e.String(); !slices.Contains(events, text) {
			events = append(events, text)
		}
	}}
	if err := read(t, t.Context(), s.host()+"/app:1", o); err != nil {
		t.Fatal(err)
	}
	s.CloseClientConnections()
	text := strings.ReplaceAll(strings.Join(events, "\n"), s.host(), "HOST")
	want := `^logging in to HOST
reading manifest from HOST
HOST: retrying in [0-9.]+m?s: 503 Service Unavailable
reading blob from HOST
HOST: retrying in [0-9.]+m?s: .*connection reset by peer$`
	if !regexp.MustCompile(want).MatchString(text) {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

// TestReferrers reads referrers in pages, and by the tag that takes the place of the API.
func TestReferrers(t *testing.T) {
	s := serve(t, "app")
	digest := "sha256:" + strings.Repeat("a", 64)
	index := func(n int) string {
		return fmt.Sprintf(`{"schemaVersion":2,"manifests":[{"digest":"sha256:%064d","size":1,"mediaType":"application/vnd.oci.image.manifest.v1+json"}]}`, n)
	}
	pages := func(link string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/referrers/") {
				return false
			}
			w.Header().Set("Content-Type", string(types.OCIImageIndex))
			n := 0
			fmt.Sscan(r.URL.Query().Get("page"), &n)
			if n < 2 {
				w.Header().Set("Link", fmt.Sprintf(link, n+1))
			}
			io.WriteString(w, index(n))
			return true
		}
	}
	for _, tt := range []struct {
		name  string
		wrong func(http.ResponseWriter, *http.Request) bool
		n     int
		want  string
	}{
		{"none", nil, 0, ""},
		{"pages", pages(`</v2/app/referrers/x?page=%d>; rel="next"`), 3, ""},
		{"another host", pages(`<http://10.0.0.1/%d>; rel=next`), 0, "page 2 of referrers at 10.0.0.1"},
		{"a lost page", func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Query().Get("page") == "1" {
				panic(http.ErrAbortHandler)
			}
			return pages(`</v2/app/referrers/x?page=%d>; rel="next"`)(w, r)
		}, 0, "EOF"},
		{"endless", func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/referrers/") {
				return false
			}
			w.Header().Set("Content-Type", string(types.OCIImageIndex))
			w.Header().Set("Link", `<>; rel=next`)
			io.WriteString(w, index(1))
			return true
		}, 0, "page 101 of referrers"},
		{"tag", func(w http.ResponseWriter, r *http.Request) bool {
			switch {
			case strings.Contains(r.URL.Path, "/referrers/"):
				w.WriteHeader(404)
			case strings.HasSuffix(r.URL.Path, "/manifests/"+strings.Replace(digest, ":", "-", 1)):
				io.WriteString(w, index(1))
			default:
				return false
			}
			return true
		}, 1, ""},
		{"neither", func(w http.ResponseWriter, r *http.Request) bool {
			switch {
			case strings.Contains(r.URL.Path, "/referrers/"):
				io.WriteString(w, "<html>")
			case r.URL.Path != "/v2/":
				w.WriteHeader(404)
			}
			return r.URL.Path != "/v2/"
		}, 0, ""},
		{"a page", func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/v2/" {
				return false
			}
			io.WriteString(w, "<html>")
			return true
		}, 0, "invalid character '<'"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.misbehave(tt.wrong)
			repo, err := distribution.Open(s.host()+"/app@"+digest, registry.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer repo.Close()
			list, err := repo.Referrers(t.Context(), digest)
			if len(list) != tt.n || (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%d, %v, want %d, %q", len(list), err, tt.n, tt.want)
			}
		})
	}
}
