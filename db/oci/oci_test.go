package oci_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	fake "github.com/google/go-containerregistry/pkg/registry"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/oci"
	"github.com/hullmark/hullmark/internal/testing/dbtest"
	"github.com/hullmark/hullmark/internal/testing/leak"
	"github.com/hullmark/hullmark/matcher"
)

// A server is a registry in this process that may misbehave, and counts what it sends of blobs.
type server struct {
	*httptest.Server
	sent  atomic.Int64
	asked atomic.Int64
	wrong atomic.Value // func(http.ResponseWriter, *http.Request, http.Handler), what to do instead
}

func serve(t *testing.T) *server {
	t.Helper()
	inner := fake.New(fake.Logger(log.New(io.Discard, "", 0)))
	s := new(server)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/") {
			s.asked.Add(1)
			w = &countWriter{w, &s.sent}
		}
		if f, ok := s.wrong.Load().(misbehaviour); ok && f != nil {
			f(w, r, inner)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

type misbehaviour func(http.ResponseWriter, *http.Request, http.Handler)

func (s *server) ref() string { return strings.TrimPrefix(s.URL, "http://") + "/advisories:1" }

type countWriter struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (c *countWriter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return c.ResponseWriter.Write(p)
}

func build(t *testing.T, w *dbtest.World) []byte {
	t.Helper()
	var b db.Builder
	if err := w.Fill(&b); err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

var key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))

func trust() *db.SignaturePolicy {
	return &db.SignaturePolicy{Keys: []ed25519.PublicKey{key.Public().(ed25519.PublicKey)}}
}

func sign(t *testing.T, file []byte, at time.Time) []byte {
	t.Helper()
	d, err := db.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Sign(key, at)
	if err != nil {
		t.Fatal(err)
	}
	return append(bytes.Clone(file), s...)
}

func push(t *testing.T, ref string, file []byte) string {
	t.Helper()
	digest, err := oci.Push(t.Context(), ref, bytes.NewReader(file), int64(len(file)), oci.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

// answer is what matching asks of a database, as text.
func answer(t *testing.T, d *db.DB, keys []matcher.Key) string {
	t.Helper()
	var out strings.Builder
	var cves []string
	for a, err := range d.Advisories(t.Context(), keys) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&out, a)
		// A match needs threats of what affects the version that is installed: one in eight.
		for _, id := range append(a.Aliases, a.ID) {
			if strings.HasPrefix(id, "CVE") && strings.HasSuffix(id, "1") {
				cves = append(cves, id)
			}
		}
	}
	known, err := d.Enrichments(t.Context(), cves)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(&out, known)
	return out.String()
}

var day = time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)

