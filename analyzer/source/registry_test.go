package source_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	fake "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

const (
	password = "correct-horse-battery-staple"
	token    = "bearer-token-0123456789"
)

// login is a keychain that has one password for every registry.
type login struct{}

func (login) Resolve(authn.Resource) (authn.Authenticator, error) {
	return &authn.Basic{Username: "somebody", Password: password}, nil
}

// A rogue is a registry that answers as a test says, and else as it should.
type rogue struct {
	*httptest.Server
	inner http.Handler
	do    func(w http.ResponseWriter, r *http.Request, next http.Handler)

	mu       sync.Mutex
	requests []string
}

func (g *rogue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.requests = append(g.requests, r.Method+" "+r.URL.Path+" "+r.Header.Get("Range"))
	g.mu.Unlock()
	if g.do != nil {
		g.do(w, r, g.inner)
		return
	}
	g.inner.ServeHTTP(w, r)
}

func (g *rogue) host() string { return strings.TrimPrefix(g.URL, "http://") }

// asked counts the requests of which a text is part.
func (g *rogue) asked(part string) (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range g.requests {
		if strings.Contains(r, part) {
			n++
		}
	}
	return n
}

// newRogue starts a registry that has an image app:1.
func newRogue(t *testing.T, img v1.Image) *rogue {
	t.Helper()
	g := &rogue{inner: fake.New(fake.Logger(log.New(io.Discard, "", 0)))}
	g.Server = httptest.NewServer(g)
	t.Cleanup(func() {
		g.CloseClientConnections()
		g.Close()
	})
	push(t, g.host()+"/app:1", img)
	g.requests = nil
	return g
}

// bigImage has one layer of about 3 MB that does not compress.
func bigImage(t *testing.T) v1.Image {
	t.Helper()
	big := make([]byte, 3<<20)
	rand.NewChaCha8(sha256.Sum256(nil)).Read(big)
	img, err := imagetest.Image(new(imagetest.Layer).File("a.list", "a").File("big", string(big)).File("z.list", "z"))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func layerDigest(t *testing.T, img v1.Image) string {
	t.Helper()
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	digest, err := layers[0].Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

// once does something to the first requests, and lets the others through.
func once(times int32, is func(*http.Request) bool, do http.HandlerFunc) func(http.ResponseWriter, *http.Request, http.Handler) {
	var n atomic.Int32
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if is(r) && n.Add(1) <= times {
			do(w, r)
			return
		}
		next.ServeHTTP(w, r)
	}
}

func about(what string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.Contains(r.URL.Path, what) }
}

// answer copies what a handler answers into memory.
func answer(next http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	next.ServeHTTP(w, r)
	return w
}

// abort ends the connection.
func abort() { panic(http.ErrAbortHandler) }

// What passes, passes: a registry that is busy or drops connections is asked again, and a blob goes on where it ended.
func TestRegistryRecovers(t *testing.T) {
	img := bigImage(t)
	layer := layerDigest(t, img)
	whole := layerBytes(t, img)
	// A MiB for each request, and then the connection is gone.
	pieces := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if !strings.HasSuffix(r.URL.Path, layer) {
			next.ServeHTTP(w, r)
			return
		}
		from := 0
		if s := r.Header.Get("Range"); s != "" {
			var err error
			first, _, _ := strings.Cut(strings.TrimPrefix(s, "bytes="), "-")
			if from, err = strconv.Atoi(first); err != nil {
				t.Error(err)
			}
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(whole)-1, len(whole)))
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(whole)-from))
		if from > 0 {
			w.WriteHeader(http.StatusPartialContent)
		}
		end := min(len(whole), from+1<<20)
		w.Write(whole[from:end])
		if end < len(whole) {
			w.(http.Flusher).Flush()
			abort()
		}
	}
	for _, c := range []struct {
		name string
		do   func(w http.ResponseWriter, r *http.Request, next http.Handler)
		asks string
		want int
	}{
		{"busy when greeted", once(2, func(r *http.Request) bool { return r.URL.Path == "/v2/" }, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }), "GET /v2/ ", 3},
		{"too many requests", once(1, about("/manifests/"), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(429)
		}), "/manifests/", 2},
		{"too many requests for blobs", once(1, about(layer), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", time.Now().Add(2*time.Second).UTC().Format(http.TimeFormat))
			w.WriteHeader(429)
		}), layer, 2},
		{"errors of the server", once(3, about(layer), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }), layer, 4},
		{"connection dropped at once", once(2, about("/manifests/"), func(http.ResponseWriter, *http.Request) { abort() }), "/manifests/", 3},
		{"manifest cut off", once(1, about("/manifests/"), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Write([]byte("{"))
			abort()
		}), "/manifests/", 2},
		// The Content-Type is that of a server of files; the manifest says what it is. https://github.com/containers/image/pull/58
		{"manifest of another type", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			res := answer(next, r)
			if strings.Contains(r.URL.Path, "/manifests/") {
				w.Header().Set("Content-Type", "application/json")
			}
			w.WriteHeader(res.Code)
			w.Write(res.Body.Bytes())
		}, "/manifests/", 1},
		{"blob resumed", pieces, layer + " bytes=", 3},
		{"blob cut off, without ranges", once(1, about(layer), func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
			w.Write(whole[:1<<20])
			w.(http.Flusher).Flush()
			abort()
		}), layer + " bytes=", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := newRogue(t, img)
			g.do = c.do
			if strings.Contains(c.name, "without ranges") {
				inner := g.inner
				g.inner = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					r.Header.Del("Range")
					inner.ServeHTTP(w, r)
				})
			}
			got, _, err := packagesOf(t, g.host()+"/app:1", source.Options{})
			if err != nil || got != "a z" {
				t.Errorf("found %q, error %v", got, err)
			}
			if n := g.asked(c.asks); n != c.want {
				t.Errorf("asked %d times for %q, want %d", n, c.asks, c.want)
			}
		})
	}
}

