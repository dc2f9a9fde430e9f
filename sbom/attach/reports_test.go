package attach_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/sbom/attach"
)

// TestReportedRegistries attaches a document in registries that lack the referrers API and don't say so with 404, and finds it again.
func TestReportedRegistries(t *testing.T) {
	for _, c := range []struct {
		name string
		api  func(w http.ResponseWriter)
	}{
		{"404", func(w http.ResponseWriter) { w.WriteHeader(404) }},
		// https://github.com/google/go-containerregistry/issues/1962
		{"406", func(w http.ResponseWriter) { w.WriteHeader(406) }},
		// https://github.com/sigstore/sigstore-js/pull/1187
		{"200 without an index", func(w http.ResponseWriter) { io.WriteString(w, "{}") }},
		// The tag of referrers is taken for a digest. https://github.com/oras-project/oras-go/issues/1396
		{"the image at the tag", func(w http.ResponseWriter) { w.WriteHeader(404) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			tagged := false
			host, _ := serve(t, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					i := strings.Index(r.URL.Path, "/manifests/sha256-")
					switch {
					case strings.Contains(r.URL.Path, "/referrers/"):
						c.api(w)
						return
					case i >= 0 && r.Method == http.MethodPut:
						tagged = true
					case i >= 0 && !tagged && c.name == "the image at the tag":
						r.URL.Path = strings.Replace(r.URL.Path, "sha256-", "sha256:", 1)
					}
					next.ServeHTTP(w, r)
				})
			})
			image := pushIndex(t, host+"/app:2")
			ref, err := attach.Push(t.Context(), image, "application/vnd.cyclonedx+json", []byte("{}"), map[string]string{"a": "b"}, registry.Options{})
			if err != nil {
				t.Fatal(err)
			}
			list, err := attach.Find(t.Context(), image, registry.Options{})
			if err != nil || len(list) != 1 || list[0].Ref != ref {
				t.Fatalf("%+v, %v", list, err)
			}
			// Registries without the API leave it to clients to describe the artifact. https://github.com/sigstore/cosign/issues/4641
			res, err := http.Get("http://" + host + "/v2/app/manifests/" + strings.Replace(image[strings.Index(image, "@")+1:], ":", "-", 1))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			var index v1.IndexManifest
			if err := json.NewDecoder(res.Body).Decode(&index); err != nil {
				t.Fatal(err)
			}
			if len(index.Manifests) != 1 || index.Manifests[0].ArtifactType != "application/vnd.cyclonedx+json" || index.Manifests[0].Annotations["a"] != "b" {
				t.Errorf("%+v", index.Manifests)
			}
		})
	}
}

// pushIndex pushes an index of one image, and returns its name with the digest.
func pushIndex(t *testing.T, tag string) string {
	t.Helper()
	img, err := random.Image(10, 1)
	if err != nil {
		t.Fatal(err)
	}
	index := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{Add: img})
	ref, err := name.ParseReference(tag)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(ref, index); err != nil {
		t.Fatal(err)
	}
	d, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return ref.Context().Digest(d.String()).Name()
}
