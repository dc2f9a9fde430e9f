package api_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher"
)

// TestStranger gives a second tenant all names of the first one's things. Each answer is the same as for a name that nothing has.
func TestStranger(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address})
		fleettest.WriteAdvisories(t, s.File, fleettest.Debian12("CVE-2026-0001", "glibc", "2.37", matcher.High))
		r := fleettest.NewRegistry(t)
		ref, digest := r.Push(t, "team/hidden-app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36 glibc")))
		owner, stranger := s.Client(t, "owner"), s.Client(t, "stranger")
		m := owner.Wait(owner.Submit(ref).ID)
		all := bodies(ref)
		owner.Do("PUT", "/v1/policies/hidden-policy", all["setPolicy"]).Want(201)
		owner.Do("PUT", "/v1/policies/mappings", all["setPolicy"])
		owner.Do("POST", "/v1/marks", all["addMark"]).Want(201)
		var image struct{ Config string }
		owner.Get("/v1/images/"+digest, &image)
		etag := owner.Get("/v1/images/"+digest, nil).Header.Get("ETag")
		none := "sha256:" + strings.Repeat("0", 64)
		stranger.Unchecked = true
		ask := func(method, path string, body any, headers ...string) string {
			a := stranger.Do(method, path, body, headers...)
			return fmt.Sprint(a.Status, " ", string(a.Body), a.Header.Get("ETag"), a.Header.Get("Fleet-Database"))
		}
		for _, name := range []string{digest, image.Config, url.PathEscape(ref), strings.ToUpper(digest)} {
			for _, rest := range []string{"", "/packages", "/vulnerabilities", "/sbom", "/report", "/verdict", "/verdicts", "/manifest", "/config", "/history", "/files", "/findings", "/secrets", "/records"} {
				if theirs, nothing := ask("GET", "/v1/images/"+name+rest, nil, "If-None-Match", etag), ask("GET", "/v1/images/"+none+rest, nil); theirs != nothing {
					t.Errorf("GET %s%s: %s, want %s", name, rest, theirs, nothing)
				}
			}
			for _, method := range []string{"DELETE", "PATCH"} {
				if theirs, nothing := ask(method, "/v1/images/"+name, all["changeImage"], "If-Match", etag), ask(method, "/v1/images/"+none, all["changeImage"], "If-Match", etag); theirs != nothing {
					t.Errorf("%s %s: %s, want %s", method, name, theirs, nothing)
				}
			}
		}
		for _, pair := range [][2]string{{"/v1/submissions/" + m.ID, "/v1/submissions/none"}, {"/v1/policies/hidden-policy", "/v1/policies/none"},
			{"/v1/affected?id=CVE-2026-0001", "/v1/affected?purl=pkg:npm/none"}, {"/v1/affected?purl=pkg:deb/debian/libc6", "/v1/affected?purl=pkg:npm/none"}} {
			theirs, nothing := ask("GET", pair[0], nil), ask("GET", pair[1], nil)
			if theirs != nothing && !strings.HasPrefix(pair[0], "/v1/affected?id") || strings.Contains(theirs, "sha256:") {
				t.Errorf("%s: %s, want %s", pair[0], theirs, nothing)
			}
		}
		for _, path := range []string{"/v1/images", "/v1/submissions", "/v1/events", "/v1/policies", "/v1/marks", "/v1/mappings", "/v1/tokens", "/v1/audit", "/v1/credentials", "/v1/watches", "/v1/subscriptions",
			"/v1/deliveries", "/v1/deliveries?state=sent", "/v1/advisories", "/v1/registries", "/v1/database", "/metrics", "/v1/health"} {
			a := stranger.Do("GET", path, nil)
			for _, word := range []string{"hidden", digest, "owner", m.ID} {
				if strings.Contains(string(a.Body), word) {
					t.Errorf("%s: has %q: %.500s", path, word, a.Body)
				}
			}
		}
		// A mapping cannot choose another tenant's policy, and a policy of the same name is the tenant's own.
		a := stranger.Do("PUT", "/v1/mappings", `{"items":[{"pattern":"**","policy":"hidden-policy"}]}`)
		if a.Status != http.StatusUnprocessableEntity {
			t.Errorf("a mapping: %d %s", a.Status, a.Body)
		}
		stranger.Do("PUT", "/v1/policies/hidden-policy", all["setPolicy"]).Want(201)
		stranger.Do("DELETE", "/v1/policies/hidden-policy", nil).Want(204)
		owner.Get("/v1/policies/hidden-policy", nil)
	})
}