func layerBytes(t *testing.T, img v1.Image) []byte {
	t.Helper()
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	rc, err := layers[0].Compressed()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(rc)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// unauthorized asks for a token.
func unauthorized(g *rogue, w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", fmt.Sprintf("Bearer realm=%q,service=%q", g.URL+"/token", "rogue"))
	w.WriteHeader(http.StatusUnauthorized)
}

// What does not pass is an error that says what the registry did, soon, in few words, and without the password or the token,
// even if the registry sends them back.
func TestRegistryMisbehaves(t *testing.T) {
	img := bigImage(t)
	layer := layerDigest(t, img)
	config, err := img.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := img.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	type handler = func(g *rogue, w http.ResponseWriter, r *http.Request)
	only := func(part string, do handler) handler {
		return func(g *rogue, w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, part) {
				do(g, w, r)
				return
			}
			g.inner.ServeHTTP(w, r)
		}
	}
	status := func(code int, body string) handler {
		return func(_ *rogue, w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			io.WriteString(w, body)
		}
	}
	endless := func(_ *rogue, w http.ResponseWriter, _ *http.Request) {
		for b := bytes.Repeat([]byte(" "), 1<<16); ; {
			if _, err := w.Write(b); err != nil {
				return
			}
		}
	}
	// echo answers with whatever credentials it was given.
	echo := func(code int) handler {
		return func(_ *rogue, w http.ResponseWriter, r *http.Request) {
			auth := r.Header.Get("Authorization")
			user, pass, _ := r.BasicAuth()
			w.WriteHeader(code)
			fmt.Fprintf(w, `{"errors":[{"code":"DENIED","message":"you sent %s, which is %s and %s"}]}`, auth, user, pass)
		}
	}
	manifestOf := func(change func(m *v1.Manifest)) handler {
		return func(_ *rogue, w http.ResponseWriter, _ *http.Request) {
			m, err := v1.ParseManifest(bytes.NewReader(manifest))
			if err != nil {
				t.Error(err)
				return
			}
			change(m)
			w.Header().Set("Content-Type", string(types.OCIManifestSchema1))
			if err := json.NewEncoder(w).Encode(m); err != nil {
				t.Error(err)
			}
		}
	}
	var digestError *analyzer.DigestError
	var limitError *analyzer.LimitError
	var rateLimit *registry.RateLimitError
	for _, c := range []struct {
		name string
		ref  string // after the host
		do   handler
		is   error
		as   any
		want string
	}{
		{name: "401 loop", do: func(g *rogue, w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				fmt.Fprintf(w, `{"token":%q}`, token)
				return
			}
			unauthorized(g, w)
		}, want: "access denied"},
		{name: "401 for blobs", do: only("/blobs/", func(_ *rogue, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(401)
		}), want: "access denied"},
		{name: "no token", do: func(g *rogue, w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				fmt.Fprintf(w, `{"refresh_token":%q}`, token)
				return
			}
			unauthorized(g, w)
		}, want: "no token in bearer response"},
		{name: "endless token", do: func(g *rogue, w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				endless(g, w, r)
				return
			}
			unauthorized(g, w)
		}, want: "log in: body exceeds"},
		{name: "credentials in an answer", do: func(g *rogue, w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v2/" {
				w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
				w.WriteHeader(401)
				return
			}
			echo(403)(g, w, r)
		}, want: "DENIED: you sent Basic ***"},
		{name: "credentials in an answer about tokens", do: func(g *rogue, w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				echo(403)(g, w, r)
				return
			}
			unauthorized(g, w)
		}, want: "DENIED: you sent Basic ***"},
		{name: "token in an answer", do: func(g *rogue, w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/token":
				fmt.Fprintf(w, `{"token":%q}`, token)
			case r.Header.Get("Authorization") == "":
				unauthorized(g, w)
			default:
				echo(400)(g, w, r)
			}
		}, want: "DENIED: you sent Bearer ***"},
		{name: "too many requests, for an hour", do: only("/manifests/", func(_ *rogue, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(429)
		}), as: &rateLimit, want: "asks to retry after 1h0m0s"},
		{name: "always an error", do: only("/manifests/", status(500, "<html>"+strings.Repeat("<p>sorry", 10_000))), want: "unexpected status code 500 Internal Server Error: <html>"},
		{name: "blobs always an error", do: only(layer, status(502, "")), want: "layer 0: "},
		{name: "endless error", do: only("/manifests/", func(_ *rogue, w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(404)
			for b := bytes.Repeat([]byte(" "), 1<<16); ; {
				if _, err := w.Write(b); err != nil {
					return
				}
			}
		}), is: fs.ErrNotExist},
		{name: "endless greeting", do: func(g *rogue, w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v2/" {
				endless(g, w, r)
				return
			}
			w.WriteHeader(404)
		}, is: fs.ErrNotExist},
		{name: "blob always cut off", do: only(layer, func(_ *rogue, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(layerBytes(t, img))))
			w.Write(make([]byte, 10))
			abort()
		}), want: "layer 0: "},
		{name: "wrong digest of a layer", do: only(layer, func(_ *rogue, w http.ResponseWriter, _ *http.Request) {
			b := bytes.Clone(layerBytes(t, img))
			b[4]++ // the time in the gzip header
			w.Write(b)
		}), as: &digestError, want: "layer 0: its content has digest"},
		{name: "wrong digest of a configuration", do: only(config.Hex, func(_ *rogue, w http.ResponseWriter, _ *http.Request) {
			b, err := img.RawConfigFile()
			if err != nil {
				t.Error(err)
			}
			w.Write(bytes.ToUpper(b))
		}), as: &digestError, want: "configuration: its content has digest"},
		{name: "wrong digest of a manifest", ref: "/app@" + digest.String(), do: only("/manifests/", status(200, "{}")), as: &digestError, want: "its content has digest sha256:44136fa"},
		{name: "wrong size", do: only(layer, status(200, "short")), want: ": 5 bytes of text/plain, but the image names"},
		{name: "endless layer", do: only(layer, func(g *rogue, w http.ResponseWriter, r *http.Request) {
			b := layerBytes(t, img)
			w.Write(b)
			endless(g, w, r)
		}), want: "sent more bytes than announced"},
		{name: "endless manifest", do: only("/manifests/", endless), as: &limitError, want: "more than 8388608 bytes in an index, manifest or configuration"},
		{name: "configuration of 2^60 bytes", do: only("/manifests/", manifestOf(func(m *v1.Manifest) { m.Config.Size = 1 << 60 })), as: &limitError, want: "configuration: more than 8388608 bytes"},
		{name: "layer of 2^60 bytes", do: only("/manifests/", manifestOf(func(m *v1.Manifest) { m.Layers[0].Size = 1 << 60 })), want: ", but the image names 1152921504606846976"},
		{name: "layer of -1 bytes", do: only("/manifests/", manifestOf(func(m *v1.Manifest) { m.Layers[0].Size = -1 })), want: "the image names a size of -1 bytes"},
		{name: "an artifact", do: only("/manifests/", manifestOf(func(m *v1.Manifest) { m.Config.MediaType = "application/vnd.cncf.helm.config.v1+json" })), is: fs.ErrNotExist, want: "is not that of a container image"},
		{name: "an artifact as a layer", do: only("/manifests/", manifestOf(func(m *v1.Manifest) { m.Layers[0].MediaType = "application/vnd.in-toto+json" })), is: errors.ErrUnsupported, want: "layer 0: an artifact of type application/vnd.in-toto+json"},
		{name: "an encrypted layer", do: only("/manifests/", manifestOf(func(m *v1.Manifest) {
			m.Layers[0].MediaType = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"
		})), is: errors.ErrUnsupported, want: "layer 0: encrypted"},
		{name: "image or index", do: only("/manifests/", status(200, `{"schemaVersion":2,"manifests":[],"layers":[]}`)), want: "both manifests and layers"},
		{name: "no manifest", do: only("/manifests/", status(200, "sorry")), want: "invalid character"},
		{name: "a page", do: only("/manifests/", status(200, `<html>`)), want: "manifest 1: a web page, not a manifest"},
		{name: "a manifest of 2015", do: only("/manifests/", func(_ *rogue, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", string(types.DockerManifestSchema1Signed))
			io.WriteString(w, `{"schemaVersion":1}`)
		}), is: fs.ErrNotExist, want: "type application/vnd.docker.distribution.manifest.v1+prettyjws"},
		{name: "redirected in a circle", do: only("/blobs/", func(_ *rogue, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"?X-Signature=secret-signature", http.StatusTemporaryRedirect)
		}), want: "stopped after 10 redirects"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := newRogue(t, img)
			g.do = func(w http.ResponseWriter, r *http.Request, _ http.Handler) { c.do(g, w, r) }
			if c.ref == "" {
				c.ref = "/app:1"
			}
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			_, err := scanContext(ctx, g.host()+c.ref, source.Options{Registry: registry.Options{Keychain: login{}}})
			if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) || c.as != nil && !errors.As(err, c.as) {
				t.Fatalf("error %v, want %q that is %v or a %T", err, c.want, c.is, c.as)
			}
			if len(err.Error()) > 800 || strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of %d bytes: %v", len(err.Error()), err)
			}
			for _, secret := range []string{password, token, base64.StdEncoding.EncodeToString([]byte("somebody:" + password)), "secret-signature"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error has %q in it: %v", secret, err)
				}
			}
			if n := g.asked(""); n > 40 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func scanContext(ctx context.Context, ref string, o source.Options) (string, error) {
	img, err := source.Open(ctx, ref, o)
	if err != nil {
		return "", err
	}
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{words}}.Scan(ctx, img)
	if err = errors.Join(err, img.Close()); err != nil {
		return "", err
	}
	var names []string
	for _, c := range report.Components {
		names = append(names, c.Name)
	}
	return strings.Join(names, " "), nil
}

