package api_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/matcher"
)

// sample is an image with packages of Debian and npm, an account, a set-uid file's absence and a private key.
func sample(t *testing.T) v1.Image {
	return fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc", "libc-bin 2.36-9 glibc", "zlib1g 1.2 zlib"),
		fleettest.Layer(t, "app/node_modules/left/package.json", `{"name": "left", "version": "1.0.0", "license": "MIT"}`, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"))
}

func advisories() []matcher.Advisory {
	wontfix := fleettest.Debian12("CVE-2026-0003", "zlib", "", matcher.Low)
	wontfix.Status, wontfix.Reason = matcher.WillNotFix, "no-dsa"
	return []matcher.Advisory{
		fleettest.Debian12("CVE-2026-0001", "glibc", "2.36-10", matcher.High),
		fleettest.NPM("GHSA-aaaa-bbbb-cccc", "left", "2.0.0", matcher.Critical),
		wontfix,
	}
}

// TestImage reads everything about one image, by all its names.
func TestImage(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address})
		r := fleettest.NewRegistry(t)
		ref, digest := r.Push(t, "team/app:1", sample(t))
		c := s.Client(t, "team")

		c.Do("GET", "/v1/images/"+digest, nil).Want(http.StatusNotFound)
		c.Analyze(ref)
		a := c.Do("GET", "/v1/images/"+digest+"/vulnerabilities", nil).Want(http.StatusServiceUnavailable)
		if a.Header.Get("Retry-After") == "" {
			t.Error("no advisories: no Retry-After")
		}
		fleettest.WriteAdvisories(t, s.File, advisories()...)

		var image struct {
			Digest, Config, State, Reference, Platform string
			Tags                                       []struct{ Name string }
		}
		c.Get("/v1/images/"+digest, &image)
		if image.State != "analyzed" || image.Platform != "linux/amd64" || len(image.Tags) != 1 || image.Tags[0].Name != ref {
			t.Errorf("image: %+v", image)
		}
		for _, other := range []string{image.Config, url.PathEscape(ref)} {
			var same struct{ Digest string }
			if c.Get("/v1/images/"+other, &same); same.Digest != digest {
				t.Errorf("by %s: %s", other, same.Digest)
			}
		}

		// Packages, page by page.
		var names []string
		for path := "/v1/images/" + digest + "/packages?limit=2"; path != ""; {
			var p struct {
				Items []struct{ Name, PURL, Type string }
				Next  string
			}
			c.Get(path, &p)
			for _, x := range p.Items {
				names = append(names, x.Type+" "+x.Name)
			}
			if path = ""; p.Next != "" {
				path = "/v1/images/" + digest + "/packages?limit=2&cursor=" + p.Next
			}
		}
		if want := []string{"deb libc-bin", "deb libc6", "deb zlib1g", "npm left"}; !slices.Equal(names, want) {
			t.Errorf("packages %v, want %v", names, want)
		}

		for _, test := range []struct{ query, want string }{
			{"", "CVE-2026-0001 libc-bin, CVE-2026-0001 libc6, CVE-2026-0003 zlib1g, GHSA-aaaa-bbbb-cccc left"},
			{"type=all", "CVE-2026-0001 libc-bin, CVE-2026-0001 libc6, CVE-2026-0003 zlib1g, GHSA-aaaa-bbbb-cccc left"},
			{"type=os", "CVE-2026-0001 libc-bin, CVE-2026-0001 libc6, CVE-2026-0003 zlib1g"},
			{"type=non-os", "GHSA-aaaa-bbbb-cccc left"},
			{"type=os&vendor_only=true", "CVE-2026-0001 libc-bin, CVE-2026-0001 libc6"},
			{"status=will-not-fix", "CVE-2026-0003 zlib1g"},
			{"severity=critical", "GHSA-aaaa-bbbb-cccc left"},
			{"severity=high&type=os", "CVE-2026-0001 libc-bin, CVE-2026-0001 libc6"},
		} {
			var v struct {
				Database string
				Items    []struct {
					ID      string
					Package struct{ Name string }
				}
			}
			a := c.Get("/v1/images/"+digest+"/vulnerabilities?"+test.query, &v)
			var got []string
			for _, x := range v.Items {
				got = append(got, x.ID+" "+x.Package.Name)
			}
			if strings.Join(got, ", ") != test.want {
				t.Errorf("%s: %s, want %s", test.query, strings.Join(got, ", "), test.want)
			}
			if v.Database == "" || a.Header.Get("Fleet-Database") != v.Database {
				t.Errorf("%s: database %q, header %q", test.query, v.Database, a.Header.Get("Fleet-Database"))
			}
		}

		// The same answer is not sent again, and other advisories are another answer.
		path := "/v1/images/" + digest + "/vulnerabilities"
		tag := c.Get(path, nil).Header.Get("ETag")
		c.Do("GET", path, nil, "If-None-Match", tag).Want(http.StatusNotModified)
		fleettest.WriteAdvisories(t, s.File, advisories()[:1]...)
		c.Do("GET", path, nil, "If-None-Match", tag).Want(http.StatusOK)

		// Content.
		manifest := c.Get("/v1/images/"+digest+"/manifest", nil).Body
		if h, _, err := v1.SHA256(bytes.NewReader(manifest)); err != nil || h.String() != digest {
			t.Errorf("the manifest has the digest %s", h)
		}
		config := c.Get("/v1/images/"+digest+"/config", nil).Body
		if h, _, err := v1.SHA256(bytes.NewReader(config)); err != nil || h.String() != image.Config {
			t.Errorf("the configuration has the digest %s", h)
		}
		for path, want := range map[string]string{
			"history":                   `"createdBy":"RUN step 1"`,
			"files?prefix=app/&limit=1": `"path":"app/node_modules`,
			"records?kind=account":      `"key":"root"`,
			"findings":                  `"items":[`,
			"secrets":                   `"items":[`,
			"report?format=table":       "CVE-2026-0001",
			"report":                    "CVE-2026-0001",
			"report?format=sarif":       "CVE-2026-0001",
			"report?format=html":        "CVE-2026-0001",
			"report?format=junit":       "CVE-2026-0001",
			"report?format=gitlab":      "CVE-2026-0001",
			"report?format=markdown":    "CVE-2026-0001",
			"sbom":                      `"bomFormat": "CycloneDX"`,
			"sbom?format=cyclonedx-xml": "<bom ",
			"sbom?format=spdx-json":     `"SPDX-2.3"`,
			"sbom?format=in-toto":       "in-toto.io/Statement",
			"sbom?version=1.4":          `"specVersion": "1.4"`,
			"sbom?vulnerabilities=true": "CVE-2026-0001",
		} {
			if a := c.Get("/v1/images/"+digest+"/"+path, nil); !strings.Contains(string(a.Body), want) {
				t.Errorf("%s has no %s: %.500s", path, want, a.Body)
			}
		}
		c.Do("GET", "/v1/images/"+digest+"/sbom?version=9", nil).Want(http.StatusUnprocessableEntity)

		// Annotations, with a revision.
		tag = c.Get("/v1/images/"+digest, nil).Header.Get("ETag")
		c.Do("PATCH", "/v1/images/"+digest, `{"annotations": {"owner": "a"}}`, "If-Match", tag).Want(http.StatusOK)
		c.Do("PATCH", "/v1/images/"+digest, `{"annotations": {"owner": "b"}}`, "If-Match", tag).Want(http.StatusPreconditionFailed)

		// Analyze again, and delete.
		var m fleettest.Submission
		c.Do("POST", "/v1/images/"+digest+"/analyze", nil).Want(http.StatusAccepted).Into(&m)
		if m = c.Wait(m.ID); m.State != "analyzed" {
			t.Errorf("again: %+v", m)
		}
		c.Do("DELETE", "/v1/images/"+digest, nil).Want(http.StatusNoContent)
		c.Do("GET", "/v1/images/"+digest, nil).Want(http.StatusNotFound)
	})
}

