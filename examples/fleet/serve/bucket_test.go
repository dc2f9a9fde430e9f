package serve_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/hullmark/hullmark/examples/fleet/internal/buckettest"
	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/objects"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/matcher"
)

// refuse answers with a status and a code.
func refuse(status int, code string) buckettest.Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
	}
}

// change sends an answer that change has changed.
func change(change func(r *http.Request, a *httptest.ResponseRecorder, body []byte) []byte) buckettest.Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		a := httptest.NewRecorder()
		next(a, r)
		body := change(r, a, a.Body.Bytes())
		for k, v := range a.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(a.Code)
		w.Write(body)
	}
}

// faults are the ways in which a bucket fails.
var faults = []struct {
	name  string
	fault buckettest.Fault
}{
	{"status 500", refuse(http.StatusInternalServerError, "InternalError")},
	{"status 403", refuse(http.StatusForbidden, "AccessDenied")},
	{"slow", func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		select {
		case <-time.After(300 * time.Millisecond):
			next(w, r)
		case <-r.Context().Done():
		}
	}},
	{"answers that break off", func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		a := httptest.NewRecorder()
		next(a, r) // what the request asks for happens
		if r.Method == http.MethodGet && a.Body.Len() > 0 {
			for k, v := range a.Header() {
				w.Header()[k] = v
			}
			w.Header().Set("Content-Length", strconv.Itoa(a.Body.Len()))
			w.WriteHeader(a.Code)
			w.Write(a.Body.Bytes()[:a.Body.Len()/2])
		}
		panic(http.ErrAbortHandler)
	}},
	{"parts that are too short", change(func(r *http.Request, a *httptest.ResponseRecorder, body []byte) []byte {
		if r.Method == http.MethodGet {
			body = body[:len(body)/2]
			a.Header().Set("Content-Length", strconv.Itoa(len(body)))
		}
		return body
	})},
	{"sizes that are too small", change(func(r *http.Request, a *httptest.ResponseRecorder, body []byte) []byte {
		if n, err := strconv.Atoi(a.Header().Get("Content-Length")); err == nil && r.Method == http.MethodHead {
			a.Header().Set("Content-Length", strconv.Itoa(n/2))
		}
		return body
	})},
	{"other bytes", change(func(r *http.Request, a *httptest.ResponseRecorder, body []byte) []byte {
		body = slices.Clone(body)
		if r.Method == http.MethodGet {
			for i := len(body) / 3; i < len(body); i += 1000 {
				body[i] ^= 1
			}
		}
		return body
	})},
}

// A bucketTrial is a service whose objects are in a bucket.
type bucketTrial struct {
	t        *testing.T
	bucket   *buckettest.Bucket
	c        *fleettest.Client
	archives [][]byte
	sboms    [][]byte
	ids      []string
}

// upload uploads archives and SBOMs of the trial, again while the service refuses them.
func (x *bucketTrial) upload(from, to int) {
	x.t.Helper()
	for i := from; i < to; i++ {
		for path, content := range map[string][]byte{"/v1/uploads": x.archives[i], "/v1/sboms": x.sboms[i]} {
			fleettest.Eventually(x.t, "the service takes an upload", func() bool {
				a := x.c.Do("POST", path+"?reference=registry.example/team/app"+strconv.Itoa(i)+":1", content)
				if a.Status == http.StatusServiceUnavailable && a.Header.Get("Retry-After") != "" {
					return false
				}
				var m fleettest.Submission
				a.Want(http.StatusAccepted).Into(&m)
				x.ids = append(x.ids, m.ID)
				return true
			})
		}
	}
}

// failing lets the bucket fail for a number of requests, and returns a function that waits for the last.
func (x *bucketTrial) failing(fault buckettest.Fault, requests int) (wait func()) {
	var mu sync.Mutex
	done := make(chan struct{})
	x.bucket.Fail(func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		mu.Lock()
		requests--
		if requests == 0 {
			x.bucket.Fail(nil)
			close(done)
		}
		mu.Unlock()
		fault(w, r, next)
	})
	return func() {
		x.t.Helper()
		select {
		case <-done:
		case <-time.After(2 * time.Minute):
			x.t.Fatal("the bucket gets too few requests")
		}
	}
}