// Credentials are for the registry and whom it names for tokens: they do not follow a redirection to another host.
func TestCredentialsStay(t *testing.T) {
	img := bigImage(t)
	for _, scheme := range []string{"Basic", "Bearer"} {
		t.Run(scheme, func(t *testing.T) {
			var leaked atomic.Int32
			var g *rogue
			elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" {
					leaked.Add(1)
				}
				g.inner.ServeHTTP(w, r)
			}))
			defer elsewhere.Close()
			g = newRogue(t, img)
			var authorized atomic.Int32
			g.do = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				switch {
				case r.URL.Path == "/token":
					fmt.Fprintf(w, `{"token":%q}`, token)
				case r.Header.Get("Authorization") == "" && scheme == "Bearer":
					unauthorized(g, w)
				case r.Header.Get("Authorization") == "":
					w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
					w.WriteHeader(401)
				default:
					authorized.Add(1)
					http.Redirect(w, r, strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)+r.URL.Path, http.StatusTemporaryRedirect)
				}
			}
			got, err := scanContext(t.Context(), g.host()+"/app:1", source.Options{Registry: registry.Options{Keychain: login{}}})
			if err != nil || got != "a z" {
				t.Errorf("found %q, error %v", got, err)
			}
			if authorized.Load() == 0 {
				t.Error("the registry got no credentials")
			}
			if leaked.Load() > 0 {
				t.Error("another host got credentials")
			}
		})
	}
}