// TestUploads submits archives and SBOMs.
func TestUploads(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address, MaxUpload: 1 << 20})
		fleettest.WriteAdvisories(t, s.File, advisories()...)
		c := s.Client(t, "team")
		img := sample(t)
		var archive bytes.Buffer
		ref, err := name.NewTag("registry.example/team/app:2")
		if err == nil {
			err = tarball.Write(ref, img, &archive)
		}
		if err != nil {
			t.Fatal(err)
		}
		var m fleettest.Submission
		c.Do("POST", "/v1/uploads?reference=registry.example/team/app:2", archive.Bytes()).Want(http.StatusAccepted).Into(&m)
		if m = c.Wait(m.ID); m.State != "analyzed" {
			t.Fatalf("archive: %+v", m)
		}
		bom := c.Get("/v1/images/"+url.PathEscape("registry.example/team/app:2")+"/sbom?format=cyclonedx-json", nil).Body
		var b fleettest.Submission
		c.Do("POST", "/v1/sboms?reference=registry.example/team/app:3", bom).Want(http.StatusAccepted).Into(&b)
		if b = c.Wait(b.ID); b.State != "analyzed" || b.Image == m.Image {
			t.Fatalf("SBOM: %+v", b)
		}
		ids := func(image string) (list []string) {
			var v struct{ Items []struct{ ID string } }
			c.Get("/v1/images/"+image+"/vulnerabilities", &v)
			for _, x := range v.Items {
				list = append(list, x.ID)
			}
			return list
		}
		if x, y := ids(m.Image), ids(b.Image); !slices.Equal(x, y) || len(x) != 4 {
			t.Errorf("the archive has %v, its SBOM %v", x, y)
		}
		// The SBOM states the configuration's digest, which gives no right to see it.
		c.Do("GET", "/v1/images/"+b.Image+"/config", nil).Want(http.StatusNotFound)
		s.Client(t, "other").Do("POST", "/v1/sboms", bom).Want(http.StatusAccepted).Into(&b)

		for what, content := range map[string][]byte{"no archive": []byte("x"), "empty": nil, "cut off": archive.Bytes()[:archive.Len()/2]} {
			c.Do("POST", "/v1/uploads", content).Want(http.StatusAccepted).Into(&m)
			if m = c.Wait(m.ID); m.State != "failed" || m.Reason != "malformed" || m.Attempts != 1 {
				t.Errorf("%s: %+v", what, m)
			}
		}
		c.Do("POST", "/v1/uploads", make([]byte, 1<<20+1)).Want(http.StatusRequestEntityTooLarge)
		// A link out of the archive is not followed.
		var link bytes.Buffer
		w := tar.NewWriter(&link)
		w.WriteHeader(&tar.Header{Name: "manifest.json", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"})
		w.Close()
		c.Do("POST", "/v1/uploads", link.Bytes()).Want(http.StatusAccepted).Into(&m)
		if m = c.Wait(m.ID); m.State != "failed" || strings.Contains(m.Message, "root:") {
			t.Errorf("a link: %+v", m)
		}
	})
}