// TestRemote matches typical images with a large database in a registry, and prints what that reads of it.
func TestRemote(t *testing.T) {
	scale := 2.0
	short := testing.Short() || os.Getenv("HULLMARK_CORPUS") == "" // who tests with real data has time for a large database too
	if short {
		scale = 0.3
	}
	w := dbtest.New(scale)
	file := sign(t, build(t, w), day)
	s := serve(t)
	push(t, s.ref(), file)
	local, err := db.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		s.sent.Store(0)
		s.asked.Store(0)
		d, _, err := oci.Open(t.Context(), s.ref(), oci.Options{Verify: trust()})
		if err != nil {
			t.Fatal(err)
		}
		opened := s.sent.Load()
		keys := w.Image(n)
		if got, want := answer(t, d, keys), answer(t, local, keys); got != want {
			t.Fatal("the answer is another one than that of the file")
		}
		sent, asked := s.sent.Load(), s.asked.Load()
		share := 100 * float64(sent) / float64(len(file))
		t.Logf("image %d, %d packages, against %d advisories in %d bytes: %d bytes in %d requests, %.2f %% of the file; opening took %d of them",
			n, len(keys), d.Info().Advisories, len(file), sent, asked, share, opened)
		if share >= 1 && !short {
			t.Errorf("%.2f %% of the file, want less than 1", share)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestDelta pulls what a day changes, over the file of the day before, and prints what that brings.
func TestDelta(t *testing.T) {
	w := dbtest.New(0.5)
	before := sign(t, build(t, w), day)
	w.NextDay()
	after := sign(t, build(t, w), day.AddDate(0, 0, 1))
	s := serve(t)
	name := filepath.Join(t.TempDir(), "a.db")
	o := oci.Options{Verify: trust()}
	pull := func() oci.Pulled {
		t.Helper()
		s.sent.Store(0)
		p, err := oci.Pull(t.Context(), s.ref(), name, o)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	push(t, s.ref(), before)
	if p := pull(); p.Unchanged || p.Reused != 0 {
		t.Errorf("the first time: %+v", p)
	}
	if got := read(t, name); !bytes.Equal(got, before) {
		t.Fatal("the file is not what was pushed")
	}
	if p := pull(); !p.Unchanged {
		t.Errorf("the same again: %+v", p)
	}
	digest := push(t, s.ref(), after)
	p := pull()
	if got := read(t, name); !bytes.Equal(got, after) {
		t.Fatal("the file is not what was pushed")
	}
	sent := s.sent.Load()
	t.Logf("a day's change of %d bytes: %d bytes in %d requests, %.1f %%; %d were there", len(after), sent, p.Requests, 100*float64(sent)/float64(len(after)), p.Reused)
	if p.Digest != digest || p.Bytes != sent || p.Reused < int64(len(after))*6/10 || sent > int64(len(after))*4/10 {
		t.Errorf("%+v", p)
	}

	// What is damaged here is brought again.
	bad := bytes.Clone(before)
	for i := 1000; i < len(bad)/3; i += 10_000 {
		bad[i] ^= 1
	}
	if err := os.WriteFile(name, bad, 0o600); err != nil {
		t.Fatal(err)
	}
	if p := pull(); p.Reused == 0 || !bytes.Equal(read(t, name), after) {
		t.Errorf("over a damaged file: %+v", p)
	}

	// The day before does not come back unasked.
	push(t, s.ref(), before)
	if _, err := oci.Pull(t.Context(), s.ref(), name, o); !errors.Is(err, oci.ErrOlder) || !bytes.Equal(read(t, name), after) {
		t.Errorf("older: %v", err)
	}
	o.Older = true
	if pull(); !bytes.Equal(read(t, name), before) {
		t.Error("older, asked for: the file is not what was pushed")
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	list, err := filepath.Glob(filepath.Join(filepath.Dir(name), "*"))
	if err != nil || len(list) != 1 {
		t.Errorf("left behind: %q, %v", list, err)
	}
	return b
}

func ranged(r *http.Request) bool {
	return strings.Contains(r.URL.Path, "/blobs/") && r.Header.Get("Range") != ""
}

// Registries that do not do what they should are said to.
func TestMisbehaviour(t *testing.T) {
	w := dbtest.New(0.02)
	plain := build(t, w)
	file := sign(t, plain, day)
	other := sign(t, build(t, dbtest.New(0.021)), day)
	s := serve(t)
	push(t, s.ref(), file)
	status := func(code int, body string) misbehaviour {
		return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if !ranged(r) {
				next.ServeHTTP(w, r)
				return
			}
			http.Error(w, body, code)
		}
	}
	replace := func(change func(b []byte, w http.ResponseWriter) []byte) misbehaviour {
		return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if !ranged(r) {
				next.ServeHTTP(w, r)
				return
			}
			rec := httptest.NewRecorder()
			next.ServeHTTP(rec, r)
			w.Header().Set("Content-Range", rec.Header().Get("Content-Range"))
			body := change(rec.Body.Bytes(), w)
			w.WriteHeader(rec.Code)
			w.Write(body)
		}
	}
	for _, tt := range []struct {
		name  string
		wrong misbehaviour
		is    error
		text  string
		pulls bool // all the same
	}{
		{"ignores Range", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			r.Header.Del("Range")
			next.ServeHTTP(w, r)
		}, errors.ErrUnsupported, "only whole blobs", true},
		{"another range", replace(func(b []byte, w http.ResponseWriter) []byte {
			w.Header().Set("Content-Range", "bytes 1-2/3")
			return b
		}), nil, `sent "bytes 1-2/3" instead of bytes `, false},
		{"another size", replace(func(b []byte, w http.ResponseWriter) []byte {
			w.Header().Set("Content-Range", strings.Split(w.Header().Get("Content-Range"), "/")[0]+"/1234567")
			return b
		}), nil, "1234567", false},
		{"other bytes", replace(func(b []byte, w http.ResponseWriter) []byte {
			if len(b) > 8 { // not what the file begins with
				b[len(b)/2] ^= 1
			}
			return b
		}), db.ErrCorrupt, "hash mismatch", false},
		{"more bytes", replace(func(b []byte, w http.ResponseWriter) []byte { return append(b, 0) }), nil, ", but the image names", false},
		{"fewer bytes", replace(func(b []byte, w http.ResponseWriter) []byte { return b[:len(b)-1] }), io.ErrUnexpectedEOF, "", false},
		{"401", status(401, "no"), nil, "access denied", false},
		{"403", status(403, "no"), fs.ErrPermission, "access denied", false},
		{"404", status(404, "no"), fs.ErrNotExist, "", false},
		{"416", status(416, "no"), nil, "416", false},
		{"429", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			w.Header().Set("Retry-After", "3600")
			http.Error(w, "slow down", http.StatusTooManyRequests)
		}, nil, "asks to retry after 1h", false},
		{"an image", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.Contains(r.URL.Path, "/manifests/") {
				w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
				io.WriteString(w, `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}]}`)
				return
			}
			next.ServeHTTP(w, r)
		}, db.ErrNotDatabase, "layer.v1.tar+gzip", false},
		{"HTML", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.Contains(r.URL.Path, "/manifests/") {
				io.WriteString(w, "<html>Welcome")
				return
			}
			next.ServeHTTP(w, r)
		}, nil, "a web page, not a manifest", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.wrong.Store(tt.wrong)
			defer s.wrong.Store(misbehaviour(nil))
			_, _, err := oci.Open(t.Context(), s.ref(), oci.Options{Verify: trust()})
			if err == nil || tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("Open: %v, want %v, %q", err, tt.is, tt.text)
			}
			name := filepath.Join(t.TempDir(), "a.db")
			_, err = oci.Pull(t.Context(), s.ref(), name, oci.Options{Verify: trust()})
			if (err == nil) != tt.pulls {
				t.Errorf("Pull: %v", err)
			}
			if _, e := os.Stat(name); (e == nil) != tt.pulls {
				t.Errorf("after Pull: %v", e)
			}
		})
	}

	t.Run("busy for a moment", func(t *testing.T) {
		var n atomic.Int64
		s.wrong.Store(misbehaviour(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if n.Add(1)%5 == 0 {
				http.Error(w, "busy", http.StatusServiceUnavailable)
				return
			}
			next.ServeHTTP(w, r)
		}))
		defer s.wrong.Store(misbehaviour(nil))
		d, _, err := oci.Open(t.Context(), s.ref(), oci.Options{Verify: trust()})
		if err != nil {
			t.Fatal(err)
		}
		answer(t, d, w.Image(1))
	})

	t.Run("not signed", func(t *testing.T) {
		push(t, s.ref(), plain)
		if _, _, err := oci.Open(t.Context(), s.ref(), oci.Options{Verify: trust()}); !errors.Is(err, db.ErrUntrusted) {
			t.Errorf("Open: %v", err)
		}
		if _, err := oci.Pull(t.Context(), s.ref(), filepath.Join(t.TempDir(), "a.db"), oci.Options{Verify: trust()}); !errors.Is(err, db.ErrUntrusted) {
			t.Errorf("Pull: %v", err)
		}
		if _, err := oci.Push(t.Context(), s.ref(), bytes.NewReader(plain), int64(len(plain)), oci.Options{Verify: trust()}); !errors.Is(err, db.ErrUntrusted) {
			t.Errorf("Push: %v", err)
		}
	})

	t.Run("other blob of a digest", func(t *testing.T) {
		digest := push(t, s.ref(), plain)
		ref := strings.TrimSuffix(s.ref(), ":1") + "@" + digest
		_, opened, err := oci.Open(t.Context(), ref, oci.Options{})
		if err != nil || opened != digest {
			t.Fatal(err)
		}
		s.wrong.Store(misbehaviour(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.Contains(r.URL.Path, "/blobs/") {
				http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(other[:len(other)-128]))
				return
			}
			next.ServeHTTP(w, r)
		}))
		defer s.wrong.Store(misbehaviour(nil))
		if _, _, err := oci.Open(t.Context(), ref, oci.Options{}); err == nil {
			t.Error("accepted")
		}
	})
}