// A registry that is not named as insecure is spoken to through TLS only, whatever it redirects to.
func TestNoPlainHTTP(t *testing.T) {
	img := bigImage(t)
	g := newRogue(t, img)
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, g.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer secure.Close()
	client := secure.Client().Transport.(*http.Transport)
	defer client.CloseIdleConnections()
	// The certificate is for example.com; the connections go to the test's own servers.
	client.DialContext = nil
	ref := "example.com/app:1"
	o := source.Options{Registry: registry.Options{Transport: route{client, "example.com", strings.TrimPrefix(secure.URL, "https://")}}}
	if _, err := scanContext(t.Context(), ref, o); err == nil || !strings.Contains(err.Error(), "plain HTTP is not allowed") {
		t.Errorf("error %v", err)
	}
	plain := source.Options{Registry: registry.Options{Transport: route{client, "example.com", g.host()}}}
	if _, err := scanContext(t.Context(), ref, plain); err == nil || !strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		t.Errorf("error %v", err)
	}
	plain.Registry.Insecure = []string{"example.com"}
	if got, err := scanContext(t.Context(), ref, plain); err != nil || got != "a z" {
		t.Errorf("insecure: found %q, error %v", got, err)
	}
}

// route sends requests for one host to another.
type route struct {
	http.RoundTripper
	from, to string
}