// TestRefused lists requests that are refused.
func TestRefused(t *testing.T) {
	s := fleettest.Start(t, serve.Options{})
	c := s.Client(t, "team")
	c.Do("PUT", "/v1/registries", `{"patterns": ["registry.example", "127.0.0.1:*/team/**", "169.254.169.254", "*.internal"]}`).Want(200)
	for _, test := range []struct {
		method, path string
		body         any
		status       int
	}{
		{"POST", "/v1/submissions", `{`, 400},
		{"POST", "/v1/submissions", `{"reference": "registry.example/app", "unknown": 1}`, 400},
		{"POST", "/v1/submissions", `{"reference": "registry.example/app"} {}`, 400},
		{"POST", "/v1/submissions", `{"reference": "registry.example/app", "annotations": {"a": "\u0000"}}`, 400},
		{"POST", "/v1/submissions", `{"reference": "registry.example/UPPER"}`, 400},
		{"POST", "/v1/submissions", `{"reference": "oci:/etc"}`, 403}, // the repository "library/oci" of Docker Hub
		{"POST", "/v1/submissions", `{"reference": "/etc/passwd"}`, 403},
		{"POST", "/v1/submissions", `{"reference": "registry.example/app", "platform": "a/b/c/d/e"}`, 400},
		{"POST", "/v1/submissions", `{"reference": "registry.example/app", "priority": 10}`, 400},
		{"POST", "/v1/submissions", `{"reference": "other.example/app"}`, 403},
		{"POST", "/v1/submissions", `{"annotations": {"a": "` + strings.Repeat("x", 1<<20) + `"}}`, 413},
		{"GET", "/v1/submissions?limit=0", nil, 400},
		{"GET", "/v1/submissions?limit=1001", nil, 400},
		{"GET", "/v1/submissions?limit=1&limit=2", nil, 400},
		{"GET", "/v1/submissions?cursor=zz", nil, 400},
		{"GET", "/v1/submissions?state=lost", nil, 400},
		{"GET", "/v1/submissions?unknown=1", nil, 400},
		{"GET", "/v1/images/%00", nil, 400},
		{"GET", "/v1/images/%ff", nil, 400},
		{"GET", "/v1/affected", nil, 400},
		{"GET", "/v1/affected?id=a&purl=pkg:npm/a", nil, 400},
		{"GET", "/v1/affected?purl=pkg:npm/*", nil, 400},
		{"PUT", "/v1/policies/a%2Fb", map[string]any{"document": policy}, 400},
		{"PUT", "/v1/policies/a", `{"document": "x"}`, 422},
		{"PUT", "/v1/mappings", `{"items": [{"pattern": "**", "policy": "none"}]}`, 422},
		{"PUT", "/v1/advisories/A-1", `{"id": "A-2"}`, 422},
		{"POST", "/v1/marks", `{"vulnerability": "CVE-1", "packages": ["x"], "status": "fixed"}`, 400},
		{"POST", "/v1/marks", `{"vulnerability": "CVE-1", "packages": ["pkg:npm/a"], "status": "not-affected"}`, 422},
		{"POST", "/v1/subscriptions", `{"url": "file:///etc/passwd"}`, 400},
		{"POST", "/v1/subscriptions", `{"url": "https://user:secret@receiver.example/"}`, 400},
		{"POST", "/v1/tokens", `{"name": "x", "scopes": ["root"]}`, 400},
	} {
		a := c.Do(test.method, test.path, test.body)
		if a.Status != test.status {
			t.Errorf("%s %s %.100v: status %d, want %d: %.300s", test.method, test.path, test.body, a.Status, test.status, a.Body)
		}
	}
	raw := *c
	raw.Unchecked = true // the document does not have these
	for path, status := range map[string]int{"/v1/unknown": 404, "/unknown": 404, "/v1/images/a/b/c": 404} {
		if a := raw.Do("GET", path, nil); a.Status != status || a.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: status %d, %s", path, a.Status, a.Header.Get("Content-Type"))
		}
	}
	if a := raw.Do("PUT", "/v1/images", nil); a.Status != 405 || a.Header.Get("Allow") != "GET" {
		t.Errorf("PUT: status %d, Allow %q", a.Status, a.Header.Get("Allow"))
	}
}

