package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
)

func at(day int) time.Time { return time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC) }

// debian returns a report of an image with n packages of a base, and one of an application.
func debian(n int, app string, layered bool) *analyzer.Report {
	r := &analyzer.Report{Image: analyzer.ImageInfo{ID: "sha256:" + app, Platform: "linux/amd64"}, Distro: &analyzer.Distro{ID: "debian", VersionID: "12"}}
	layer := -1
	if layered {
		r.Layers, layer = []analyzer.Layer{{DiffID: "sha256:base"}, {DiffID: "sha256:" + app}}, 0
	}
	for i := range n {
		name := fmt.Sprintf("lib%03d", i)
		r.Components = append(r.Components, analyzer.Component{ID: name, Layer: layer, Path: "var/lib/dpkg/status", Analyzer: "dpkg",
			Package: analyzer.Package{Type: "deb", Namespace: "debian", Name: name, Version: "1.0-1", System: true, Vendor: "A <a@debian.org>"}})
	}
	if layered {
		layer = 1
	}
	r.Components = append(r.Components, analyzer.Component{ID: app, Layer: layer, Path: "var/lib/dpkg/status", Analyzer: "dpkg",
		Package: analyzer.Package{Type: "deb", Namespace: "debian", Name: app, Version: "2.0-1", System: true}})
	slices.SortFunc(r.Components, compareValues)
	r.Examined = []analyzer.Examination{{Analyzer: "dpkg", Version: 3, Finds: []string{"packages"}}}
	return r
}

// TestSharing requires that images on one base store its packages once, whether they come as scans or as SBOMs.
func TestSharing(t *testing.T) {
	for _, layered := range []bool{true, false} {
		var m Memory
		size := func() (n int) {
			for _, p := range m.parts {
				if p.Kind == Chunk {
					n += len(p.Form)
				}
			}
			return n
		}
		var first int
		const images = 12
		for i := range images {
			app := fmt.Sprintf("%c-app%d", 'a'+i%26, i)
			if err := Put(t.Context(), &m, Image{Digest: digestFor(i), Added: at(1)}, debian(150, app, layered)); err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = size()
			}
		}
		if n := size() - first; n > images*first/5 {
			t.Errorf("layers %v: the first image takes %d bytes, %d more take %d", layered, first, images-1, n)
		}
	}
}

// TestStore covers the rules of a store that other tests don't.
func TestStore(t *testing.T) {
	var m Memory
	r := randomReport(rand.New(rand.NewPCG(9, 9)))
	r.Image.ID = "sha256:config"
	if err := Put(t.Context(), &m, Image{Digest: digestFor(1), Added: at(1)}, r, Tag{"app:1", digestFor(1), at(1)}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{digestFor(1), "sha256:config"} {
		got, parts, err := Load(t.Context(), &m, name)
		if err != nil || !reflect.DeepEqual(got, r) || len(parts) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := Load(t.Context(), &m, digestFor(2)); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unknown image: %v", err)
	}
	if err := m.Write(t.Context(), &Batch{Images: []Image{{Digest: "x", Parts: []PartRef{{Kind: Chunk}}}}, Tags: []Tag{{"x", "x", at(1)}}}); !errors.Is(err, ErrNotFound) {
		t.Errorf("an image without its parts: %v", err)
	}
	if tags, _ := m.Tags(t.Context(), "x"); len(tags) > 0 {
		t.Error("a batch that failed was written in part")
	}
	for h, p := range m.parts { // a damaged part is an error, not another answer
		p.Form = append(bytes.Clone(p.Form), 0)
		m.parts[h] = p
		break
	}
	if _, _, err := Load(t.Context(), &m, digestFor(1)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a damaged part: %v", err)
	}
}

// TestReported recreates reports of users of other services about the parts of reports. Package catalogtest has reports about
// stores.
func TestReported(t *testing.T) {
	t.Run("a document with repeated packages", func(t *testing.T) {
		// https://github.com/DependencyTrack/dependency-track/issues/2519, /2131: the second upload of the same document gave fewer components.
		r := debian(5, "app", false)
		r.Components = append(r.Components, r.Components[2], r.Components[2])
		var m Memory
		for range 2 {
			if err := Put(t.Context(), &m, Image{Digest: "x"}, r); err != nil {
				t.Fatal(err)
			}
			if got, _, err := Load(t.Context(), &m, "x"); err != nil || !reflect.DeepEqual(got, r) {
				t.Errorf("%v", err)
			}
		}
	})
	t.Run("a very large report", func(t *testing.T) {
		// https://github.com/aquasecurity/trivy-operator/issues/757, /441: reports of large images could not be stored.
		r := debian(10_000, "app", true)
		var m Memory
		if err := Put(t.Context(), &m, Image{Digest: "x"}, r); err != nil {
			t.Fatal(err)
		}
		if got, _, err := Load(t.Context(), &m, "x"); err != nil || len(got.Components) != 10_001 {
			t.Errorf("%v", err)
		}
		for _, p := range m.parts {
			if len(p.Form) > 1<<20 {
				t.Errorf("a %s of %d bytes", p.Kind, len(p.Form))
			}
		}
	})
	t.Run("a new version of an analyzer", func(t *testing.T) {
		// https://github.com/anchore/anchore-engine/issues/837: an upgrade found more, and nothing told which images were analyzed before.
		var m Memory
		for i := range 2 {
			r := debian(3, fmt.Sprint("app", i), true)
			r.Examined[0].Version = 3 + i
			if err := Put(t.Context(), &m, Image{Digest: digestFor(i)}, r); err != nil {
				t.Fatal(err)
			}
		}
		for version, want := range map[int]int{3: 0, 4: 1, 5: 2} {
			n := 0
			for _, err := range Outdated(t.Context(), &m, []analyzer.Info{{Name: "dpkg", Version: version}}) {
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
			if n != want {
				t.Errorf("version %d: %d images, want %d", version, n, want)
			}
		}
	})
}
