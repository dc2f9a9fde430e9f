// Package shelltest runs the shell lines of documents as their readers would: in an empty folder, with an empty home, and under the names
// of the documents.
//
// A proxy on this machine answers for every host: registries, and the publishers of advisories. No request leaves the machine.
package shelltest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// A Shell runs scripts.
type Shell struct {
	// Dir is the working directory.
	Dir string
	// Home is the home directory.
	Home string
	// Network answers the requests of scripts.
	Network *Network

	env map[string]string
}

// New returns a Shell in an empty directory. Scripts see no variable of this process but PATH, and only what Go needs to build.
func New(t testing.TB) *Shell {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("shell lines of documents were not run: only on Linux a variable names the certificates that programs trust")
	}
	for _, program := range []string{"bash", "go"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("shell lines of documents were not run: %s is not installed", program)
		}
	}
	s := &Shell{Dir: t.TempDir(), Home: t.TempDir(), Network: newNetwork(t)}
	certificate := filepath.Join(s.Home, "ca.pem")
	if err := os.WriteFile(certificate, s.Network.authority, 0o600); err != nil {
		t.Fatal(err)
	}
	s.env = map[string]string{
		"HOME": s.Home, "LANG": "C.UTF-8", "TZ": "UTC",
		"PATH":        filepath.Join(s.Home, "go/bin") + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"HTTPS_PROXY": s.Network.URL, "HTTP_PROXY": s.Network.URL, "SSL_CERT_FILE": certificate,
		"GOCACHE": goEnv(t, "GOCACHE"), "GOTOOLCHAIN": "local", "GOSUMDB": "off",
		// Builds do not depend on the directory, so that the cache of this machine has them. Modules can be deleted after the test.
		"GOFLAGS": "-trimpath -modcacherw -buildvcs=false",
		"GOPROXY": moduleProxy(t),
	}
	return s
}

// Set sets a variable for the scripts.
func (s *Shell) Set(key, value string) { s.env[key] = value }

// Unset removes a variable that Set has set.
func (s *Shell) Unset(key string) { delete(s.env, key) }

// Run runs a script with a shell and its arguments, such as bash -e, and returns its output of both kinds and its exit code.
func (s *Shell) Run(t testing.TB, script string, shell ...string) (output string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(ctx, shell[0], append(shell[1:], file)...)
	c.Dir, c.WaitDelay = s.Dir, time.Second
	for key, value := range s.env {
		c.Env = append(c.Env, key+"="+value)
	}
	var b bytes.Buffer
	c.Stdout, c.Stderr = &b, &b
	err := c.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return b.String(), 0
	case errors.As(err, &exit) && exit.Exited():
		return b.String(), exit.ExitCode()
	}
	t.Fatalf("%s: %v\n%s", script, err, &b)
	return "", 0
}

// Push stores an image in a registry of the network.
func (s *Shell) Push(t testing.TB, reference string, img v1.Image) {
	t.Helper()
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img, remote.WithContext(t.Context()), remote.WithTransport(inProcess{s.Network.registry(ref.Context().RegistryStr())})); err != nil {
		t.Fatal(err)
	}
}

// Referrers returns the number of artifacts that refer to an image.
func (s *Shell) Referrers(t testing.TB, reference string) int {
	t.Helper()
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	options := []remote.Option{remote.WithContext(t.Context()), remote.WithTransport(inProcess{s.Network.registry(ref.Context().RegistryStr())})}
	image, err := remote.Head(ref, options...)
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Referrers(ref.Context().Digest(image.Digest.String()), options...)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	return len(manifest.Manifests)
}

// Write writes a file in the working directory.
func (s *Shell) Write(t testing.TB, name, content string) {
	t.Helper()
	name = filepath.Join(s.Dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// Read reads a file in the working directory.
func (s *Shell) Read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(s.Dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func goEnv(t testing.TB, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// inProcess sends requests to a handler.
type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	out := &response{header: http.Header{}, code: http.StatusOK}
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI = in.URL.RequestURI()
	p.handler.ServeHTTP(out, in)
	return &http.Response{
		StatusCode: out.code, Status: http.StatusText(out.code), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: out.header,
		Body: io.NopCloser(&out.body), ContentLength: int64(out.body.Len()), Request: r,
	}, nil
}

// A response records the answer of a handler.
type response struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (r *response) Header() http.Header         { return r.header }
func (r *response) WriteHeader(code int)        { r.code = code }
func (r *response) Write(b []byte) (int, error) { return r.body.Write(b) }