// TestBucket: the bucket of a running service fails in each way while it takes uploads, analyzes, archives and restores. The service says 503
// meanwhile and never 500. At the end, every image is analyzed, each answer is that of a service without a fault, and the bucket has no upload.
func TestBucket(t *testing.T) {
	const images = 4
	var archives [][]byte
	for i := range images {
		ref, err := name.NewTag(fmt.Sprintf("registry.example/team/app%d:1", i))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		noise := strings.Repeat(fmt.Sprintf("%d noise ", i), 3000)
		if err := tarball.Write(ref, fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc", fmt.Sprintf("own%d 1.%d", i, i)), fleettest.Layer(t, "noise", noise)), &b); err != nil {
			t.Fatal(err)
		}
		archives = append(archives, b.Bytes())
	}
	// What a service without a fault answers.
	healthy := fleettest.Start(t, serve.Options{})
	fleettest.WriteAdvisories(t, healthy.File, fleettest.Debian12("CVE-2026-0001", "glibc", "2.37", matcher.High))
	first := &bucketTrial{t: t, c: healthy.Client(t, "team"), archives: archives}
	var want []string
	for i := range images {
		var m fleettest.Submission
		first.c.Do("POST", "/v1/uploads?reference=registry.example/team/app"+strconv.Itoa(i)+":1", archives[i]).Want(http.StatusAccepted).Into(&m)
		m = first.c.Wait(m.ID)
		first.sboms = append(first.sboms, first.c.Get("/v1/images/"+m.Image+"/sbom", nil).Body)
	}
	answers := func(c *fleettest.Client, digest string) string {
		t.Helper()
		return digest + " " + string(c.Get("/v1/images/"+digest+"/packages", nil).Body) + string(c.Get("/v1/images/"+digest+"/vulnerabilities", nil).Body)
	}
	first.upload(0, images)
	for _, id := range first.ids {
		if m := first.c.Wait(id); m.State != "analyzed" {
			t.Fatalf("%+v", m)
		} else {
			want = append(want, answers(first.c, m.Image))
		}
	}
	slices.Sort(want)
	fleettest.Databases(t, func(t *testing.T, address string) {
		for _, f := range faults {
			base := address
			t.Run(f.name, func(t *testing.T) {
				if base != "" {
					base = fleettest.Postgres(t)
				}
				t.Parallel()
				bucket := buckettest.New(t)
				data := t.TempDir()
				o := serve.Options{Data: data, Database: base, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))}
				var err error
				if o.Objects, err = objects.OpenS3(bucket.Address, buckettest.Getenv); err != nil {
					t.Fatal(err)
				}
				o.Role = serve.API
				s := fleettest.Start(t, o)
				fleettest.WriteAdvisories(t, s.File, fleettest.Debian12("CVE-2026-0001", "glibc", "2.37", matcher.High))
				x := &bucketTrial{t: t, bucket: bucket, c: s.Client(t, "team"), archives: archives, sboms: first.sboms}
				x.upload(0, images-1)
				wait := x.failing(f.fault, 12)
				o.Role = serve.Worker
				fleettest.Start(t, o)
				x.upload(images-1, images)
				wait()
				var got []string
				var digests []string
				for _, id := range x.ids {
					m := x.c.Wait(id)
					if m.State != "analyzed" {
						t.Fatalf("%+v", m)
					}
					digests = append(digests, m.Image)
					got = append(got, answers(x.c, m.Image))
				}
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("answers %s\nwant %s", got, want)
				}
				fleettest.Eventually(t, "no upload is left", func() bool { return len(bucket.Keys("some/prefix/upload/")) == 0 })

				// Archiving and restoring, which clients repeat.
				again := func(path, body string, status int) {
					t.Helper()
					x.failing(f.fault, 5)
					fleettest.Eventually(t, path, func() bool {
						var b any
						if body != "" {
							b = body
						}
						a := x.c.Do("POST", path, b)
						if a.Status >= 500 && (a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "") {
							t.Errorf("%s: status %d %s", path, a.Status, a.Body)
						}
						return a.Status == status || a.Status == http.StatusConflict && bytes.Contains(a.Body, []byte("not-archived"))
					})
					bucket.Fail(nil)
				}
				var list struct{ Items []any }
				again("/v1/archive", `{"rules": [{"olderThan": 1}]}`, http.StatusOK)
				fleettest.Eventually(t, "all images are archived", func() bool {
					x.c.Do("POST", "/v1/archive", `{"rules": [{"olderThan": 1}]}`).Want(http.StatusOK)
					return x.c.Get("/v1/images", &list) != nil && len(list.Items) == 0
				})
				for _, d := range digests {
					again("/v1/images/"+d+"/restore", "", http.StatusOK)
				}
				got = nil
				for _, d := range digests {
					got = append(got, answers(x.c, d))
				}
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("after restoring: answers %s\nwant %s", got, want)
				}
			})
		}
	})
}
