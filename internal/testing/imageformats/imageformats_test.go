package imageformats_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/internal/testing/imageformats"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// keep names a directory in which the forms stay, one directory for each image, for other tools to be run on:
//
//	go test ./internal/testing/imageformats -keep /tmp/forms
var keep = flag.String("keep", "", "keep the images in all forms in this `directory`")

// report scans a reference and returns the report as text, without the manifest's digest, which not every form keeps.
func report(t *testing.T, img *source.Image) (text, digest string) {
	t.Helper()
	r, err := scan.Scanner{Analyzers: all.All()}.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	digest = r.Image.Digest
	r.Image.Digest = ""
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b), digest
}

func open(t *testing.T, ref string) *source.Image {
	t.Helper()
	img, err := source.Open(t.Context(), ref, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := img.Close(); err != nil {
			t.Error(err)
		}
	})
	return img
}

// check scans an image in every form, and wants the same report of each.
func check(t *testing.T, img *source.Image, dir string) {
	want, wantDigest := report(t, img)
	compare := func(name, got, digest string, same bool) {
		t.Helper()
		if got != want {
			t.Errorf("%s gives another report, at %s", name, difference(got, want))
		}
		if same && digest != wantDigest {
			t.Errorf("%s has digest %s, want %s", name, digest, wantDigest)
		}
	}
	for _, f := range imageformats.All() {
		ref, err := f.Write(img, dir)
		if err != nil {
			t.Fatal(err)
		}
		got, digest := report(t, open(t, ref))
		compare(f.Name, got, digest, f.Same)
	}
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	ref := strings.TrimPrefix(server.URL, "http://") + "/app:1"
	parsed, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Push(parsed, v1.Image(img)); err != nil {
		t.Fatal(err)
	}
	got, digest := report(t, open(t, "registry:"+ref))
	compare("registry", got, digest, true)

	b, err := os.ReadFile(filepath.Join(dir, "docker.tar"))
	if err != nil {
		t.Fatal(err)
	}
	streamed, err := source.OpenStream(t.Context(), source.Stream{Ref: "stream", Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(b)), nil
	}}, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer streamed.Close()
	got, digest = report(t, streamed)
	compare("stream", got, digest, false)
}

// difference returns the first line in which two texts differ.
func difference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return g[i] + ", want " + w[i]
		}
	}
	return "its end"
}

// An image gives the same report in every form, though an equal layer is in it twice.
func TestForms(t *testing.T) {
	twice := func() *imagetest.Layer {
		return new(imagetest.Layer).File("etc/os-release", "ID=debian\nVERSION_ID=12\n")
	}
	status := "Package: base-files\nStatus: install ok installed\nVersion: 12.4\nArchitecture: amd64\n"
	made, err := imagetest.Image(twice(), new(imagetest.Layer).File("var/lib/dpkg/status", status), twice())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ref, err := imageformats.All()[0].Write(made, dir)
	if err != nil {
		t.Fatal(err)
	}
	img := open(t, ref)
	if text, _ := report(t, img); !strings.Contains(text, "pkg:deb/debian/base-files@12.4") {
		t.Errorf("the package is not found:\n%s", text)
	}
	check(t, img, t.TempDir())
}

// The images of the corpus give the same report in every form.
func TestCorpus(t *testing.T) {
	for _, name := range corpus.Images(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if *keep != "" {
				dir = filepath.Join(*keep, name)
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			check(t, open(t, corpus.Image(t, name)), dir)
		})
	}
}
