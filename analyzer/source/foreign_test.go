package source_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/image"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// foreignBase returns an image whose first layer is foreign, and the digest of this layer.
func foreignBase(t *testing.T, urls ...string) (v1.Image, v1.Hash) {
	t.Helper()
	img := testImage(t, "base")
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	app, err := imagetest.Image(new(imagetest.Layer).File("app.list", "app"))
	if err != nil {
		t.Fatal(err)
	}
	upper, err := app.Layers()
	if err != nil {
		t.Fatal(err)
	}
	base, err := imagetest.Image()
	if err == nil {
		base, err = mutate.Append(base, mutate.Addendum{Layer: layers[0], MediaType: types.OCIRestrictedLayer, URLs: urls},
			mutate.Addendum{Layer: upper[0], MediaType: types.OCILayer})
	}
	if err != nil {
		t.Fatal(err)
	}
	digest, err := layers[0].Digest()
	if err != nil {
		t.Fatal(err)
	}
	return base, digest
}

// requireMissing scans an image without its first layer.
func requireMissing(t *testing.T, ref, message string) {
	t.Helper()
	img, err := source.Open(t.Context(), ref, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	cache := scan.NewDirCache(t.TempDir(), 1<<20)
	for _, s := range []scan.Scanner{{}, {Lazy: true}, {Cache: cache}, {Cache: cache}} {
		s.Analyzers = []analyzer.Analyzer{words}
		report, err := s.Scan(t.Context(), img)
		if err != nil {
			t.Fatalf("%s: %v", ref, err)
		}
		d := report.Diagnostics
		if len(report.Components) != 1 || report.Components[0].Name != "app" || report.Components[0].Layer != 1 || len(report.Layers) != 2 ||
			len(d) != 1 || d[0].Code != analyzer.MissingLayer || d[0].Layer != 0 || !strings.Contains(d[0].Message, message) {
			t.Errorf("%s: components %v, diagnostics %v", ref, report.Components, d)
		}
	}
	layers, err := image.Layers(img)
	if err != nil {
		t.Fatal(err)
	}
	if err := layers[0].Walk(t.Context(), image.Limits{}, func(*image.Entry) error { return nil }); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%s: walking the missing layer: %v", ref, err)
	}
}

// TestForeignBase requires that an image is scanned without a foreign layer that is not stored with it, and that the layer is reported
// and never fetched from the URLs in the image.
func TestForeignBase(t *testing.T) {
	for _, urls := range [][]string{{"https://user:secret-password@base.example/blob"}, nil} {
		img, digest := foreignBase(t, urls...)
		message := digest.String() + " is not stored with the image"
		if urls != nil {
			message = digest.String() + " is stored only at"
		}
		dir := writeLayout(t, t.TempDir(), mutate.IndexAddendum{Add: img})
		if err := os.Remove(dir + "/blobs/sha256/" + digest.Hex); err != nil {
			t.Fatal(err)
		}
		requireMissing(t, "oci:"+dir, message)
		requireMissing(t, tarDir(t, dir, t.TempDir()+"/a.tar"), message)
		unpacked := untar(t, writeDocker(t, t.TempDir()+"/d.tar", map[string]v1.Image{"example.com/a:1": img}), t.TempDir())
		var list []struct{ Layers []string }
		if err := json.Unmarshal(read(t, unpacked+"/manifest.json"), &list); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(unpacked + "/" + list[0].Layers[0]); err != nil {
			t.Fatal(err)
		}
		requireMissing(t, "docker-archive:"+unpacked, digest.String())
	}
}

// TestForeignBaseInRegistry requires the same of a registry without the blob.
func TestForeignBaseInRegistry(t *testing.T) {
	g := newRogue(t, testImage(t, "other"))
	img, digest := foreignBase(t, g.URL+"/foreign")
	push(t, g.host()+"/windows:1", img)
	g.do = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/blobs/"+digest.String()) {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		next.ServeHTTP(w, r)
	}
	requireMissing(t, g.host()+"/windows:1", digest.String()+" is stored only at")
	if n := g.asked("/foreign"); n > 0 {
		t.Error("the foreign layer was fetched from a URL of the image")
	}
}

// TestMissingLayerIsAnError requires that a missing layer that is not foreign fails, because the image is incomplete.
func TestMissingLayerIsAnError(t *testing.T) {
	dir := writeLayout(t, t.TempDir(), mutate.IndexAddendum{Add: testImage(t, "app")})
	if err := os.Remove(dir + "/blobs/" + strings.Replace(layerDigest(t, testImage(t, "app")), ":", "/", 1)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := packagesOf(t, "oci:"+dir, source.Options{}); err == nil || !strings.Contains(err.Error(), "is missing") {
		t.Errorf("error %v", err)
	}
}