// A registry that asks for credentials gets those of the keychain, on redirections to other hosts none.
func TestCredentials(t *testing.T) {
	w := dbtest.New(0.02)
	file := build(t, w)
	s := serve(t)
	push(t, s.ref(), file)
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("credentials went to another host")
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file))
	}))
	defer storage.Close()
	const secret = "c0rrect-horse"
	s.wrong.Store(misbehaviour(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if user, password, _ := r.BasicAuth(); user != "me" || password != secret {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			http.Error(w, "who are you, "+password+"?", http.StatusUnauthorized)
			return
		}
		if strings.Contains(r.URL.Path, "/blobs/") {
			http.Redirect(w, r, storage.URL+"/x?signature=abc", http.StatusTemporaryRedirect)
			return
		}
		next.ServeHTTP(w, r)
	}))
	d, _, err := oci.Open(t.Context(), s.ref(), oci.Options{Registry: registry.Options{Keychain: keychain{"me", secret}}})
	if err != nil {
		t.Fatal(err)
	}
	before := s.asked.Load()
	answer(t, d, w.Image(1))
	if n := s.asked.Load() - before; n != 0 {
		t.Errorf("%d redirections, though it is known where they lead", n)
	}
	_, _, err = oci.Open(t.Context(), s.ref(), oci.Options{Registry: registry.Options{Keychain: keychain{"me", secret + "x"}}})
	if err == nil || !strings.Contains(err.Error(), "access denied") || strings.Contains(err.Error(), secret) {
		t.Errorf("wrong password: %v", err)
	}
}

