package rpm

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/corpus"
)

// Real images, with what rpm says of their last state.
func TestImages(t *testing.T) {
	images := filepath.Join(corpus.Dir(t), "images")
	for _, name := range []string{"rpm-bdb", "rpm-ndb", "rpm-sqlite", "rpm-mariner"} {
		t.Run(name, func(t *testing.T) {
			index, err := layout.ImageIndexFromPath(filepath.Join(images, name))
			if err != nil {
				t.Fatal(err)
			}
			manifest, err := index.IndexManifest()
			if err != nil || len(manifest.Manifests) != 1 {
				t.Fatalf("%+v, error %v", manifest, err)
			}
			img, err := index.Image(manifest.Manifests[0].Digest)
			if err != nil {
				t.Fatal(err)
			}
			report, err := analyzer.Scanner{Analyzers: []analyzer.Analyzer{New()}}.Scan(t.Context(), img)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range report.Diagnostics {
				t.Errorf("%+v", d)
			}
			var got, want []string
			for _, c := range report.Components {
				source := ""
				if c.Origin != nil { // the truth has the file name, without an epoch
					_, version, ok := strings.Cut(c.Origin.Version, ":")
					if !ok {
						version = c.Origin.Version
					}
					source = fmt.Sprintf("%s-%s.src.rpm", c.Origin.Name, version)
				}
				got = append(got, fmt.Sprintf("%s %s %s from %s", c.Name, c.Version, c.Arch, source))
			}
			for _, p := range corpus.Truth(t, name) {
				if p.Type == "rpm" && p.Name != keyName {
					want = append(want, fmt.Sprintf("%s %s %s from %s", p.Name, p.Version, p.Arch, p.Source))
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}