// TestTenantNames: names of tenants are parts of the names of objects, so they have few characters.
func TestTenantNames(t *testing.T) {
	s := fleettest.Start(t, serve.Options{})
	for _, name := range []string{"", "A", "a/b", "..", "a.b", "a b", "a\x00", "ä", "a\n", "-a", "%2e", strings.Repeat("a", 64)} {
		if _, err := s.Store.NewToken(t.Context(), &store.Token{Tenant: name, Name: "x", Scopes: store.Scopes()}); err == nil {
			t.Errorf("%q is a tenant", name)
		}
	}
}

// TestClaims: an SBOM that claims the digests of an image does not stand for it, for its own tenant or another.
func TestClaims(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address})
		fleettest.WriteAdvisories(t, s.File, fleettest.Debian12("CVE-2026-0001", "glibc", "2.37", matcher.High))
		r := fleettest.NewRegistry(t)
		ref, digest := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36 glibc")))
		team, other := s.Client(t, "team"), s.Client(t, "other")
		team.Analyze(ref)
		var image struct{ Config, Manifest, Digest string }
		team.Get("/v1/images/"+digest, &image)
		claim := func(id, purl string) string {
			return `{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"component":{"type":"container","name":"registry.example/team/app","version":"` + id + `",
				"bom-ref":"x","properties":[{"name":"aquasecurity:trivy:ImageID","value":"` + id + `"},{"name":"aquasecurity:trivy:RepoDigest","value":"registry.example/team/app@` + digest + `"}]}},
				"components":[{"type":"library","name":"x","version":"1","purl":"` + purl + `"}]}`
		}
		for _, c := range []*fleettest.Client{team, other} {
			var m fleettest.Submission
			text := claim(image.Config, "pkg:npm/x@1")
			c.Do("POST", "/v1/sboms", text).Want(http.StatusAccepted).Into(&m)
			if m = c.Wait(m.ID); m.State != "analyzed" || m.Image != fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text))) {
				t.Errorf("%+v", m)
			}
		}
		for _, name := range []string{image.Config, digest, url.PathEscape(ref)} {
			var got struct{ Digest string }
			if team.Get("/v1/images/"+name, &got); got.Digest != digest {
				t.Errorf("%s is %s, want the image", name, got.Digest)
			}
			other.Unchecked = true
			if a := other.Do("GET", "/v1/images/"+name+"/packages", nil); strings.Contains(string(a.Body), "libc6") {
				t.Errorf("%s: the other tenant sees packages: %s", name, a.Body)
			}
		}
		// SBOMs that came first, with the digest of an image as that of their configuration, do not stand for the image either.
		for i, read := range []func(ref string, img v1.Image) string{
			func(ref string, _ v1.Image) string { return team.Analyze(ref) },
			func(ref string, img v1.Image) string {
				var archive bytes.Buffer
				tag, err := name.NewTag(ref)
				if err == nil {
					err = tarball.Write(tag, img, &archive)
				}
				if err != nil {
					t.Fatal(err)
				}
				var m fleettest.Submission
				team.Do("POST", "/v1/uploads", archive.Bytes()).Want(http.StatusAccepted).Into(&m)
				return team.Wait(m.ID).Image
			},
		} {
			img := fleettest.Image(t, fleettest.Debian(t, fmt.Sprintf("libc6 2.3%d glibc", i)))
			ref, digest := r.Push(t, "team/later:1", img)
			config, err := img.ConfigName()
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []*fleettest.Client{team, other} {
				for _, id := range []string{digest, config.String()} {
					var m fleettest.Submission
					c.Do("POST", "/v1/sboms", claim(id, "pkg:npm/poison@1")).Want(http.StatusAccepted).Into(&m)
					if m = c.Wait(m.ID); m.State != "analyzed" {
						t.Errorf("%+v", m)
					}
				}
			}
			got := read(ref, img)
			if a := team.Get("/v1/images/"+got+"/packages", nil); !strings.Contains(string(a.Body), "libc6") || strings.Contains(string(a.Body), "poison") {
				t.Errorf("%s: the packages of an SBOM: %s", got, a.Body)
			}
		}
		// Texts that no column can hold.
		for _, id := range []string{`a\u0000b`, `\ud800`, strings.Repeat("long", 10_000)} {
			var m fleettest.Submission
			team.Do("POST", "/v1/sboms?reference=registry.example/odd:1", claim(id, "pkg:npm/x@"+id)).Want(http.StatusAccepted).Into(&m)
			if m = team.Wait(m.ID); m.State != "analyzed" && (m.Reason != "malformed" && m.Reason != "limit" || m.Attempts > 1) {
				t.Errorf("%.20q: %+.300v", id, m)
			}
		}
	})
}