// TestIdempotency sends requests twice.
func TestIdempotency(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address, Role: serve.API})
		c := s.Client(t, "team")
		var ids []string
		for range 2 {
			var m fleettest.Submission
			a := c.Do("POST", "/v1/submissions", `{"reference": "registry.example/app:1"}`, "Idempotency-Key", "k1").Want(202).Into(&m)
			ids = append(ids, m.ID, strings.TrimPrefix(a.Header.Get("Location"), "/v1/submissions/"))
		}
		if slices.Sort(ids); len(slices.Compact(ids)) != 1 {
			t.Errorf("submissions %v", ids)
		}
		c.Do("POST", "/v1/submissions", `{"reference": "registry.example/app:2"}`, "Idempotency-Key", "k1").Want(422)
		s.Client(t, "other").Do("POST", "/v1/submissions", `{"reference": "registry.example/app:2"}`, "Idempotency-Key", "k1").Want(202)
		for range 2 {
			c.Do("POST", "/v1/sboms", []byte("{}"), "Idempotency-Key", "k2").Want(202)
		}
		var list struct{ Items []fleettest.Submission }
		if c.Get("/v1/submissions?state=waiting", &list); len(list.Items) != 2 {
			t.Errorf("%d submissions, want 2", len(list.Items))
		}
		// Many at once are one.
		done := make(chan string)
		for range 8 {
			go func() {
				q, _ := http.NewRequest("POST", c.URL+"/v1/submissions", strings.NewReader(`{"reference": "registry.example/app:3"}`))
				q.Header.Set("Authorization", "Bearer "+c.Secret)
				q.Header.Set("Idempotency-Key", "k3")
				a, err := http.DefaultClient.Do(q)
				if err != nil {
					done <- err.Error()
					return
				}
				defer a.Body.Close()
				b, _ := io.ReadAll(a.Body)
				var m struct{ ID string }
				json.Unmarshal(b, &m)
				done <- fmt.Sprint(a.StatusCode, " ", m.ID)
			}()
		}
		first := <-done
		for range 7 {
			if got := <-done; got != first || !strings.HasPrefix(got, "202 ") {
				t.Errorf("%s, want %s", got, first)
			}
		}
	})
}
