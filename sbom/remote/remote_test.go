package remote_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	inprocess "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	ggcr "github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
	"github.com/hullmark/hullmark/sbom/attach"
	"github.com/hullmark/hullmark/sbom/remote"
)

// image pushes an image to a registry of its own, and returns its name and digest.
func image(t testing.TB) (ref, digest string) {
	t.Helper()
	server := httptest.NewServer(inprocess.New(inprocess.Logger(log.New(io.Discard, "", 0)), inprocess.WithReferrersSupport(true)))
	t.Cleanup(server.Close)
	img, err := random.Image(100, 1)
	if err != nil {
		t.Fatal(err)
	}
	tag, err := name.ParseReference(strings.TrimPrefix(server.URL, "http://") + "/app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := ggcr.Write(tag, img); err != nil {
		t.Fatal(err)
	}
	hash, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return tag.Context().Digest(hash.String()).Name(), hash.String()
}

func assessment(digest string) *report.Assessment {
	return &report.Assessment{Report: &analyzer.Report{
		Image:      analyzer.ImageInfo{Digest: digest},
		Components: []analyzer.Component{{ID: "a", PURL: "pkg:npm/a@1", Package: analyzer.Package{Type: "npm", Name: "a", Version: "1"}}},
	}}
}

func TestWriteRead(t *testing.T) {
	for _, o := range []sbom.Options{
		{Format: sbom.CycloneDXJSON},
		{Format: sbom.CycloneDXXML},
		{Format: sbom.SPDXJSON, Timestamp: time.Unix(86400, 0)},
		{Statement: true},
	} {
		t.Run(fmt.Sprintf("%v %v", o.Format, o.Statement), func(t *testing.T) {
			ref, digest := image(t)
			if _, _, err := remote.Read(t.Context(), ref, registry.Options{}); !errors.Is(err, remote.ErrNone) {
				t.Errorf("before Write: %v", err)
			}
			o.Name = "app:1"
			want, err := remote.Write(t.Context(), ref, assessment(digest), o, registry.Options{})
			if err != nil {
				t.Fatal(err)
			}
			found, artifact, err := remote.Read(t.Context(), ref, registry.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if artifact != want || found.Image.Digest != digest ||
				!slices.ContainsFunc(found.Components, func(c analyzer.Component) bool { return c.PURL == "pkg:npm/a@1" }) {
				t.Errorf("%s, want %s: %+v", artifact, want, found)
			}
		})
	}
}

func TestOtherImage(t *testing.T) {
	ref, digest := image(t)
	other := "sha256:" + strings.Repeat("0", 64)
	if _, err := remote.Write(t.Context(), ref, assessment(other), sbom.Options{}, registry.Options{}); err == nil || !strings.Contains(err.Error(), "the report is about image") {
		t.Errorf("Write: %v", err)
	}
	var b strings.Builder
	if err := sbom.Encode(&b, assessment(other), sbom.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := attach.Push(t.Context(), ref, "application/vnd.cyclonedx+json", []byte(b.String()), nil, registry.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := remote.Read(t.Context(), ref, registry.Options{}); err == nil || !strings.Contains(err.Error(), "attached to image "+digest+", but describes "+other) {
		t.Errorf("Read: %v", err)
	}
}
