package source_test

import (
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/analyzer/source"
)

// artifact returns a manifest with a configuration of one media type and a layer of another.
func artifact(t *testing.T, config, layer types.MediaType) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), static.NewLayer([]byte(layer), layer))
	if err != nil {
		t.Fatal(err)
	}
	return mutate.ConfigMediaType(img, config)
}

// TestArtifacts requires that a chart, a signature and other artifacts in the index of an image are not images to choose from, in
// whatever order, and whether or not the index states their type or platform.
func TestArtifacts(t *testing.T) {
	app := mutate.IndexAddendum{Add: testImage(t, "app")}
	arm := mutate.IndexAddendum{Add: platform(testImage(t, "arm"), t, "linux", "s390x", ""), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "s390x"}}}
	add := func(config, layer types.MediaType) mutate.IndexAddendum {
		return mutate.IndexAddendum{Add: artifact(t, config, layer)}
	}
	chart := add("application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1.tar+gzip")
	typed := chart
	typed.ArtifactType = "application/vnd.cncf.helm.config.v1+json"
	signature := add(types.OCIConfigJSON, "application/vnd.dev.cosign.simplesigning.v1+json")
	signature.Annotations = map[string]string{"kind": "dev.cosignproject.cosign/sigs"}
	attestation := add(types.OCIConfigJSON, "application/vnd.dsse.envelope.v1+json")
	attestation.Annotations = map[string]string{"kind": "dev.cosignproject.cosign/atts"}
	bundle := add("application/vnd.oci.empty.v1+json", "application/vnd.dev.sigstore.bundle.v0.3+json")
	document := add(types.OCIConfigJSON, "text/spdx+json")
	disguised := add(types.OCIConfigJSON, "application/vnd.cyclonedx+json")
	disguised.Platform = arm.Platform
	host := serve(t)
	for _, c := range []struct {
		name, platform string
		index          []mutate.IndexAddendum
		want           string // the first package, or a part of the error
		all            []string
	}{
		{"chart first", "", []mutate.IndexAddendum{chart, app}, "app0", []string{"app0"}},
		{"chart with a type", "", []mutate.IndexAddendum{typed, app}, "app0", []string{"app0"}},
		{"cosign save", "", []mutate.IndexAddendum{app, signature, attestation}, "app0", []string{"app0"}},
		{"bundle and SBOM", "", []mutate.IndexAddendum{bundle, document, app}, "app0", []string{"app0"}},
		{"with a platform", "linux/s390x", []mutate.IndexAddendum{disguised, signature, arm}, "arm0", []string{"arm0"}},
		{"two images", "", []mutate.IndexAddendum{app, {Add: testImage(t, "other")}, chart}, "it has 2 images; choose one", []string{"app0", "other0"}},
		{"a chart alone", "", []mutate.IndexAddendum{chart}, "is not that of a container image", nil},
		{"artifacts alone", "", []mutate.IndexAddendum{chart, bundle}, "images; choose one", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			index := mutate.AppendManifests(empty.Index, c.index...)
			dir := writeLayout(t, t.TempDir(), c.index...)
			ref := host + "/" + strings.ReplaceAll(c.name, " ", "-") + ":1"
			ref = strings.ToLower(ref)
			push(t, ref, index)
			for _, ref := range []string{"oci:" + dir, tarDir(t, dir, t.TempDir()+"/a.tar"), ref} {
				got, _, err := packagesOf(t, ref, source.Options{Platform: c.platform})
				first, _, _ := strings.Cut(got, " ")
				if err != nil {
					first = err.Error()
				}
				if !strings.Contains(first, c.want) {
					t.Errorf("%s: found %q, want %q", ref, first, c.want)
				}
				all, errs := openAll(t, ref)
				slices.Sort(all)
				if !slices.Equal(all, c.all) || (errs == nil) != (c.all != nil) {
					t.Errorf("%s: OpenAll found %q, errors %v, want %q", ref, all, errs, c.all)
				}
			}
		})
	}
}
