package source_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/analyzer/source"
)

// TestOpenIndex lists all that a runtime may take from an index, as runtimes see it.
func TestOpenIndex(t *testing.T) {
	host := serve(t)
	add := func(mark, platforms string, d v1.Descriptor) mutate.IndexAddendum {
		p, err := v1.ParsePlatform(platforms)
		if err != nil {
			t.Fatal(err)
		}
		return mutate.IndexAddendum{Add: platform(testImage(t, mark), t, p.OS, p.Architecture, p.Variant), Descriptor: d}
	}
	linux := func(architecture string) *v1.Platform { return &v1.Platform{OS: "linux", Architecture: architecture} }
	attestation := map[string]string{"vnd.docker.reference.type": "attestation-manifest"}
	twice := add("twice", "linux/amd64", v1.Descriptor{Platform: linux("amd64")})
	other := twice
	other.Descriptor.Platform = linux("386")
	inner := mutate.AppendManifests(empty.Index, add("inner", "linux/ppc64le", v1.Descriptor{Platform: linux("ppc64le")}), twice)
	ref := host + "/all:1"
	push(t, ref, mutate.AppendManifests(empty.Index, twice, other, twice,
		add("attestation", "unknown/unknown", v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}, Annotations: attestation}),
		add("pretends", "linux/arm64", v1.Descriptor{Platform: linux("arm64"), Annotations: attestation}),
		add("unstated", "linux/s390x", v1.Descriptor{Annotations: attestation}),
		mutate.IndexAddendum{Add: artifact(t, "application/vnd.example.config+json", types.OCILayer)},
		mutate.IndexAddendum{Add: inner}, mutate.IndexAddendum{Add: inner}))
	list := func(ref string) (*source.Index, string) {
		t.Helper()
		x, err := source.OpenIndex(t.Context(), ref, source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { x.Close() })
		var names []string
		for i, listed := range x.Images {
			p, err := x.Platform(t.Context(), i)
			if err != nil {
				t.Fatal(err)
			}
			text := "none"
			if p != nil {
				text = p.String()
			}
			if listed.Platform == nil {
				text = "(" + text + ")"
			}
			names = append(names, text)
		}
		return x, strings.Join(names, " ")
	}
	x, got := list(ref)
	if want := "linux/amd64 linux/386 linux/arm64 (linux/s390x) (none) linux/ppc64le"; got != want || !strings.HasPrefix(x.Digest, "sha256:") {
		t.Errorf("%s lists %s, want %s", x.Digest, got, want)
	}
	img, err := x.Open(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	if h, err := img.Digest(); err != nil || h.String() != x.Images[2].Digest || img.Ref != "registry:"+host+"/all@"+x.Images[2].Digest {
		t.Errorf("%s: %v, %v", img.Ref, h, err)
	}
	if x, got := list(img.Ref); x.Digest != "" || got != "(linux/arm64)" {
		t.Errorf("one image: %q, %s", x.Digest, got)
	}

	// An image that the registry lacks fails alone.
	gone, err := name.NewDigest(host + "/all@" + x.Images[5].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Delete(gone); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Open(t.Context(), 5); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing image: %v", err)
	}
	if _, err := source.OpenIndex(t.Context(), writeLayout(t, t.TempDir()+"/l", mutate.IndexAddendum{Add: testImage(t, "a")}), source.Options{}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a layout: %v", err)
	}
	many := mutate.IndexAddendum{Add: testImage(t, "many")}
	index := empty.Index
	var list1000 []mutate.IndexAddendum
	for i := range 1000 {
		many.Descriptor.Platform = &v1.Platform{OS: "linux", Architecture: fmt.Sprint(i)}
		list1000 = append(list1000, many)
	}
	push(t, host+"/many:1", mutate.AppendManifests(index, list1000...))
	if x, _ := list(host + "/many:1"); len(x.Images) != 1000 {
		t.Errorf("%d images", len(x.Images))
	}
}