type keychain struct{ user, password string }

func (k keychain) Resolve(authn.Resource) (authn.Authenticator, error) {
	return authn.FromConfig(authn.AuthConfig{Username: k.user, Password: k.password}), nil
}

// A pull that is interrupted goes on where the connection broke, and one that is cancelled leaves everything as it was.
func TestInterrupted(t *testing.T) {
	file := build(t, dbtest.New(0.05))
	s := serve(t)
	digest := push(t, s.ref(), file)
	leak.Check(t)
	var cuts atomic.Int64
	s.wrong.Store(misbehaviour(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/blobs/") || cuts.Add(1) > 6 {
			next.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.Header().Set("Content-Length", fmt.Sprint(rec.Body.Len()))
		w.WriteHeader(rec.Code)
		w.Write(rec.Body.Bytes()[:rec.Body.Len()*2/3])
		panic(http.ErrAbortHandler)
	}))
	name := filepath.Join(t.TempDir(), "a.db")
	p, err := oci.Pull(t.Context(), s.ref(), name, oci.Options{})
	if err != nil || p.Digest != digest || !bytes.Equal(read(t, name), file) || cuts.Load() < 7 {
		t.Errorf("%+v after %d cuts: %v", p, cuts.Load(), err)
	}
	s.wrong.Store(misbehaviour(nil))
	ctx, cancel := context.WithCancel(t.Context())
	_, err = oci.Pull(ctx, s.ref(), name+"2", oci.Options{Progress: func(done, total int64) { cancel() }})
	if !errors.Is(err, context.Canceled) || !bytes.Equal(read(t, name), file) {
		t.Errorf("cancelled: %v", err)
	}
}

// What is no database is not replaced by one.
func TestPullOver(t *testing.T) {
	s := serve(t)
	push(t, s.ref(), build(t, dbtest.New(0.01)))
	name := filepath.Join(t.TempDir(), "letters.txt")
	if err := os.WriteFile(name, []byte(strings.Repeat("Dear Ada,\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := oci.Pull(t.Context(), s.ref(), name, oci.Options{}); !errors.Is(err, db.ErrNotDatabase) {
		t.Error(err)
	}
	if !strings.HasPrefix(string(read(t, name)), "Dear Ada") {
		t.Error("replaced")
	}
	for _, ref := range []string{"", "a b", "UPPER/case:1"} {
		if _, _, err := oci.Open(t.Context(), ref, oci.Options{}); err == nil {
			t.Errorf("%q: accepted", ref)
		}
	}
}