func (r route) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host == r.from {
		req = req.Clone(req.Context())
		req.URL.Host = r.to
	}
	return r.RoundTripper.RoundTrip(req)
}

// A mirror that has the image is asked alone; one that has not, or is down, costs nothing but the attempt.
func TestMirrors(t *testing.T) {
	img := bigImage(t)
	mirror, origin := newRogue(t, img), newRogue(t, img)
	down := httptest.NewServer(nil)
	down.Close()
	empty := newRogue(t, img)
	empty.do = func(w http.ResponseWriter, r *http.Request, _ http.Handler) { w.WriteHeader(404) }
	for _, c := range []struct {
		name            string
		mirrors         []string
		atMirror, atAll bool
	}{
		{"has it", []string{mirror.host()}, true, false},
		{"has it not", []string{empty.host()}, false, true},
		{"one is down", []string{strings.TrimPrefix(down.URL, "http://"), mirror.host()}, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			mirror.requests, origin.requests = nil, nil
			o := source.Options{Registry: registry.Options{Mirrors: map[string][]string{origin.host(): c.mirrors}}}
			got, img, err := packagesOf(t, origin.host()+"/app:1", o)
			if err != nil || got != "a z" {
				t.Fatalf("found %q, error %v", got, err)
			}
			if img.Ref != "registry:"+origin.host()+"/app:1" {
				t.Errorf("Ref is %s", img.Ref)
			}
			if m, o := mirror.asked("") > 0, origin.asked("") > 0; m != c.atMirror || o != c.atAll {
				t.Errorf("asked the mirror: %v, the registry: %v", m, o)
			}
		})
	}
}

// A registry that sends a byte now and then, or nothing, is given up when the context ends, with all that was opened.
func TestSlowRegistry(t *testing.T) {
	img := bigImage(t)
	layer := layerDigest(t, img)
	for _, part := range []string{"/v2/", "/manifests/", layer} {
		for _, gap := range []time.Duration{10 * time.Millisecond, time.Hour} {
			t.Run(fmt.Sprintf("%.12s %v", strings.Trim(part, "/"), gap), func(t *testing.T) {
				g := newRogue(t, img)
				g.do = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					if !strings.Contains(r.URL.Path, part) {
						next.ServeHTTP(w, r)
						return
					}
					w.WriteHeader(200)
					for r.Context().Err() == nil {
						w.Write([]byte(" "))
						w.(http.Flusher).Flush()
						select {
						case <-time.After(gap):
						case <-r.Context().Done():
						}
					}
				}
				leak.Check(t)
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				start := time.Now()
				_, err := scanContext(ctx, g.host()+"/app:1", source.Options{})
				if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took > 3*time.Second { // 300 ms and what a busy machine adds
					t.Errorf("after %v: error %v", took, err)
				}
				g.CloseClientConnections()
			})
		}
	}
}

// A registry that sends next to nothing is given up though nobody sets a deadline.
func TestStalledRegistry(t *testing.T) {
	img := bigImage(t)
	layer := layerDigest(t, img)
	for _, part := range []string{"/v2/", "/manifests/", layer} {
		t.Run(fmt.Sprintf("%.12s", strings.Trim(part, "/")), func(t *testing.T) {
			g := newRogue(t, img)
			g.do = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if !strings.Contains(r.URL.Path, part) {
					next.ServeHTTP(w, r)
					return
				}
				if part != layer {
					<-r.Context().Done() // not even a header
					return
				}
				for r.Context().Err() == nil { // a byte now and then
					w.Write([]byte(" "))
					w.(http.Flusher).Flush()
					time.Sleep(5 * time.Millisecond)
				}
			}
			leak.Check(t)
			start := time.Now()
			_, err := scanContext(t.Context(), g.host()+"/app:1", source.Options{Registry: registry.Options{StallTimeout: 60 * time.Millisecond}})
			want, most := "stalled: sent nothing for 60ms", 10*time.Second
			if part == layer {
				want, most = "stalled: less than 64 KiB in 60ms", 30*time.Second
			}
			// anchore/grype#3496: a scan that waits for a silent registry for hours. It ends, and names the registry.
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), g.host()) {
				t.Errorf("error %v", err)
			}
			if took := time.Since(start); took > most {
				t.Errorf("after %v", took)
			}
			g.CloseClientConnections()
		})
	}
}
