package attach_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	fake "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/sbom/attach"
)

// serve starts a registry with an image, and returns the image by its digest.
func serve(t testing.TB, wrap func(http.Handler) http.Handler, options ...fake.Option) (host, image string) {
	t.Helper()
	handler := fake.New(append(options, fake.Logger(log.New(io.Discard, "", 0)))...)
	if wrap != nil {
		handler = wrap(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	host = strings.TrimPrefix(server.URL, "http://")
	return host, pushImage(t, host+"/app:1")
}

func pushImage(t testing.TB, tag string) string {
	t.Helper()
	img, err := random.Image(10, 1)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(tag)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img, remote.WithContext(t.Context())); err != nil {
		t.Fatal(err)
	}
	d, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return ref.Context().Digest(d.String()).Name()
}

func content(t *testing.T, a attach.Attachment) string {
	t.Helper()
	r, err := a.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestPush attaches documents in registries with the referrers API and without it, and finds them.
func TestPush(t *testing.T) {
	for _, api := range []bool{true, false} {
		t.Run(fmt.Sprintf("api %v", api), func(t *testing.T) {
			ctx := t.Context()
			host, image := serve(t, nil, fake.WithReferrersSupport(api))
			if list, err := attach.Find(ctx, image, registry.Options{}); err != nil || len(list) > 0 {
				t.Errorf("before a document is attached: %v, %v", list, err)
			}
			other := pushImage(t, host+"/app:2")
			var refs []string
			for _, d := range []struct{ image, mediaType, document, created string }{
				{image, "application/vnd.in-toto+json", "statement", ""},
				{image, "application/vnd.cyclonedx+json", "old", "2024-01-01T00:00:00Z"},
				{image, "application/vnd.cyclonedx+json", "new", "2025-01-01T00:00:00Z"},
				{image, "application/vnd.cyclonedx+json", "new", "2025-01-01T00:00:00Z"}, // again
				{image, "text/plain", "a signature", ""},
				{other, "application/vnd.cyclonedx+json", "of another image", ""},
			} {
				var annotations map[string]string
				if d.created != "" {
					annotations = map[string]string{"org.opencontainers.image.created": d.created}
				}
				ref, err := attach.Push(ctx, d.image, d.mediaType, []byte(d.document), annotations, registry.Options{})
				if err != nil {
					t.Fatal(err)
				}
				refs = append(refs, ref)
			}
			if refs[2] != refs[3] {
				t.Error("the same document is another artifact")
			}
			list, err := attach.Find(ctx, image, registry.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range list {
				got = append(got, content(t, a))
			}
			if want := "new old statement"; strings.Join(got, " ") != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if list[0].Ref != refs[2] || list[0].MediaType != "application/vnd.cyclonedx+json" || list[0].Size != 3 {
				t.Errorf("%+v", list[0])
			}
		})
	}
}

func TestErrors(t *testing.T) {
	ctx := t.Context()
	host, image := serve(t, nil)
	for _, ref := range []string{"", "app", host + "/app:1", host + "/app@sha256:00"} {
		if _, err := attach.Find(ctx, ref, registry.Options{}); err == nil {
			t.Errorf("no error for %q", ref)
		}
	}
	missing := host + "/app@sha256:" + strings.Repeat("0", 64)
	if _, err := attach.Push(ctx, missing, "application/vnd.cyclonedx+json", nil, nil, registry.Options{}); err == nil {
		t.Error("attached to an image that is not there")
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := attach.Find(ctx, image, registry.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v after it was cancelled", err)
	}
}

// TestLyingRegistry has a registry name as attached to an image what is about another one, or is not what it was.
func TestLyingRegistry(t *testing.T) {
	var answer []byte // to questions for referrers
	damage := false
	host, image := serve(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case answer != nil && strings.Contains(r.URL.Path, "/referrers/"):
				w.Header().Set("Content-Type", string(types.OCIImageIndex))
				w.Write(answer)
			case damage && r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/"):
				w.Write([]byte("docume?t"))
			default:
				h.ServeHTTP(w, r)
			}
		})
	}, fake.WithReferrersSupport(true))
	ctx := t.Context()
	other := pushImage(t, host+"/app:2")
	ref, err := attach.Push(ctx, other, "application/vnd.cyclonedx+json", []byte("document"), nil, registry.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, digest, _ := strings.Cut(ref, "@")
	hash, err := v1.NewHash(digest)
	if err != nil {
		t.Fatal(err)
	}
	answer, err = json.Marshal(v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{
		{MediaType: types.OCIManifestSchema1, Digest: hash, Size: 1, ArtifactType: "application/vnd.cyclonedx+json"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := attach.Find(ctx, image, registry.Options{}); !errors.Is(err, attach.ErrSubject) {
		t.Errorf("error %v, want ErrSubject", err)
	}
	list, err := attach.Find(ctx, other, registry.Options{})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	damage = true
	r, err := list[0].Open(ctx)
	if err == nil {
		_, err = io.Copy(new(bytes.Buffer), r)
		r.Close()
	}
	if err == nil {
		t.Error("a document that is not what its digest says was read")
	}
}

func Example() {
	server := httptest.NewServer(fake.New(fake.Logger(log.New(io.Discard, "", 0)), fake.WithReferrersSupport(true)))
	defer server.Close()
	ctx := context.Background()
	img, err := random.Image(10, 1)
	if err != nil {
		log.Fatal(err)
	}
	digest, err := img.Digest()
	if err != nil {
		log.Fatal(err)
	}
	image := strings.TrimPrefix(server.URL, "http://") + "/app@" + digest.String()
	ref, err := name.ParseReference(image)
	if err != nil {
		log.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		log.Fatal(err)
	}
	if _, err := attach.Push(ctx, image, "application/vnd.cyclonedx+json", []byte(`{"bomFormat": "CycloneDX"}`), nil, registry.Options{}); err != nil {
		log.Fatal(err)
	}
	found, err := attach.Find(ctx, image, registry.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range found {
		fmt.Println(a.MediaType, a.Size)
	}
	// Output: application/vnd.cyclonedx+json 26
}
